"""What every transform must do: strength 0 is the bitwise identity, and no life's input depends on its cohort."""

from __future__ import annotations

import typing
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from models.draw import Draw
from models.engine.filters import Filter, Seen
from models.specs.transforms import TransformSpec
from models.specs.transforms.fit import touched

SPECS: list[dict[str, Any]] = [
    {"kind": "blur", "sigma": 1.5},
    {"kind": "downsample", "factor": 2},
    {"kind": "flip", "axis": -1},
    {"kind": "contrast"},
    {"kind": "desaturate"},
    {"kind": "noise", "sigma": 0.5},
    {"kind": "replace_noise"},
    {"kind": "occlude", "region": "left"},
    {"kind": "occlude", "region": "centre", "share": 0.3, "fill": 0.5},
    {"kind": "eye", "sense": "left"},
    {"kind": "eye", "sense": "left", "gain": 0.3, "noise": 0.0},
    {"kind": "drop_sense", "sense": "left"},
    {"kind": "swap_senses", "senses": ["left", "right"]},
    {"kind": "permute", "seed": 3},
    {"kind": "shuffle_time"},
    {"kind": "lag", "steps": 2},
    {"kind": "label_noise"},
    {"kind": "label_shuffle"},
    {"kind": "affine", "shift": 0.2, "turn": 0.5, "zoom": 0.2},
    {"kind": "orientation_filter", "angle": 0.4},
    {"kind": "bandpass", "low": 0.1, "high": 0.3},
]
SHAPES: list[tuple[int, ...]] = [(41,), (1, 9, 7), (2, 8, 8), (3, 13, 17), (1, 33, 31)]
CLASSES = 7


def fits(spec: dict[str, Any], shape: tuple[int, ...]) -> bool:
    known = TypeAdapter(TransformSpec).validate_python(spec)
    return bool(touched(known, {"left": shape})) or (spec["kind"].startswith("label") and shape == SHAPES[0])


CASES = [(spec, shape) for spec in SPECS for shape in SHAPES if fits(spec, shape)]
each_case = pytest.mark.parametrize(
    ("spec", "shape"), CASES, ids=[f"{'-'.join(map(str, spec.values()))}-{shape}" for spec, shape in CASES]
)


def seen(lives: int, shape: tuple[int, ...]) -> Seen:
    source = torch.Generator().manual_seed(lives)
    left, right = torch.randn(2, lives, 40, 3, *shape, generator=source)
    left[:, 0, 0] = -0.0
    label = torch.randint(CLASSES, (lives, 40, 1), generator=source).expand(lives, 40, 3)
    return Seen({"left": left, "right": right}, label)


def draws(lives: int) -> Draw:
    return Draw(torch.arange(lives) + 2**33, torch.arange(30, 70).expand(lives, 40))


def built(spec: dict[str, Any], shape: tuple[int, ...]) -> Filter:
    known = TypeAdapter(TransformSpec).validate_python(spec)
    return Filter("test", known, {"left": "left", "right": "right"}, {"left": shape, "right": shape})


def bits(items: Seen, life: int) -> list[bytes]:
    """All that a life receives; -0 is not 0."""
    assert items.label is not None
    return [x[life].numpy().tobytes() for x in (*items.senses.values(), items.label)]


def test_every_transform_is_held_to_this() -> None:
    members = typing.get_args(typing.get_args(TransformSpec)[0])
    kinds = {typing.get_args(member.model_fields["kind"].annotation)[0] for member in members}
    assert kinds == {spec["kind"] for spec, _ in CASES}


@each_case
def test_strength_0_is_the_bitwise_identity_for_that_life_only(spec: dict[str, Any], shape: tuple[int, ...]) -> None:
    items = seen(3, shape)
    strength = torch.tensor([1.0, 0.0, 1.0 if spec["kind"] == "permute" else 0.5])
    changed = built(spec, shape)(items, CLASSES, strength, draws(3))
    assert {name: x.shape for name, x in changed.senses.items()} == {name: x.shape for name, x in items.senses.items()}
    assert [bits(changed, life) == bits(items, life) for life in range(3)] == [False, True, False]
    assert all(bool(x.isfinite().all()) and x.dtype == torch.float32 for x in changed.senses.values())


@each_case
def test_a_life_sees_the_same_in_every_cohort_and_slot(spec: dict[str, Any], shape: tuple[int, ...]) -> None:
    items, drawn = seen(8, shape), draws(8)
    strength = torch.ones(8) if spec["kind"] == "permute" else torch.linspace(0.1, 1.0, 8)
    together = built(spec, shape)(items, CLASSES, strength, drawn)
    assert items.label is not None
    assert drawn.index_NB is not None
    for first, last in [(life, life + 1) for life in range(8)] + [(1, 3), (3, 8)]:
        part = Seen({name: x[first:last] for name, x in items.senses.items()}, items.label[first:last])
        some = Draw(drawn.seeds_N[first:last], drawn.index_NB[first:last])
        apart = built(spec, shape)(part, CLASSES, strength[first:last], some)
        assert [bits(apart, life - first) for life in range(first, last)] == [
            bits(together, life) for life in range(first, last)
        ]


@each_case
def test_what_is_given_is_not_changed_in_place(spec: dict[str, Any], shape: tuple[int, ...]) -> None:
    items = seen(2, shape)
    before = [bits(items, life) for life in range(2)]
    built(spec, shape)(items, CLASSES, torch.ones(2), draws(2))
    assert [bits(items, life) for life in range(2)] == before
