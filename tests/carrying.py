"""Areas that carry what they hold from one time step of an item to the next: small ones, alone and in organisms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from build import tiny_schedule
from pydantic import TypeAdapter
from raising import one_stage
from torch import Tensor

from models.areas import build_area
from models.credit.backprop import Exact
from models.draw import Draw
from models.protocols import Area, Params, Pass
from models.specs.areas import AreaSpec
from models.specs.checks import check_document
from models.specs.regime import RegimeSpec


@dataclass(frozen=True)
class Carrying:
    """A kind of area: one by itself and what it hears there; one between senses and a head, and a world for that."""

    name: str
    spec: dict[str, Any]
    hears: dict[str, tuple[int, ...]]
    senses: dict[str, int]
    grown: dict[str, Any]
    head: int
    worlds: dict[str, Any]

    def build(self, **options: Any) -> Area:
        """The area by itself."""
        given: Any = TypeAdapter(AreaSpec).validate_python(self.spec | options)
        return build_area(self.name, given, self.hears, (given.size,))

    def heard(self, N: int = 2, B: int = 4, T: int = 6) -> dict[str, Tensor]:
        """What comes in (N, B, T, ...), by source."""
        draw = Draw(torch.arange(N)).at("test", "seen")
        return {source: draw.at("test", source).normal(B, T, *shape) for source, shape in self.hears.items()}

    def organism(self, **area: Any) -> dict[str, Any]:
        """All senses lead to the area, the area to a head."""
        areas = {self.name: self.grown | area, "head": {"kind": "linear", "size": self.head, "act": "none"}}
        ways = [*((sense, self.name) for sense in self.senses), (self.name, "head")]
        return {
            "senses": {sense: {"shape": [size]} for sense, size in self.senses.items()},
            "areas": areas,
            "pathways": [{"from": below, "to": above} for below, above in ways],
            "optimizer": {"kind": "sgd", "lr": 0.05},
        }

    def regime(self, organism: dict[str, Any], **changes: Any) -> RegimeSpec:
        """A stage in which the head learns what things are called."""
        return one_stage(organism, worlds=self.worlds, probes={}, **changes)

    def errors(self, organism: dict[str, Any]) -> list[tuple[str, str]]:
        """Why a schedule of it is refused: codes and messages."""
        costs = {"naming": {"kind": "cross_entropy", "at": "head", "target": "label"}}
        stage = {"name": "only", "world": "school", "costs": {"naming": 1.0}, "until": {"after": "5ba"}}
        document = tiny_schedule(organism=organism, worlds=self.worlds, probes={}, costs=costs, stages=[stage])
        return [(each.code, each.message) for each in check_document(document).errors]


def born(member: Area, *seeds: int) -> Params:
    """First parameters of lives."""
    return member.init(Draw(torch.tensor(seeds)))


def rates(member: Area, inputs: dict[str, Tensor], params: Params) -> Tensor:
    """What the area gives (N, B, T, U) from rest on."""
    return member.apply(inputs, member.start(next(iter(inputs.values()))), Pass(params, Exact(), {}))[0]


BUFFER = Carrying(
    name="PFC",
    spec={"kind": "gate_buffer", "slots": 3, "width": 7},
    hears={"eye": (2, 3), "ear": (5,)},
    senses={"eye": 4},
    grown={"kind": "gate_buffer", "slots": 3, "width": 11},
    head=3,
    worlds={"school": {"source": {"kind": "trials", "task": "match", "delay": 3}, "steps": 5}},
)
STACK = Carrying(
    name="Broca",
    spec={"kind": "stack_memory", "size": 7, "depth": 4},
    hears={"eye": (2, 3), "ear": (5,)},
    senses={"ear": 3},
    grown={"kind": "stack_memory", "size": 11, "depth": 5},
    head=3,
    worlds={"school": {"source": {"kind": "counting", "most": 3}, "steps": 7}},
)
ROUTER = Carrying(
    name="BG",
    spec={"kind": "router", "size": 6, "slots": 2, "control": "where"},
    hears={"what": (2, 3), "where": (5,)},
    senses={"role": 6, "filler": 11},
    grown={"kind": "router", "size": 11, "slots": 3, "control": "role"},
    head=12,
    worlds={"school": {"source": {"kind": "roles", "fillers": 11, "delay": 1}, "steps": 5}},
)
