"""What slips over the retina, against hand values; and a reflex that learns its gain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from living import live, planned
from pydantic import TypeAdapter

from models.costs import build_cost
from models.specs.checks import check_document
from models.specs.costs import CostSpec

EXAMPLE = Path(__file__).parents[3] / "examples" / "members" / "costs" / "retinal_slip.yaml"


def cost() -> Any:
    given = {"kind": "retinal_slip", "at": "eye", "target": {"kind": "input", "sense": "scene"}}
    return build_cost("slip", TypeAdapter(CostSpec).validate_python(given), ["scene"])


def test_slip_is_what_is_left_of_the_scene_s_motion(moment_by_hand: Any) -> None:
    eye = torch.tensor([-1.0, 0.0, 2.0]).reshape(1, 3, 1, 1).requires_grad_()
    moment = moment_by_hand({"eye": eye}, scene=torch.tensor([1.0, 1.0, 1.0]).reshape(1, 3, 1, 1))
    # slips 0, 1, 3
    assert cost()(moment).tolist() == pytest.approx([10.0 / 3.0])
    assert cost().per_sample(moment).tolist() == [pytest.approx([0.0, 1.0, 9.0])]
    (down,) = torch.autograd.grad(cost()(moment).sum(), eye)
    assert down.flatten().tolist() == pytest.approx([0.0, 2.0 / 3.0, 2.0])


def test_axes_of_the_eye_are_averaged(moment_by_hand: Any) -> None:
    eye, scene = (torch.tensor(each).reshape(1, 2, 1, 2) for each in ([-1.0, 0.0, 1.0, 1.0], [1.0, 2.0, 1.0, 0.0]))
    moment = moment_by_hand({"eye": eye}, scene=scene)
    # slips 0 and 2, 2 and 1
    assert cost()(moment).tolist() == pytest.approx([9.0 / 4.0])
    assert cost().per_sample(moment).tolist() == [pytest.approx([2.0, 2.5])]


def test_a_reflex_learns_the_gain_that_lenses_ask_for() -> None:
    document: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text())
    for gain, stages in ((1.0, document["stages"][:1]), (2.0, document["stages"])):
        cohort, _ = live(planned(document | {"stages": stages}), range(3))
        weight = cohort.params["area/flocculus/from/canals/weight"].detach()[..., 0]
        sign = 1.0 - 2.0 * (torch.arange(8) % 2)
        assert (-weight * sign).sum(dim=1).tolist() == pytest.approx([gain] * 3, abs=0.05)


def test_an_eye_has_as_many_axes_as_the_scene() -> None:
    document: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text())
    document["organism"]["areas"]["flocculus"]["size"] = 2
    document["probes"] = {}
    found = check_document(document).errors
    assert {each.code for each in found} == {"E14"}
    assert "flocculus gives [2], the target has [1]" in found[0].message
