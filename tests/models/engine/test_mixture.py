"""Worlds that are mixes of others: shares, orders, labels, keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
import torch
from build import tiny_schedule
from living import obeys_the_law, planned
from raising import IMAGE

from models.engine.feed import Feed, Stream
from models.engine.mixture import Mixture, build_stream
from models.specs.canonical import canonical
from models.specs.checks import check_document, check_schedule
from models.specs.document import read
from models.specs.exposure import exposure
from models.specs.numerics import NumericsSpec
from models.specs.organism import SenseSpec
from models.specs.plan import arm_keys
from models.specs.schedule import ScheduleSpec
from models.specs.worlds import WorldSpec, mixed

EXAMPLE = Path(__file__).parents[3] / "examples" / "shapes-mix.yaml"
SENSES = {"retina": SenseSpec.model_validate(IMAGE["retina"], strict=False)}
WORLDS: dict[str, Any] = {
    "near": {"source": "digits", "size": 60},
    "far": {"source": "digits", "split": "valid", "size": 40},
    "fog": {"source": {"kind": "noisy_disks", "frame": 8}, "labels": "none"},
    "grey": {"source": "digits", "size": 60, "transforms": [{"kind": "occlude", "region": "centre", "share": 1.0}]},
    "clips": {"source": {"kind": "moving_shapes", "frame": 8}, "labels": "none"},
}


def mix(**shares: float) -> Stream:
    worlds = {name: WorldSpec.model_validate(world, strict=False) for name, world in WORLDS.items()}
    whole = mixed(worlds | {"mix": WorldSpec.model_validate({"mix": shares}, strict=False)})["mix"]
    return build_stream(whole, SENSES, {})


def items(source: Stream, start: int, batch: int, seeds: tuple[int, ...] = (1, 2)) -> torch.Tensor:
    return Feed(source, list(seeds), batch).next(np.full(len(seeds), start, dtype=np.int64), {})[0].index_NB


def test_every_world_has_its_share_of_any_stretch() -> None:
    source = mix(near=0.5, far=0.3, fog=0.2)
    for start in (0, 17, 500):
        shown = items(source, start, 1000) % 3
        for place, share in enumerate((0.5, 0.3, 0.2)):
            assert ((shown == place).sum(dim=1) - 1000 * share).abs().max() <= 3
    assert items(source, 0, 50)[0].tolist() != items(source, 0, 50)[1].tolist()


def test_every_world_keeps_its_own_passes() -> None:
    source = mix(near=0.75, far=0.25)
    shown = items(source, 0, 400)[0]
    near = (shown[shown % 2 == 0] // 2).tolist()
    assert all(sorted(near[start : start + 60]) == sorted(near[:60]) for start in (60, 120, 180))
    assert len(set(near[:60])) == 60
    assert near[:60] != near[60:120]


def test_items_depend_on_position_alone() -> None:
    whole = items(mix(near=0.6, clips=0.4), 0, 120)
    feed = Feed(mix(near=0.6, clips=0.4), [1, 2], 7)
    for start in range(0, 112, 7):
        begun = np.array([start, start], dtype=np.int64)
        assert torch.equal(feed.next(begun, {})[0].index_NB, whole[:, start : start + 7])
    assert torch.equal(items(mix(near=0.6, clips=0.4), 60, 60, (2,))[0], whole[1, 60:])


def test_items_are_what_their_worlds_show_of_them() -> None:
    source = mix(near=0.5, grey=0.3, fog=0.2)
    assert isinstance(source, Mixture)
    batch = Feed(source, [1, 2], 40).next(np.zeros(2, dtype=np.int64), {})[0]
    assert batch.label is not None
    assert batch.labelled_NB is not None
    for place, name in enumerate(("near", "grey", "fog")):
        mine = batch.index_NB[0] % 3 == place
        alone = Stream(WorldSpec.model_validate(WORLDS[name], strict=False), SENSES, {})
        number, seeds = (batch.index_NB[0] // 3)[mine][None], torch.tensor([1])
        seen = alone.show(seeds, number, alone.draw(seeds, torch.arange(40)[mine][None]))
        assert torch.equal(batch.senses["retina"][0][mine], seen.senses["retina"][0])
        assert batch.labelled_NB[0][mine].tolist() == [name != "fog"] * int(mine.sum())
        if seen.label is not None:
            assert torch.equal(batch.label[0][mine], seen.label[0])


def school(shares: dict[str, float], **worlds: Any) -> dict[str, Any]:
    document = tiny_schedule()
    document["worlds"] |= WORLDS | {"school": {"mix": shares}} | worlds
    document["stages"][1]["until"] = {"after": "10ba"}
    return document


def parsed(document: dict[str, Any]) -> ScheduleSpec:
    return ScheduleSpec.model_validate_json(orjson.dumps(document))


@pytest.mark.parametrize("shares", [{"near": 0.5, "far": 0.5}, {"near": 0.3, "fog": 0.7}])
def test_a_life_in_a_mix_obeys_the_law(shares: dict[str, float]) -> None:
    obeys_the_law(planned(school(shares)))


def keys(document: dict[str, Any]) -> list[str]:
    return arm_keys(planned(document), [0], NumericsSpec())


def test_shares_and_worlds_are_in_the_key_and_names_and_order_are_not() -> None:
    base = keys(school({"near": 0.4, "far": 0.6}))
    assert base == keys(school({"far": 0.6, "near": 0.4}))
    renamed = school({"here": 0.4, "far": 0.6}, here=WORLDS["near"])
    assert base == keys(renamed)
    assert base[0] not in (keys(school({"near": 0.5, "far": 0.5}))[0], keys(school({"near": 0.4, "grey": 0.6}))[0])
    form = canonical(parsed(school({"near": 0.4, "far": 0.6})))
    assert canonical(form) == form
    assert ScheduleSpec.model_validate_json(form.model_dump_json()) == form


def test_what_is_met_is_counted_world_by_world() -> None:
    found = exposure(parsed(school({"near": 0.5, "far": 0.5})))
    assert found is not None
    assert (found["sp"], found["items"], found["lb"]) == (400, 100, 100)
    found = exposure(parsed(school({"near": 0.5, "fog": 0.5})))
    assert found is not None
    assert (found["items"], found["lb"]) == (260, 60)


EVEN = {"near": 0.5, "far": 0.5}
CLIPS = {"near": 0.5, "clips": 0.5}


@pytest.mark.parametrize(
    ("document", "code", "pointer"),
    [
        (school(EVEN), None, ""),
        (school({"near": 0.5, "nowhere": 0.5}), "E04", "/worlds/school/mix/nowhere"),
        (school({"near": 0.5, "far": 0.4}), "E30", "/worlds/school"),
        (
            school(EVEN, school={"mix": EVEN, "size": 3}),
            "E23",
            "/worlds/school",
        ),
        (school(EVEN, school={"labels": "all"}), "E23", "/worlds/school"),
        (school({"near": 0.5, "two": 0.5}, two={"mix": EVEN}), "E30", "/worlds/school/mix/two"),
        (school(EVEN, far={"source": "mnist1d"}), "E14", "/worlds/school/mix"),
        (school(CLIPS, clips=WORLDS["clips"] | {"labels": "all"}), "E30", "/worlds/school/mix"),
        (
            school(CLIPS, clips=WORLDS["clips"] | {"order": "temporal"}),
            "E30",
            "/worlds/school/mix",
        ),
        (school(EVEN, quiz={"mix": EVEN}), "E36", "/probes/acc/world"),
    ],
)
def test_mixes_that_cannot_be_are_refused(document: dict[str, Any], code: str | None, pointer: str) -> None:
    errors = [(each.code, each.pointer) for each in check_document(document).errors]
    assert ((code, pointer) in errors) if code else not errors


def test_the_example_is_valid() -> None:
    assert check_schedule(parsed(dict(read(EXAMPLE.read_bytes()).data))) == []
