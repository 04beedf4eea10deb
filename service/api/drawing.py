"""From a name to a figure of a job."""

from __future__ import annotations

from collections.abc import Callable

from service.api import outcomes as answers
from service.api.differences import difference_of
from service.api.drawn_jobs import DrawnJob
from service.api.drawn_pictures import albums_of
from service.api.envelopes import envelopes as planned
from service.errors import Refused
from service.figures.curves import bands, curves
from service.figures.development import development
from service.figures.difference import difference
from service.figures.envelopes import envelopes
from service.figures.look import LOOKS, Look
from service.figures.organism import organism
from service.figures.outcomes import outcomes
from service.figures.panels import Figure
from service.figures.pictures import pictures
from service.figures.sensitivity import sensitivity
from service.figures.sharing import sharing
from service.figures.strip import strip
from service.figures.transitions import transitions
from service.wire.figures import FigureName

ARMS_DRAWN = 12
"""At most so many arms lie over each other."""
PLAN_POINTS = 400


def draw(name: FigureName, job: DrawnJob) -> Figure:
    """The figure; Refused if the job has not what it shows."""
    return DRAWN[name](job, LOOKS[job.query.look])


def _strip(job: DrawnJob, look: Look) -> Figure:
    return strip(job.growth(job.chosen[0]), look, job.origin())


def _envelopes(job: DrawnJob, look: Look) -> Figure:
    return envelopes(planned(job.schedule(job.chosen[0]), PLAN_POINTS, to_limits=True), look, job.origin())


def _organism(job: DrawnJob, look: Look) -> Figure:
    return organism(job.scene(job.chosen[0]), look, job.origin())


def _pictures(job: DrawnJob, look: Look) -> Figure:
    return pictures(albums_of(job), look, job.origin())


def _sharing(job: DrawnJob, look: Look) -> Figure:
    return sharing(job.plan(), look, job.origin())


def _transitions(job: DrawnJob, look: Look) -> Figure:
    rows = [row for row in job.transitions() if row["arm"] in job.chosen]
    return transitions(rows, job.names, look, job.origin())


def _curves(job: DrawnJob, look: Look) -> Figure:
    given = job.curves(_over_each_other(job), lives=True)
    return curves(given, look, job.origin(*given.answers))


def _development(job: DrawnJob, look: Look) -> Figure:
    """Over age; a strip has no other axis."""
    if job.query.history.x != "age":
        return _curves(job, look)
    arms = _over_each_other(job)
    given = job.curves(arms, lives=True)
    return development(job.growth(arms[0]), given, look, job.origin(*given.answers))


def _over_each_other(job: DrawnJob) -> list[int]:
    """The arms asked for; without a wish the first alone."""
    asked = job.query.history.arm or job.query.history.axis
    return job.chosen[:ARMS_DRAWN] if asked else job.chosen[:1]


def _bands(job: DrawnJob, look: Look) -> Figure:
    given = job.curves(job.chosen[:ARMS_DRAWN], lives=False)
    return bands(given, look, job.origin(*given.answers))


def _difference(job: DrawnJob, look: Look) -> Figure:
    if job.query.versus is None or len(job.query.history.arm) != 1:
        detail = "difference wants two arms: ?arm= the one, &versus= the one that is taken away"
        raise Refused(detail, code="invalid-query")
    treat, control = job.query.history.arm[0], job.query.versus
    for arm in (treat, control):
        if arm not in job.names:
            raise Refused(f"there is no arm {arm}; the job has {len(job.names)}, 0 is the first", code="invalid-query")
    lives = [job.history(job.query.question(arm=[arm], points="all")) for arm in (treat, control)]
    answer = difference_of(lives[0], lives[1], job.query.history)
    return difference(answer, f"{job.names[treat]} - {job.names[control]}", look, job.origin(answer))


def _outcomes(job: DrawnJob, look: Look) -> Figure:
    return outcomes(answers.found_outcomes(job.db, job.row), look, job.origin(), job.query.outcome)


def _sensitivity(job: DrawnJob, look: Look) -> Figure:
    found, contrasts = answers.found_outcomes(job.db, job.row), answers.found_contrasts(job.db, job.row)
    return sensitivity(found, contrasts, look, job.origin(), job.query.along)


DRAWN: dict[FigureName, Callable[[DrawnJob, Look], Figure]] = {
    "strip": _strip,
    "curves": _curves,
    "development": _development,
    "bands": _bands,
    "difference": _difference,
    "outcomes": _outcomes,
    "sensitivity": _sensitivity,
    "transitions": _transitions,
    "organism": _organism,
    "pictures": _pictures,
    "envelopes": _envelopes,
    "sharing": _sharing,
}
