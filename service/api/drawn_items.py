"""Figures of arms side by side, whatever jobs they belong to."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from service.api.differences import difference_of
from service.api.drawn_jobs import DrawnJob
from service.api.schedules import invalid_query
from service.figures.curves import Curves, bands, curves
from service.figures.difference import difference
from service.figures.look import LOOKS
from service.figures.panels import Figure, Origin
from service.store import jobs
from service.wire.figures import FigureItem, FigureItems, FigureName, FigureQuery
from service.wire.history import HistoryQuery

Data = dict[str, Any]
OF_ITEMS: tuple[FigureName, ...] = ("bands", "curves", "difference")


def draw(name: FigureName, db: sa.Connection, project: str, items: FigureItems, query: FigureQuery) -> Figure:
    """The figure; of the difference the first item is the treatment, the second the control."""
    if name not in OF_ITEMS:
        raise invalid_query("/figure", f"{name} is of one job; of several arms there are {', '.join(OF_ITEMS)}")
    if name == "difference" and len(items.items) != 2:
        raise invalid_query("/items", f"a difference is of two arms, not of {len(items.items)}")
    drawn = [(item, DrawnJob(db, jobs.get(db, project, item.job), query)) for item in items.items]
    for place, (item, job) in enumerate(drawn):
        if item.arm not in job.names:
            raise invalid_query(f"/items/{place}/arm", f"the job has {len(job.names)} arms, 0 is the first")
    names = {place: _name(item, job) for place, (item, job) in enumerate(drawn)}
    look = LOOKS[query.look]
    if name == "difference":
        lives = [_asked(each, query.question(points="all", arm=[each[0].arm])) for each in drawn]
        answer = difference_of(lives[0], lives[1], query.history)
        return difference(answer, f"{names[0]} - {names[1]}", look, _origin(drawn, [answer]))
    mean = [_asked(each, query.question(over="seed", arm=[each[0].arm])) for each in drawn]
    faint = [_asked(each, each[1].of_lives([each[0].arm])) for each in drawn] if name == "curves" else []
    costs = list(dict.fromkeys(cost for item, job in drawn for cost in job.schedule(item.arm).costs))
    given = Curves(_together(mean), _together(faint) if faint else None, None, names, costs, query.log)
    origin = _origin(drawn, [*mean, *faint])
    return curves(given, look, origin) if name == "curves" else bands(given, look, origin)


def _name(item: FigureItem, job: DrawnJob) -> str:
    """The job's name; with the arm's, where it has several."""
    return f"{job.row['name']} · {job.names[item.arm]}" if len(job.names) > 1 else str(job.row["name"])


def _asked(each: tuple[FigureItem, DrawnJob], question: HistoryQuery) -> Data:
    return each[1].history(question)


def _together(answers: list[Data]) -> Data:
    """One answer whose arms are the items in their order."""
    traces = [{**trace, "arm": place} for place, answer in enumerate(answers) for trace in answer["traces"]]
    return {**answers[0], "traces": traces}


def _origin(drawn: list[tuple[FigureItem, DrawnJob]], answers: list[Data]) -> Origin:
    rows = [job.row for _, job in drawn]
    return Origin(
        tuple(row["id"] for row in rows),
        tuple(row["document_hash"] for row in rows),
        tuple(row["numerics"] for row in rows),
        tuple(answer["thinning"] for answer in answers),
    )
