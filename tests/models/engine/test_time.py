"""Time: delays, loops of pathways, weights used both ways, frames held for several sweeps."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from raising import IMAGE, one_stage, raised, state

from models.draw import Draw
from models.engine.examiner import portion_of
from models.engine.feed import Stream
from models.engine.measure import Exam, Items
from models.engine.organism import Organism
from models.protocols import Batch
from models.specs.organism import OrganismSpec

LINEAR = {"kind": "linear", "size": 5, "act": "tanh"}


def organism(areas: dict[str, Any], pathways: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    head = {"kind": "linear", "size": 10, "act": "none"}
    return {"senses": IMAGE, "areas": areas | {"head": head}, "pathways": pathways} | more


def path(source: str, target: str, **more: Any) -> dict[str, Any]:
    return {"from": source, "to": target} | more


LOOP = organism(
    {"V1": LINEAR, "IT": LINEAR},
    [
        path("retina", "V1"),
        path("V1", "IT"),
        path("IT", "V1", mode="feedback", delay=1),
        path("IT", "IT", mode="lateral", delay=2),
        path("IT", "head"),
    ],
)
LATE = organism({"V1": LINEAR}, [path("retina", "V1", delay=2), path("V1", "head", delay=1)])
TIED = organism(
    {"V1": LINEAR, "IT": LINEAR},
    [path("retina", "V1"), path("V1", "IT", mode="symmetric", delay=1), path("IT", "head")],
)


def body(document: dict[str, Any]) -> Organism:
    return Organism(OrganismSpec.model_validate(document, strict=False))


def run(member: Organism, T: int = 6, N: int = 2) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    weight = member.init(Draw(torch.arange(N)))
    retina = torch.randn(N, 3, T, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    index = torch.zeros(N, 3, dtype=torch.int64)
    moment = member.run(weight, {}, Batch({"retina": retina}, None, {}, index), Draw(torch.arange(N), index))
    return dict(moment.rate), weight


def brought(rate: torch.Tensor, weight: dict[str, torch.Tensor], source: str, target: str) -> torch.Tensor:
    return rate.flatten(2) @ weight[f"area/{target}/from/{source}/weight"]


def test_a_delay_brings_what_was_so_many_steps_ago_and_nothing_before() -> None:
    rate, weight = run(body(LATE))
    for step in range(6):
        then = rate["retina"][:, :, step - 2] if step >= 2 else torch.zeros_like(rate["retina"][:, :, 0])
        torch.testing.assert_close(rate["V1"][:, :, step], torch.tanh(brought(then, weight, "retina", "V1")))
        seen = rate["V1"][:, :, step - 1] if step >= 1 else torch.zeros_like(rate["V1"][:, :, 0])
        torch.testing.assert_close(rate["head"][:, :, step], brought(seen, weight, "V1", "head"))


def test_a_delay_longer_than_the_item_brings_nothing() -> None:
    rate, _ = run(body(LATE), T=2)
    assert not rate["V1"].any()


def test_a_loop_is_its_equations_written_out() -> None:
    rate, weight = run(body(LOOP))
    zero = torch.zeros(2, 3, 5)
    V1, IT = [], []
    for step in range(6):
        above = IT[step - 1] if step >= 1 else zero
        V1.append(
            torch.tanh(brought(rate["retina"][:, :, step], weight, "retina", "V1") + brought(above, weight, "IT", "V1"))
        )
        self_heard = IT[step - 2] if step >= 2 else zero
        IT.append(torch.tanh(brought(V1[step], weight, "V1", "IT") + brought(self_heard, weight, "IT", "IT")))
    torch.testing.assert_close(rate["V1"], torch.stack(V1, 2))
    torch.testing.assert_close(rate["IT"], torch.stack(IT, 2))


def test_a_symmetric_pathway_leads_back_by_the_same_weight() -> None:
    rate, weight = run(body(TIED))
    assert "area/V1/from/IT/weight" not in weight
    tied = weight["area/IT/from/V1/weight"]
    for step in range(1, 6):
        z = brought(rate["retina"][:, :, step], weight, "retina", "V1") + rate["IT"][:, :, step - 1] @ tied.mT
        torch.testing.assert_close(rate["V1"][:, :, step], torch.tanh(z))
        torch.testing.assert_close(rate["IT"][:, :, step], torch.tanh(rate["V1"][:, :, step - 1] @ tied))


RNN = {"kind": "recurrent", "size": 7, "cell": "rnn"}
GRU = {"kind": "recurrent", "size": 9, "cell": "gru"}
LSTM = {"kind": "recurrent", "size": 5, "cell": "lstm"}


@pytest.mark.parametrize(
    "document",
    [
        LOOP,
        LATE,
        TIED,
        *(organism({"M1": area}, [path("retina", "M1"), path("M1", "head")]) for area in (RNN, GRU, LSTM)),
    ],
    ids=["loop", "late", "tied", "rnn", "gru", "lstm"],
)
def test_a_life_in_time_is_the_same_alone_and_in_company(document: dict[str, Any]) -> None:
    regime = one_stage(document, clock={"batch": 5, "sweeps": 5})
    together = raised(regime, [0, 1, 2, 3, 4, 5, 6, 7])
    for seed in (0, 3, 7):
        alone, whole = state(raised(regime, [seed]), seed), state(together, seed)
        assert all(torch.equal(alone[name], value) for name, value in whole.items())


def test_every_weight_of_a_loop_learns() -> None:
    regime = one_stage(LOOP, clock={"batch": 20, "sweeps": 4})
    born, grown = raised(regime, [1], updates=0), raised(regime, [1], updates=1)
    assert all(not torch.equal(born.params[name], value) for name, value in grown.params.items())


def test_probes_see_the_last_sweep_of_a_frame() -> None:
    regime = one_stage(LOOP, clock={"batch": 20, "sweeps": 4})
    cohort = raised(regime, [0, 1], updates=1)
    member = Organism(regime.organism)
    stream = Stream(regime.world, regime.organism.senses, {}, regime.sweeps)
    items = Items(stream, 100, portion_of(cohort, [0, 1]), member)
    assert items.batch.senses["retina"].shape[:3] == (2, 100, 4)
    moment = Exam(items, {}).moment()
    assert moment.rate["IT"].shape == (2, 100, 1, 5)
    assert moment.batch.senses["retina"].shape == (2, 100, 1, 1, 8, 8)
    whole = member.run(cohort.params, {}, items.batch, items.draw)
    torch.testing.assert_close(moment.rate["IT"][:, :, 0], whole.rate["IT"][:, :, 3])
