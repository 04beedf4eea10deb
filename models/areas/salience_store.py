"""Memory of what mattered: a gate that rewards and novelty open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol, final

import torch
from torch import Tensor
from torch.nn import functional

from models.areas.activation import sigmoid
from models.draw import Draw
from models.protocols import Area, Holds, Moment, Params, Pass, Remembers, State
from models.specs.areas import SalienceStoreSpec


class Keeper(Area, Holds, Remembers, Protocol):
    """An area that keeps what it meets, but silence."""


@final
class SalienceStore:
    """A memory into which things go by how much they matter, told a while later too.

    Dynamics:   r as of the kind memory. After an update, for each of its items and steps, d_t = reward_t - usual;
                s_t = |d_t| + tag (1 - done_t) s_t+1, 0 after the last step;
                p_t = f(surprise s_t + novelty (1 - cos(m_t, r_t)) - threshold), f the logistic function, m_t what was
                met; with probability p_t the memory keeps it, else it was as silence to it;
                usual <- usual + min(1, eta) rate (mean reward - usual), eta the plasticity of the area; where the
                world gives no rewards d is 0
    Parameters: none; kept/A/slots, kept/A/use as of the kind memory, and kept/A/usual (N,), 0 at first
    Shapes:     inputs (N, B, T, *source units), U units in all -> (N, B, T, U)
    Units:      as what comes in; surprise per reward
    Rules:      none teaches it, it keeps what it meets; errors pass below through the cue, by backprop and bptt
    Reference:  the tag after Frey & Morris (1997) Nature 385:533; rewards tell what to keep: Shohamy & Adcock (2010)
                Trends Cogn. Sci. 14:464; the form is ours
    """

    def __init__(self, name: str, spec: SalienceStoreSpec, memory: Keeper) -> None:
        self.shape: tuple[int, ...] = (spec.size,)
        self._name = name
        self._spec = spec
        self._memory = memory
        self._usual = f"kept/{name}/usual"

    def init(self, draw: Draw) -> Params:
        """Nothing."""
        return self._memory.init(draw)

    def contents(self, draw: Draw) -> Params:
        """Empty slots, and no reward is usual."""
        return self._memory.contents(draw) | {self._usual: torch.zeros(draw.seeds_N.shape[0])}

    def start(self, like: Tensor) -> State:
        """Nothing is carried in time."""
        return self._memory.start(like)

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, U)."""
        return self._memory.apply(inputs, state, by)

    def remember(self, moment: Moment) -> Params:
        """Slots, their use and the usual reward after what was met."""
        met = moment.inputs[self._name]
        chance = self._chance(moment)
        draw = moment.draw.at("salience_store", self._name)
        kept = (draw.uniform(chance.shape[2]) <= chance).to(chance.dtype)
        let_in = {source: x.detach() * kept.reshape(*kept.shape, *[1] * (x.dim() - 3)) for source, x in met.items()}
        after = self._memory.remember(replace(moment, inputs={**moment.inputs, self._name: let_in}))
        reward = moment.batch.factors.get("reward")
        if reward is None:
            return after
        usual, pace = moment.own[self._usual], moment.pace[self._name].clamp(max=1.0)
        return after | {self._usual: usual + self._spec.rate * pace * (reward.mean(dim=(1, 2)) - usual)}

    def _chance(self, moment: Moment) -> Tensor:
        """Probability (N, B, T) that a step is kept."""
        spec, given = self._spec, moment.inputs[self._name].values()
        met = torch.cat([x.detach().flatten(3) for x in given], dim=-1)
        unlike = 1.0 - functional.cosine_similarity(met, moment.rate[self._name].detach(), dim=-1)
        return sigmoid(spec.surprise * self._salience(moment, met) + spec.novelty * unlike - spec.threshold)

    def _salience(self, moment: Moment, met: Tensor) -> Tensor:
        """What the rewards (N, B, T) of a step and of those after it say of it."""
        told = moment.batch.factors
        if "reward" not in told:
            return met.new_zeros(met.shape[:3])
        far = (told["reward"] - moment.own[self._usual][:, None, None]).abs()
        goes_on = 1.0 - told["done"].to(far.dtype) if "done" in told else torch.ones_like(far)
        later, back = torch.zeros_like(far[:, :, 0]), []
        for step in reversed(range(far.shape[2])):
            later = far[:, :, step] + self._spec.tag * goes_on[:, :, step] * later
            back.append(later)
        return torch.stack(back[::-1], dim=2)
