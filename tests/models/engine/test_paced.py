"""Self-paced orders: a share of a ranking that grows with stage time."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest
import torch
from build import tiny_schedule
from living import obeys_the_law, planned

from models.engine.feed import Feed, Stream
from models.specs.checks import check_schedule
from models.specs.numerics import NumericsSpec
from models.specs.organism import SenseSpec
from models.specs.plan import arm_keys
from models.specs.schedule import ScheduleSpec
from models.specs.worlds import WorldSpec

RAMP = {"kind": "ramp", "end": "10ba", "from": 0.1, "to": 1.0}


def paced(available: Any = 0.25, rank: str = "easy") -> Stream:
    spec = {"source": "shapes", "size": 200, "order": {"kind": "paced", "rank": rank, "available": available}}
    return Stream(WorldSpec.model_validate(spec, strict=False), {"retina": SenseSpec(shape=(1, 16, 16))}, {})


def shown(source: Stream, start: int = 0, batch: int = 2000, stage_sp: int = 0) -> torch.Tensor:
    begun = np.full(2, start, dtype=np.int64)
    return Feed(source, [1, 2], batch).next(begun, {}, stage_sp)[0].index_NB


def hardness(source: Stream, items: torch.Tensor) -> torch.Tensor:
    return source.world.sample(torch.zeros(1, dtype=torch.int64), items[None])[2]["difficulty"].flatten()


def test_the_first_share_of_the_ranking_is_shown_each_of_it_as_likely() -> None:
    source = paced()
    whole = source.subset(torch.tensor([1]))[0]
    easiest = set(whole[hardness(source, whole).argsort(stable=True)[:50]].tolist())
    items = shown(source, batch=5000)
    for life in items:
        found, counts = life.unique(return_counts=True)
        assert set(found.tolist()) == easiest
        assert (counts.min() > 60, counts.max() < 145) == (True, True)  # 100 each, to 4 s.e.
    assert items[0].tolist() != items[1].tolist()
    hardest = set(whole[(-hardness(source, whole)).argsort(stable=True)[:50]].tolist())
    assert set(shown(paced(rank="hard"))[0].tolist()) == hardest


def test_a_random_ranking_is_each_lifes_own_and_no_easier() -> None:
    source = paced(rank="random")
    first, second = (set(life.tolist()) for life in shown(source))
    assert len(first) == len(second) == 50
    assert first != second
    whole = source.subset(torch.tensor([1]))[0]
    apart = hardness(source, torch.tensor(sorted(first))).mean() - hardness(source, whole).mean()
    assert abs(float(apart)) < 0.06


def test_the_share_follows_stage_time_batch_by_batch() -> None:
    world = WorldSpec.model_validate(
        {"source": "shapes", "size": 200, "order": {"kind": "paced", "available": RAMP | {"end": "200sp"}}},
        strict=False,
    )
    source = Stream(world, {"retina": SenseSpec(shape=(1, 16, 16))}, {})
    ranked = source.ranked(torch.tensor([1]), world.order)[0].tolist()  # type: ignore[arg-type]
    feed = Feed(source, [1, 2], 20)
    for update in range(12):
        begun = np.full(2, 20 * update, dtype=np.int64)
        places = [ranked.index(item) for item in feed.next(begun, {}, 20 * update)[0].index_NB[0].tolist()]
        share = min(1.0, 0.1 + 0.9 * update / 10)
        assert max(places) < np.ceil(200 * share)
        alone = shown(source, 20 * update, 20, 20 * update)[0].tolist()
        assert [ranked[place] for place in places] == alone


def school(available: Any = RAMP, rank: str = "easy", **stage: Any) -> dict[str, Any]:
    """Two stages of ten batches in a paced world."""
    document = tiny_schedule()
    document["organism"]["senses"]["retina"]["shape"] = [1, 16, 16]
    document["organism"]["areas"]["head"]["size"] = 3
    order = {"kind": "paced", "rank": rank, "available": available}
    document["worlds"] = {
        "school": {"source": "shapes", "size": 200, "order": order},
        "quiz": {"source": "shapes", "split": "valid", "size": 100},
    }
    document["stages"][1] |= stage
    return document


def test_a_paced_life_obeys_the_law() -> None:
    obeys_the_law(planned(school()))


def keys(document: dict[str, Any]) -> list[str]:
    return arm_keys(planned(document), [0], NumericsSpec())


def test_what_is_available_is_in_the_key_as_far_as_it_matters() -> None:
    steps = {"kind": "steps", "points": [["0ba", 0.5], ["20ba", 1.0]]}
    early = keys(school(steps))
    assert early[0] == keys(school(0.5))[0]  # within ten batches both show the first half
    assert early[0] not in (keys(school(0.6))[0], keys(school(0.5, "hard"))[0], keys(tiny_schedule())[0])
    ramp = keys(school())
    assert len(ramp) == 2  # stage time begins anew: another trajectory
    assert ramp[0] != keys(school(RAMP | {"end": "9ba"}))[0]


@pytest.mark.parametrize(
    ("source", "available", "code"),
    [
        ("shapes", 1.0, None),
        ("shapes", 0.0, "E30"),
        ("shapes", 1.5, "E30"),
        ("shapes", RAMP | {"end": "0.5st"}, "E19"),
        ("shapes", RAMP | {"start": "20ba"}, "E13"),
        ("shapes", RAMP | {"end": "1ep"}, None),
    ],
)
def test_shares_that_mean_nothing_are_refused(source: str, available: Any, code: str | None) -> None:
    found = check_schedule(ScheduleSpec.model_validate_json(orjson.dumps(school(available))))
    assert {each.code for each in found if each.severity == "error"} == ({code} if code else set())


def test_what_cannot_be_ranked_is_refused() -> None:
    document = tiny_schedule()
    document["worlds"]["school"]["order"] = {"kind": "paced", "available": 0.5}
    found = check_schedule(ScheduleSpec.model_validate_json(orjson.dumps(document)))
    assert [(each.code, each.pointer) for each in found] == [("E30", "/worlds/school/order/rank")]
    document["worlds"]["school"]["order"]["rank"] = "random"
    found = check_schedule(ScheduleSpec.model_validate_json(orjson.dumps(document)))
    assert not [each for each in found if each.severity == "error"]
