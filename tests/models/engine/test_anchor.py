"""Anchors: the Fisher information against its closed form, and lives that keep them."""

from __future__ import annotations

from typing import Any

import torch
from build import tiny_schedule
from living import live, obeys_the_law, planned
from raising import chain, plan, state

from models.engine import stage
from models.engine.cohort import birth
from models.engine.stage import Orders, run

KEEP = {"kind": "ewc", "at": "a1", "anchor": "first"}
NAMING = {"kind": "cross_entropy", "at": "head", "target": "label"}
ANCHOR = {"kind": "anchor", "name": "first", "answers": "head", "world": "quiz", "n": 40}


def document(weight: float = 1.0) -> dict[str, Any]:
    common = {"world": "school", "until": {"after": "4ba"}}
    stages = [
        common | {"name": "one", "costs": {"naming": 1.0}},
        common | {"name": "two", "costs": {"naming": 1.0, "keep": weight}, "on_enter": [ANCHOR]},
    ]
    return tiny_schedule(organism=chain(5), costs={"naming": NAMING, "keep": KEEP}, stages=stages, probes={})


def anchored() -> Any:
    given = {key: part for key, part in document().items() if key not in ("ontogeny", "kind", "name")}
    first, second = (step.regime for step in plan(**given).steps)
    cohort = birth(first, [1, 2])
    list(run(cohort, Orders(first, offsets=[4]), 0, 4))
    stage.enter(cohort, second)
    list(run(cohort, Orders(second, offsets=[4]), 0, 0))
    return cohort, second


def test_an_anchor_keeps_the_parameters_as_they_were() -> None:
    cohort, second = anchored()
    kept = {name: value.detach().clone() for name, value in cohort.params.items()}
    list(run(cohort, Orders(second, offsets=[4]), 0, 4))
    for name, value in kept.items():
        assert torch.equal(cohort.own[f"anchor/first/weight/{name}"], value)
        assert not torch.equal(cohort.params[name], value)


def test_of_the_read_out_it_is_what_logistic_regression_has() -> None:
    """The squared gradient of log p(answer) at a bias is (onehot - p)^2; its mean over many answers is p (1 - p)."""
    cohort, _ = anchored()
    stiff = cohort.own["anchor/first/fisher/area/head/bias"]
    from models.engine.examiner import portion_of  # noqa: PLC0415
    from models.engine.feed import Stream  # noqa: PLC0415
    from models.engine.measure import Items  # noqa: PLC0415
    from models.engine.organism import Organism  # noqa: PLC0415

    _, second = anchored()
    stream = Stream(second.looked_at["w0"], second.organism.senses, {})
    moment = Items(stream, 40, portion_of(cohort, [0, 1]), Organism(second.organism)).moment()
    p = moment.rate["head"][:, :, 0].softmax(dim=-1)
    expected = (p * (1 - p)).mean(dim=1)
    assert torch.allclose(stiff[:, 0].sum(dim=1), expected.sum(dim=1), rtol=0.15)
    hidden = torch.cat([moment.rate["a1"][:, :, 0, :, None]], dim=2)
    weight = cohort.own["anchor/first/fisher/area/head/from/a1/weight"]
    by_p = (hidden.square() * (p * (1 - p))[:, :, None, :]).mean(dim=1)
    assert torch.allclose(weight.sum(dim=(1, 2)), by_p.sum(dim=(1, 2)), rtol=0.2)


def test_a_stiff_area_goes_less_far_where_it_matters() -> None:
    def strained(weight: float) -> float:
        cohort, _ = live(planned(document(weight)), [1])
        names = ("area/a1/from/retina/weight", "area/a1/bias")
        away = {name: cohort.params[name].detach() - cohort.own[f"anchor/first/weight/{name}"] for name in names}
        return float(sum((cohort.own[f"anchor/first/fisher/{name}"] * away[name].square()).sum() for name in names))

    assert strained(10.0) < 0.8 * strained(1e-6)


def test_a_life_with_an_anchor_is_the_same_cut_reloaded_and_alone() -> None:
    whole, _ = obeys_the_law(planned(document()))
    assert any(name.startswith("own/anchor/first/fisher") for name in state(whole, 1))
