"""Arms of whatever jobs held against one of them: documents, pasts, histories, an outcome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi import APIRouter, Response

from service.api.answers import json_answer
from service.api.bodies import json_schema, validated
from service.api.compared import Item, curves_of, differences_of, items_of, pair_of
from service.api.dependencies import ParsedBody, Reader, Store
from service.wire.compare import CompareBody, Comparison, OutcomeComparison

router = APIRouter(prefix="/v1", tags=["compare"])

_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": json_schema(CompareBody)}}}
}


@router.post("/compare", responses={200: {"model": Comparison}}, openapi_extra=_BODY)
def compare(parsed: ParsedBody, caller: Reader, store: Store) -> Response:
    """How arms differ: what their documents say, from when on, and what became of it, paired by seed."""
    body = validated(CompareBody, parsed.data)
    with store.read() as db:
        items = items_of(db, caller.project, body.items)
        reference = items[body.reference]
        outcome: OutcomeComparison | None = None
        if body.outcome is not None:
            from service.api import compared_outcomes  # noqa: PLC0415 - scipy's statistics take half a second to load

            outcome = compared_outcomes.compared_outcome(db, items, body)
        answer = Comparison(
            items=[item.told() for item in items],
            reference=reference.place,
            pairs=[pair_of(item, reference) for item in items if item is not reference],
            complete=all(item.over for item in items),
            curves=curves_of(db, items, body) if body.series else None,
            differences=differences_of(db, items, body) if body.series else [],
            outcome=outcome,
            warnings=list(_warnings(items, reference)),
        )
    return json_answer(answer.model_dump())


def _warnings(items: Sequence[Item], reference: Item) -> Iterator[str]:
    for item in items:
        if item.job["numerics"] != reference.job["numerics"]:
            yield f"{item.title} and {reference.title} are of two numerics classes: bits differ for that alone"
        if not item.over:
            yield f"{item.title} is {item.job['status']}: more is to come"
        unpaired = len(set(item.seeds) ^ set(reference.seeds))
        if unpaired:
            yield f"{unpaired} seeds of {item.title} and {reference.title} have no partner"
