"""Modules of torch as areas: what they compute, what is refused, and that they keep the law of cohorts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from build import tiny_schedule
from living import digest, live, planned
from torch import nn

from models.areas.torch_module import TorchModule, Unfit, instead_of
from models.credit.backprop import Exact
from models.draw import Draw
from models.engine.organism import Organism
from models.errors import Refused
from models.protocols import Pass


class Custom(nn.Module):
    """One layer, and whatever is done to what comes out of it."""

    def __init__(self, after: Callable[[torch.Tensor], torch.Tensor] = torch.tanh) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 4)
        self.after = after

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.after(self.layer(x))


class Pair(nn.Module):
    """Two sources meet."""

    def __init__(self) -> None:
        super().__init__()
        self.eye, self.ear = nn.Linear(6, 4), nn.Linear(3, 4, bias=False)

    def forward(self, eye: torch.Tensor, ear: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.eye(eye) + self.ear(ear))


class Counting(Custom):
    """Keeps a count."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("met", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.met = self.met + 1
        return super().forward(x)


def built(make: Callable[[], nn.Module], **inputs: tuple[int, ...]) -> TorchModule:
    return TorchModule("V1", make, inputs or {"eye": (6,)}, (4,))


def test_it_computes_what_each_lifes_module_computes() -> None:
    area = built(Pair, eye=(6,), ear=(3,))
    params = area.init(Draw(torch.tensor([3, 5, 9])))
    assert set(params) == {f"area/V1/module/{name}" for name in ("eye/weight", "eye/bias", "ear/weight")}
    eye, ear = torch.randn(3, 5, 2, 6), torch.randn(3, 5, 2, 3)
    rate, state = area.apply({"eye": eye, "ear": ear}, area.start(eye), Pass(params, Exact(), {}))
    assert (rate.shape, state) == ((3, 5, 2, 4), ())
    for life in range(3):
        own = {name: value[life] for name, value in params.items()}
        drive = eye[life] @ own["area/V1/module/eye/weight"].mT + own["area/V1/module/eye/bias"]
        wanted = torch.relu(drive + ear[life] @ own["area/V1/module/ear/weight"].mT)
        torch.testing.assert_close(rate[life], wanted)


def test_first_values_are_the_lifes_own_and_leave_torchs_draws_alone() -> None:
    area, before = built(Custom), torch.random.get_rng_state()
    several, alone = area.init(Draw(torch.tensor([3, 5]))), area.init(Draw(torch.tensor([5])))
    assert torch.equal(torch.random.get_rng_state(), before)
    for name, value in alone.items():
        assert torch.equal(several[name][1], value[0])
        assert not torch.equal(several[name][0], value[0])


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: Custom(lambda h: h * 2 if h.sum() > 0 else h), "cannot run for several lives at once"),
        (lambda: Custom(lambda h: h * h.max().item()), "cannot run for several lives at once"),
        (lambda: Custom(nn.Dropout(0.5)), "cannot run for several lives at once"),
        (lambda: Custom(lambda h: h[h > 0]), "cannot run for several lives at once"),
        (lambda: nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4)), "cannot run|changes its buffer"),
        (Counting, "changes its buffer met"),
        (nn.Tanh, "has no parameters"),
        (lambda: nn.Linear(6, 5), r"answers \(5,\) for each item, the area has \(4,\)"),
    ],
)
def test_what_it_cannot_do_is_said_when_it_is_built(make: Callable[[], nn.Module], why: str) -> None:
    with pytest.raises(Unfit, match=why):
        built(make)


def test_operators_that_run_life_after_life_are_named() -> None:
    assert built(Custom).examined.slow == ()
    assert built(lambda: Custom(lambda h: torch.cumsum(torch.nn.functional.gelu(h), 1))).examined.slow == ()
    slow = built(lambda: Custom(lambda h: h + torch.histc(h.detach(), 4))).examined.slow
    assert slow == ("aten::histc",)


def schedule(**changes: Any) -> Any:
    return tiny_schedule(**changes)


def hidden() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 20), nn.GELU(), nn.LayerNorm(20))


def area_of(document: dict[str, Any]) -> str:
    return next(iter(document["organism"]["areas"]))


def test_a_life_is_the_same_in_every_cohort_alone_and_cut_in_pieces() -> None:
    document = schedule()
    name = area_of(document)
    document["organism"]["areas"][name] = {"kind": "linear", "size": 20}
    arm = planned(document)
    with instead_of(**{name: hidden}):
        whole, histories = live(arm, range(3))
        assert f"area/{name}/module/1/weight" in whole.params
        alone, history = live(arm, [1])
        cut, pieces = live(arm, [2, 1], every=3)
    bare, _ = live(arm, [1])
    assert f"area/{name}/module/1/weight" not in bare.params
    assert digest(whole.take([1]), {1: histories[1]}) == digest(alone, history)
    assert digest(cut.take([1]), {1: pieces[1]}) == digest(alone, history)
    first = next(series for (_, path), series in history[1].items() if path.startswith("cost."))
    assert len(first) > 3


def test_rules_that_reach_inside_are_refused() -> None:
    document = schedule()
    name = area_of(document)
    document["organism"]["areas"][name] = {"kind": "linear", "size": 20}
    document["organism"]["credit"] = [{"areas": list(document["organism"]["areas"]), "rule": "feedback_alignment"}]
    spec = planned(document).steps[0].regime.organism
    Organism(spec)
    with instead_of(**{name: hidden}), pytest.raises((Unfit, Refused), match="is a module: backprop teaches it"):
        Organism(spec)
