"""Moments to judge: rates given by hand, or those of a toy organism of one area, `retina` -> `V1`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from models.draw import Draw
from models.protocols import Batch, Moment, Params

SENSE, CLASSES = 13, 5


def by_hand(rate: dict[str, Tensor], label: Tensor | None = None, **given: Tensor) -> Moment:
    """A moment with these rates, all (N, B, T, U); other tensors by name are senses."""
    some = next(iter(rate.values()))
    index = torch.arange(some.shape[1]).expand(some.shape[:2])
    batch = Batch(senses=given, label=label, factors={}, index_NB=index)
    draw = Draw(torch.arange(some.shape[0]), index)
    return Moment(batch, {**given, **rate}, {}, {}, draw, {}, lambda at, inputs: inputs[at])


def wired(rate: dict[str, Tensor], weight: dict[str, Tensor]) -> Moment:
    """A moment with these rates and weights by address."""
    return replace(by_hand(rate), weight=weight)


@dataclass
class Toy:
    """A moment and the parameters its values depend on."""

    moment: Moment
    learned: Params


def toy(
    seeds: list[int],
    batch: int = 33,
    steps: int = 3,
    units: int = CLASSES,
    own: Params | None = None,
    act: Callable[[Tensor], Tensor] = torch.tanh,
    state: Params | None = None,
) -> Toy:
    """V1 = act(retina W), everything drawn by address, so that a life is the same in any cohort."""
    lives = Draw(torch.tensor(seeds))
    draw = lives.indexed(torch.arange(7, 7 + batch).expand(len(seeds), batch))
    x = draw.at("toy", "retina").normal(steps, SENSE)
    weight = lives.at("toy", "weight").normal(SENSE, units).requires_grad_()
    own = {address: tensor.detach().requires_grad_() for address, tensor in (own or {}).items()}

    def apply(at: str, inputs: object) -> Tensor:
        arriving = inputs["retina"]  # type: ignore[index]
        return act((arriving.unsqueeze(4) * weight[:, None, None]).sum(dim=3))

    label = draw.at("toy", "label").integers(CLASSES, steps)
    factors = {"depth": draw.at("toy", "depth").uniform(steps)}
    inputs = {"V1": {"retina": x}}
    rate = {"retina": x, "V1": apply("V1", inputs["V1"]), "V2": draw.at("toy", "V2").normal(steps, units)}
    shown = Batch({"retina": x}, label, factors, draw.index_NB)
    by_address = {"area/V1/from/retina/weight": weight}
    return Toy(Moment(shown, rate, by_address, own | (state or {}), draw, inputs, apply), by_address | own)


@pytest.fixture
def moment_by_hand() -> Callable[..., Moment]:
    return by_hand


@pytest.fixture
def toy_moment() -> Callable[..., Toy]:
    return toy


@pytest.fixture
def wired_moment() -> Callable[..., Moment]:
    return wired
