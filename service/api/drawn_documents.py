"""Figures of a document before anything runs: what it plans, for which organism, and what its arms share."""

from __future__ import annotations

from models.specs.document import Parsed
from service.api.envelopes import envelopes as planned
from service.api.plans import plan_answer
from service.api.schedules import arm_of, invalid_query, split
from service.figures.envelopes import envelopes
from service.figures.look import LOOKS
from service.figures.organism import Scene, organism
from service.figures.panels import Figure, Origin
from service.figures.sharing import sharing
from service.figures.strip import Growth, strip
from service.settings import Settings
from service.store.access import Caller
from service.store.engine import Database
from service.submission import limits_of, prepare
from service.wire.figures import FigureName, FigureQuery

OF_DOCUMENTS: tuple[FigureName, ...] = ("envelopes", "organism", "sharing", "strip")
POINTS = 400


def draw(name: FigureName, parsed: Parsed, query: FigureQuery, place: tuple[Database, Settings, Caller]) -> Figure:
    """The figure of one arm, or of all arms' plan; Refused with every finding if the document cannot run."""
    if name not in OF_DOCUMENTS:
        message = f"{name} shows what a job has recorded; of a document there are {', '.join(OF_DOCUMENTS)}"
        raise invalid_query("/figure", message)
    store, settings, caller = place
    prepared = prepare(*split(parsed), settings.numerics, limits_of(settings, caller))
    look, origin = LOOKS[query.look], Origin((), (prepared.document_id,), (settings.numerics.model_dump(mode="json"),))
    if name == "sharing":
        with store.read() as db:
            return sharing(plan_answer(db, caller.project, prepared, settings.cohort_lives), look, origin)
    arm = arm_of(prepared, query.history.arm[0] if query.history.arm else 0)
    grown = Growth(planned(arm.schedule, POINTS, to_limits=True))
    if name == "envelopes":
        return envelopes(grown.envelopes, look, origin)
    if name == "strip":
        return strip(grown, look, origin)
    age = min(float(query.age or 0), grown.end_sp)
    scene = Scene(
        arm.schedule.model_dump(mode="json", by_alias=True),
        {cost: grown.value_at("costs", cost, age) for cost in grown.envelopes["costs"]},
        {area: grown.value_at("plasticity", area, age) for area in grown.envelopes["plasticity"]},
        f"at age {age:,.0f} samples",
    )
    return organism(scene, look, origin)
