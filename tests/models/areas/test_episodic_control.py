"""Episodic control: returns by hand, what is done again, states that none was like, what is lost first."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from build import tiny_schedule
from holding import ROOMS, met, recalled
from pydantic import TypeAdapter
from torch import Tensor

from models.areas import build_area
from models.areas.episodic_control import EpisodicControl
from models.draw import Draw
from models.specs.areas import AreaSpec
from models.specs.checks import check_document

STATES, VALUES, USE = (f"kept/CA3/{name}" for name in ("states", "values", "use"))


def control(width: int, **spec: Any) -> EpisodicControl:
    options = {"kind": "episodic_control", "size": 2, "width": width, "discount": 0.5, "sharpness": 8.0} | spec
    built = build_area("CA3", TypeAdapter(AreaSpec).validate_python(options), {"eye": (width,)}, (options["size"],))
    assert isinstance(built, EpisodicControl)
    return built


def went(*places: int, size: int = 6) -> Tensor:
    return torch.nn.functional.one_hot(torch.tensor(places), size).float()[None, None]


def told(action: list[int], reward: list[float], done: list[int]) -> dict[str, Tensor]:
    """Of one item; the last step tells nothing."""
    return {
        "action": torch.tensor([[[*action, 0]]]),
        "reward": torch.tensor([[[*reward, 0.0]]]),
        "done": torch.tensor([[[*done, 0]]]),
    }


def worth(member: EpisodicControl, kept: dict[str, Tensor], *places: int) -> list[list[float]]:
    """Of the actions in places, as kept."""
    slots = [int((kept[STATES][0] == went(place)[0, 0]).all(dim=1).nonzero()) for place in places]
    return [kept[VALUES][0, slot].tolist() for slot in slots]


def test_the_best_return_is_kept_by_hand() -> None:
    member = control(6)
    kept = met(member, went(0, 1, 2, 3), **told([0, 1, 0], [0.0, 0.0, 4.0], [0, 0, 1]))
    assert worth(member, kept, 0, 1, 2) == [[1.0, 0.0], [0.0, 2.0], [4.0, 0.0]]
    assert recalled(member, kept, went(0, 1, 2)).flatten().tolist() == [8.0, 0.0, 0.0, 8.0, 8.0, 0.0]
    kept = met(member, went(0, 2, 4), kept=kept, **told([0, 0], [0.0, 1.0], [0, 1]))
    assert worth(member, kept, 0, 2) == [[1.0, 0.0], [4.0, 0.0]], "worse than what is known"
    kept = met(member, went(0, 2, 4), kept=kept, **told([1, 0], [0.0, 5.0], [0, 1]))
    assert worth(member, kept, 0, 2) == [[1.0, 2.5], [5.0, 0.0]]
    assert recalled(member, kept, went(0)).flatten().tolist() == pytest.approx([8.0 * 1.0 / 2.5, 8.0])


def test_a_fragment_that_does_not_end_goes_on_into_what_is_known() -> None:
    member = control(6)
    kept = met(member, went(1, 2), **told([0], [4.0], [1]))
    kept = met(member, went(0, 1), kept=kept, **told([1], [0.0], [0]))
    assert worth(member, kept, 0) == [[0.0, 2.0]]
    cut = met(member, went(0, 1), kept=kept, **told([0], [0.0], [1]))
    assert worth(member, cut, 0) == [[0.0, 2.0]], "what comes after an end is another episode"


def test_what_none_was_like_is_as_its_nearest_ones() -> None:
    member = control(2, nearest=2)
    x = torch.tensor([[1.0, 0.0], [1.0, 0.2], [0.0, 1.0]])[None, :, None]
    x = torch.cat([x, torch.ones_like(x)], dim=2)
    batch = {
        "action": torch.tensor([[[0, 0], [1, 0], [1, 0]]]),
        "reward": torch.tensor([[[1.0, 0], [3.0, 0], [9.0, 0]]]),
        "done": torch.tensor([[[1, 0], [1, 0], [1, 0]]]),
    }
    kept = met(member, x, **batch)
    asked = torch.tensor([[[[1.0, 0.1]]]])
    assert recalled(member, kept, asked).flatten().tolist() == pytest.approx([8.0 * 0.5 / 1.5, 8.0])
    assert not recalled(member, member.contents(_draw()), asked).any()


def _draw() -> Draw:
    return Draw(torch.arange(1))


def test_of_too_many_states_the_least_used_is_lost() -> None:
    member = control(6, slots=2, fade=0.5)
    kept = met(member, went(0, 1, 0), **told([0, 0], [1.0, 1.0], [1, 1]))
    kept = met(member, went(1, 5), kept=kept, **told([0], [1.0], [1]))
    kept = met(member, went(3, 5), kept=kept, **told([1], [2.0], [1]))
    assert sorted(kept[STATES][0].argmax(dim=1).tolist()) == [1, 3]
    assert worth(member, kept, 3) == [[0.0, 2.0]]
    kept = met(member, went(0, 1, 2, 3, 4), **told([0, 0, 0, 0], [1.0, 1.0, 1.0, 1.0], [1, 1, 1, 1]))
    assert sorted(kept[STATES][0].argmax(dim=1).tolist()) == [0, 1]


def test_where_nobody_acts_there_is_nothing_to_keep() -> None:
    still = {"school": {"source": {"kind": "linear_map", "d": 64}}}
    areas = {**ROOMS["organism"]["areas"], "CA3": {"kind": "episodic_control", "size": 4, "width": 64}}
    organism = {**ROOMS["organism"], "senses": {"where": {"shape": [64]}}, "areas": areas}
    costs = {"worth": {"kind": "l2", "at": "critic"}}
    stages = [{"name": "only", "world": "school", "costs": {"worth": 1.0}, "until": {"after": "3ba"}}]
    given = tiny_schedule(organism=organism, worlds=still, costs=costs, stages=stages, probes={})
    (found,) = check_document(given).errors
    assert (found.code, found.pointer) == ("E30", "/organism/areas/CA3/kind")


def test_who_watches_knows_all_actions_of_who_acts() -> None:
    areas = {**ROOMS["organism"]["areas"], "CA3": {"kind": "episodic_control", "size": 3, "width": 104}}
    worlds = {"school": {"source": "grid", "steps": 24}}
    stages = [{"name": "only", "world": "school", "costs": {"worth": 1.0}, "until": {"after": "3ba"}}]
    given = tiny_schedule(
        **{**ROOMS, "organism": ROOMS["organism"] | {"areas": areas}, "worlds": worlds}, stages=stages
    )
    (found,) = check_document(given).errors
    assert (found.code, found.pointer) == ("E14", "/organism/areas/CA3/size")
