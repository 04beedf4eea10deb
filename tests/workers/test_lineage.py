"""Forks and extensions on real training: the past is shared, and the bits are those of a job that was always so."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from build import tiny_schedule, tiny_study

from models.engine import stage
from service import lineage
from service.errors import NotFound, Refused
from service.store import snapshots
from service.store.access import ANYONE_HERE
from service.store.tables.work import job
from service.submission import Door
from service.wire.jobs import ExtendBody, ForkBody

BATCH = 20
Document = dict[str, Any]


@pytest.fixture(autouse=True)
def _flush_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "FLUSH_SECONDS", 0.02)


def stages(*given: Document, **more: Any) -> Document:
    """Three lives through stages of the school, taught with weight 1 unless they say otherwise."""
    taught = [{"world": "school", "costs": {"naming": 1.0}, **each} for each in given]
    organism = tiny_schedule()["organism"] | {"optimizer": {"kind": "sgd", "lr": 0.03, "momentum": 0.9}}
    return tiny_schedule(seeds={"start": 0, "count": 3}, organism=organism, stages=taught, **more)


FIXED = stages(
    {"name": "early", "until": {"after": "30ba"}},
    {"name": "late", "costs": {"naming": 0.5}, "until": {"after": "20ba"}},
)
CRITERION = {"criterion": {"probe": "acc", "op": ">=", "value": 0.75}}
TRIGGERED = stages(
    {"name": "early", "until": CRITERION, "limit": "30ba", "on_limit": "censor"},
    {"name": "late", "until": {"after": "10ba"}},
)
LEFT = stages(
    {"name": "early", "until": {"after": "17ba"}},
    {"name": "rest", "costs": {"naming": 0.1}, "until": {"after": "5ba"}},
)


def door(house: Any) -> Door:
    return Door(house.database, house.settings, ANYONE_HERE, None)


def trained(house: Any) -> dict[str, float]:
    return {row["id"]: row["train_seconds"] for row in house.trajectories()}


def grown(house: Any, document: Document) -> str:
    name = str(house.submit(document))
    house.work_off(house.worker())
    return name


def same_as_alone(build: Callable[..., Any], shared: Any, new: str, document: Document) -> None:
    """The new job has what the document alone would have brought, bit for bit."""
    shared.work_off(shared.worker())
    alone = build()
    only = grown(alone, document)
    assert shared.status(new) == alone.status(only), shared.events()[-5:]
    theirs, ours = alone.state_hashes(), shared.state_hashes()
    assert theirs == {stop: ours.get(stop) for stop in theirs}
    shared.assert_has_all_of(alone)
    assert set(alone.transitions()) <= set(shared.transitions())


@pytest.mark.parametrize(
    ("parent", "age_updates", "document"),
    [
        pytest.param(FIXED, 17, LEFT, id="inside a stage, where no snapshot was kept"),
        pytest.param(FIXED, 30, stages({"name": "early", "until": {"after": "30ba"}}), id="at the end of a stage"),
        pytest.param(
            FIXED,
            50,
            stages(*FIXED["stages"], {"name": "old", "costs": {"naming": 0.5}, "until": {"after": "4ba"}}),
            id="at the end of life, which goes on",
        ),
        pytest.param(TRIGGERED, 5, stages({"name": "early", "until": {"after": "9ba"}}), id="out of a triggered stage"),
        pytest.param(FIXED, 0, stages({"name": "else", "until": {"after": "3ba"}}), id="at birth"),
    ],
)
def test_a_fork_is_what_its_document_alone_would_be(
    build: Callable[..., Any], parent: Document, age_updates: int, document: Document
) -> None:
    house = build(first_slice_seconds=0.03)
    first = grown(house, parent)
    before = trained(house)
    stored = lineage.fork(door(house), first, ForkBody(age_sp=age_updates * BATCH, document=document))
    same_as_alone(build, house, stored.job, document)
    (row,) = house.rows(sa.select(job).where(job.c.id == stored.job))
    assert (row["parent"], row["relation"], row["parent_age_sp"]) == (first, "fork", age_updates * BATCH)
    root = house.path(first)[0]["trajectory"]
    if age_updates:
        assert house.path(stored.job)[0]["trajectory"] == root, "the past is shared"
        assert trained(house)[root] == before[root], "a replay is no training"
    assert "replay.mismatch" not in {kind for kind, _ in house.events()}


def test_a_fork_may_be_said_by_edits_and_by_a_duration(house: Any) -> None:
    first = grown(house, FIXED)
    edits = [{"op": "replace", "path": "/stages/late/costs/naming", "value": 0.25}]
    stored = lineage.fork(door(house), first, ForkBody(age="3ep", patch=edits))  # type: ignore[arg-type] # pydantic reads
    assert house.path(stored.job)[0]["trajectory"] == house.path(first)[0]["trajectory"]
    (weight,) = house.path(stored.job)[1]["regime"]["costs"].values()
    assert weight["weight"] == 0.25


@pytest.mark.parametrize(
    ("document", "age", "where"),
    [
        pytest.param(LEFT, 18 * BATCH, "leaves arm 0 at age 340 sp (early / rest)", id="after the divergence"),
        pytest.param(FIXED, 51 * BATCH, "leaves arm 0 at age 1000 sp", id="after the end of life"),
        pytest.param(
            copy.deepcopy(FIXED) | {"clock": {"batch": 10}}, BATCH, "at age 0 sp (early / early)", id="another life"
        ),
        pytest.param(
            stages({"name": "early", "until": CRITERION, "limit": "30ba"}), BATCH, "at age 0 sp", id="a trigger"
        ),
        pytest.param(FIXED, 345, "within an update of 20 samples", id="inside an update"),
        pytest.param(FIXED | {"seeds": {"count": 4}}, BATCH, "seed by seed", id="other seeds"),
    ],
)
def test_a_document_with_another_past_is_refused_with_the_first_divergence(
    house: Any, document: Document, age: int, where: str
) -> None:
    first = grown(house, FIXED)
    with pytest.raises(Refused, match=where.replace("(", r"\(").replace(")", r"\)")) as refused:
        lineage.fork(door(house), first, ForkBody(age_sp=age, document=document))
    (fault,) = refused.value.more["errors"]
    assert fault["suggestion"]["text"]


def test_an_age_that_is_not_stored_is_refused_if_nothing_may_be_trained_again(house: Any) -> None:
    first = grown(house, FIXED)
    with house.database.read() as db:
        stored = {row["at_offset"] for row in snapshots.of_job(db, first)}
    # where slices end, and leave a snapshot, is up to the clock
    batches = next(each for each in range(17, 30) if each not in stored)
    left = longer(LEFT, 0, until={"after": f"{batches}ba"})
    with pytest.raises(Refused) as refused:
        lineage.fork(door(house), first, ForkBody(age_sp=batches * BATCH, document=left, retrain=False))
    assert refused.value.problem_code == "age-not-stored"
    assert "retrain: true" in refused.value.more["errors"][0]["suggestion"]["text"]
    assert lineage.fork(door(house), first, ForkBody(age_sp=30 * BATCH, document=FIXED, retrain=False)).job


def test_an_arm_that_is_not_there_is_not_found(house: Any) -> None:
    first = grown(house, FIXED)
    with pytest.raises(NotFound, match="no arm 3"):
        lineage.fork(door(house), first, ForkBody(age_sp=0, document=FIXED, arm=3))


# ---- extend


def longer(document: Document, stage_index: int, **change: Any) -> Document:
    changed = copy.deepcopy(document)
    changed["stages"][stage_index] |= change
    return changed


@pytest.mark.parametrize(
    ("parent", "index", "change"),
    [
        pytest.param(FIXED, 1, {"until": {"after": "2ep"}}, id="not longer in other units"),
        pytest.param(FIXED, 1, {"until": {"after": "33ba"}}, id="the last stage"),
        pytest.param(FIXED, 0, {"until": {"after": "33ba"}}, id="the first stage"),
        pytest.param(TRIGGERED, 0, {"limit": "45ba"}, id="the limit of a trigger"),
        pytest.param(TRIGGERED, 0, {"until": {"after": "31ba"}}, id="a fixed length beyond the limit"),
    ],
)
def test_an_extension_is_what_the_longer_document_alone_would_be(
    build: Callable[..., Any], parent: Document, index: int, change: Document
) -> None:
    house = build(first_slice_seconds=0.03)
    first, name = grown(house, parent), parent["stages"][index]["name"]
    body = ExtendBody(stage=name, **change)
    if change == {"until": {"after": "2ep"}}:
        with pytest.raises(Refused, match="would not be longer"):
            lineage.extend(door(house), first, body)
        return
    stored = lineage.extend(door(house), first, body)
    assert house.path(stored.job)[0]["trajectory"] == house.path(first)[0]["trajectory"]
    document = longer(parent, index, **change)
    if "until" in change:
        document["stages"][index].pop("limit", None)
    same_as_alone(build, house, stored.job, document)


PLATEAU = {"plateau": {"probe": "acc", "min_delta": 0.0, "patience": "5ba"}}
RAMPED = stages(
    {
        "name": "early",
        "costs": {"naming": {"kind": "ramp", "end": "1st", "from": 1.0, "to": 0.5}},
        "until": {"after": "20ba"},
    }
)


@pytest.mark.parametrize(
    ("parent", "body", "said"),
    [
        (FIXED, {"stage": "early", "until": {"after": "29ba"}}, "shorter than its 600 sp"),
        (TRIGGERED, {"stage": "early", "limit": "20ba"}, "shorter than its 600 sp"),
        (FIXED, {"stage": "early", "until": CRITERION, }, "may never end"),
        (TRIGGERED, {"stage": "early", "until": PLATEAU}, "another trigger"),
        (FIXED, {"stage": "erly", "until": {"after": "60ba"}}, "no stage 'erly'"),
        (RAMPED, {"stage": "early", "until": {"after": "40ba"}}, "varies with the stage's length"),
    ],
)  # fmt: skip
def test_what_is_no_longer_stage_is_refused(house: Any, parent: Document, body: Document, said: str) -> None:
    first = grown(house, parent)
    with pytest.raises(Refused, match=said):
        lineage.extend(door(house), first, ExtendBody(**body))


def test_every_arm_of_a_study_is_extended(house: Any) -> None:
    first = grown(house, tiny_study(0.2, 0.4, seeds=3, base=FIXED))
    stored = lineage.extend(door(house), first, ExtendBody(stage="late", until={"after": "25ba"}))
    house.work_off(house.worker())
    ours, theirs = house.path(stored.job), house.path(first)
    assert [row["trajectory"] for row in ours] == [row["trajectory"] for row in theirs]
    assert sorted(row["demand"] for row in ours) == [25, 25, 30, 30]
