from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter
from torch import Tensor

from models.draw import Draw
from models.engine.filters import Filter, Seen
from models.specs.transforms import TransformSpec

Apply = Callable[..., Tensor]


def _filter(senses: dict[str, tuple[int, ...]], spec: dict[str, Any]) -> Filter:
    known = TypeAdapter(TransformSpec).validate_python(spec)
    return Filter("test", known, {name: name for name in senses}, senses)


def _draws(shape: tuple[int, ...], first: int) -> Draw:
    return Draw(torch.arange(shape[0]) + 5, torch.arange(first, first + shape[1]).expand(shape[:2]))


def _strengths(strength: float | list[float], lives: int) -> Tensor:
    return torch.tensor([strength] * lives if isinstance(strength, float) else strength)


@pytest.fixture
def apply() -> Apply:
    """A transform of one sense, as a document names it; a strength for all lives, or one for each."""

    def one(x: Tensor, strength: float | list[float] = 1.0, first: int = 0, **spec: Any) -> Tensor:
        filter_ = _filter({"retina": tuple(x.shape[3:])}, spec)
        drawn = _draws(tuple(x.shape), first)
        return filter_(Seen({"retina": x}, None), None, _strengths(strength, len(x)), drawn).senses["retina"]

    return one


@pytest.fixture
def relabel() -> Apply:
    """A transform of labels (N, B, T)."""

    def one(label: Tensor, classes: int, strength: float = 1.0, first: int = 0, **spec: Any) -> Tensor:
        seen = Seen({}, label)
        given = _filter({}, spec)(seen, classes, _strengths(strength, len(label)), _draws(tuple(label.shape), first))
        assert given.label is not None
        return given.label

    return one
