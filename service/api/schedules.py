"""What can be said about a document before anything runs: check, plan, envelopes, diff. Nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from models.specs.document import Parsed
from service.api.answers import json_answer
from service.api.dependencies import Config, ParsedBody, Reader, Store
from service.api.diffs import diff_of
from service.api.envelopes import envelopes
from service.api.plans import plan_answer
from service.errors import Refused
from service.store import jobs
from service.store.access import Caller
from service.submission import Prepared, PreparedArm, examine, limits_of, prepare
from service.wire.schedules import CheckAnswer, DiffAnswer

router = APIRouter(prefix="/v1/schedules", tags=["schedules"])

DOCUMENT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "application/yaml": {"schema": {"type": "object"}},
        },
    }
}

Arm = Annotated[int, Query(ge=0, le=2**31 - 1, description="Index of the arm of a study.")]


@router.post("/check", openapi_extra=DOCUMENT_BODY, responses={200: {"model": CheckAnswer}})
def check(
    parsed: ParsedBody,
    caller: Reader,
    settings: Config,
    canonical: Annotated[bool, Query(description="Answer with the canonical form, too.")] = False,
) -> Response:
    """Everything that is wrong or doubtful about a document, with place and a way out."""
    examined = examine(*split(parsed), settings.numerics, limits_of(settings, caller))
    result, prepared = examined.result, examined.prepared
    answer = {
        "ok": prepared is not None,
        "kind": result.kind,
        "id": prepared and prepared.document_id,
        "errors": [each for each in examined.findings if each["severity"] == "error"],
        "warnings": [each for each in examined.findings if each["severity"] == "warning"],
        "summary": result.summary and result.summary.model_dump(mode="json"),
    }
    if canonical and prepared:
        answer["canonical"] = prepared.canonical
    return json_answer(answer)


@router.post("/plan", openapi_extra=DOCUMENT_BODY)
def plan(parsed: ParsedBody, caller: Reader, store: Store, settings: Config) -> Response:
    """Arms as paths through trajectories, what they share, what is trained already, what it will take."""
    prepared = prepare(*split(parsed), settings.numerics, limits_of(settings, caller))
    with store.read() as db:
        return json_answer(plan_answer(db, caller.project, prepared, settings.cohort_lives))


@router.post("/envelopes", openapi_extra=DOCUMENT_BODY)
def draw(
    parsed: ParsedBody,
    caller: Reader,
    settings: Config,
    points: Annotated[int, Query(ge=2, le=20_000)] = 200,
    arm: Arm = 0,
    to_limits: Annotated[
        bool, Query(description="Where a trigger decides: as in a life that meets every limit, instead of null.")
    ] = False,
) -> Response:
    """Weights, plasticity and overlays by age, as far as the document decides them."""
    prepared = prepare(*split(parsed), settings.numerics, limits_of(settings, caller))
    return json_answer(envelopes(arm_of(prepared, arm).schedule, points, to_limits=to_limits))


@router.post("/diff", openapi_extra=DOCUMENT_BODY, responses={200: {"model": DiffAnswer}})
def compare(parsed: ParsedBody, caller: Reader, store: Store, settings: Config) -> Response:
    """How two lives differ, thing by thing, and from which age on; `{a, b}`: documents, or `{job, arm}`."""
    sides = []
    for name in ("a", "b"):
        side = parsed.data.get(name)
        if not isinstance(side, dict) or set(parsed.data) != {"a", "b"}:
            raise invalid_query("/" + name, "two members are wanted, a and b, each an object")
        sides.append(_side(side, name, store, caller, settings))
    a, b = sides
    return json_answer(diff_of((a.schedule, a.plan), (b.schedule, b.plan)))


def split(parsed: Parsed) -> tuple[Parsed, Mapping[str, Any] | None]:
    """The document and its base of a body that is a document, or `{document, base?}`."""
    data = parsed.data
    if "document" not in data:
        return parsed, None
    unknown = sorted(set(data) - {"document", "base"})
    if unknown or not isinstance(data["document"], dict) or not isinstance(data.get("base", {}), dict):
        place = f"/{unknown[0]}" if unknown else "/document"
        raise invalid_query(place, "a document, or {document, base} with two objects")
    return Parsed(data["document"], positions_of_wrapped(parsed)), data.get("base")


def positions_of_wrapped(parsed: Parsed) -> dict[str, tuple[int, int]]:
    """Positions in a body `{document, base?}` by the pointers of findings: into the document, or below `/base`."""
    known = parsed.positions.items()
    own = {name.removeprefix("/document"): at for name, at in known if name.startswith("/document/")}
    return own | {name: at for name, at in known if name.startswith("/base/")}


def arm_of(prepared: Prepared, index: int) -> PreparedArm:
    """One arm of a document."""
    if index >= len(prepared.arms):
        raise invalid_query("/query/arm", f"there are {len(prepared.arms)} arms, 0 is the first")
    return prepared.arms[index]


def invalid_query(pointer: str, message: str, suggestion: str | None = None) -> Refused:
    """A question that cannot be answered as asked."""
    fault = {
        "pointer": pointer,
        "code": "invalid-query",
        "message": message,
        "suggestion": {"text": suggestion or message},
    }
    return Refused(message, code="invalid-query", errors=[fault])


def _side(side: dict[str, Any], name: str, store: Store, caller: Caller, settings: Config) -> PreparedArm:
    index = side.get("arm", 0)
    if type(index) is not int or index < 0:
        raise invalid_query(f"/{name}/arm", "arm is the index of an arm: a whole number, 0 is the first")
    if "job" in side:
        with store.read() as db:
            document = jobs.get(db, caller.project, str(side["job"]))["document"]
        return arm_of(prepare(Parsed(document), None, settings.numerics, limits_of(settings, caller)), index)
    document = {key: part for key, part in side.items() if key != "arm"}
    return arm_of(prepare(*split(Parsed(document)), settings.numerics, limits_of(settings, caller)), index)
