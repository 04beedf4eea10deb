"""What was tried is kept if it brought more reward than was expected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.credit.disturbed import Pushed, Pushes, taught
from models.crediting import Circuit, Judge
from models.draw import Draw
from models.protocols import Moment, Params, Synapse, Variation
from models.specs.credit.reward import RewardModulatedSpec


@final
class RewardModulated:
    """Three factors: what arrives, the random push of the unit, and the reward over what was expected.

    Update:      xi ~ N(0, 1) at every drive; a_t = argmax of the output of z + sigma xi; r_t = 1 where a_t is the
                 target, else 0; e_t = trace e_{t-1} + x_t^T xi_t / sigma with x_t the rates of the pushed circuit, for
                 they are what the push was added to; dW = +rate * mean_bt (r_t - expected) e_t;
                 critic: expected = softmax of the output without the push, at the target: what an ideal critic would
                 say of this sample; running: expected goes `tau` of the way to the batch's mean reward per update
    Information: the presynaptic rate, its own push, one reward per sample and time step and what was expected
    Shapes:      xi like drives; r (N, B, T); expected (N, B, T), or (N, 1) kept
    Units:       reward per unit of weight; sigma in units of drive
    Exactness:   the mean over pushes is the gradient of the mean reward of the pushed circuit, whatever is expected
                 without knowledge of the push; the variance falls with a better expectation
    Out:         none: areas below belong into the circuit
    Reference:   Williams (1992) Mach. Learn. 8:229; Fremaux & Gerstner (2016) Front. Neural Circuits 9:85; Hoerzer,
                 Legenstein & Maass (2014) Cereb. Cortex 24:677
    """

    alone = True

    def __init__(self, spec: RewardModulatedSpec, circuit: Circuit, exact: Synapse) -> None:
        (self._end,) = circuit.ends
        self._spec = spec
        self._circuit = circuit
        self._exact = exact

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """What is expected at first: chance."""
        if self._spec.baseline == "critic":
            return {}, {}
        classes = self._circuit.units[self._end][0]
        return {self._expected: torch.full((draw.seeds_N.shape[0], 1), 1.0 / classes)}, {}

    def synapse(self) -> Synapse:
        """The exact multiplication."""
        return self._exact

    def teaches(self, address: str) -> bool:
        """Everything."""
        return True

    def steer(self, found: Params, moment: Moment, judge: Judge | None) -> Params:
        """The credit of the pushes at the weights, and where the expectation goes."""
        if judge is None:
            return {}
        with torch.no_grad():
            pushes = Pushes(moment.draw, 0)
            tried = moment.again(Variation(synapse=dict.fromkeys(self._circuit.areas, self._pushed(pushes))))
            target = judge.target(moment)
            reward = (tried.rate[self._end].argmax(dim=3) == target).to(tried.rate[self._end].dtype)
            gain = self._traced(reward - self._expectation(target, moment)) / self._spec.sigma
            credit = pushes.credit(-gain / gain.shape[2])
        down = taught(self._circuit, self._pushed(pushes), credit, moment)
        if self._spec.baseline == "running":
            down[self._expected] = moment.own[self._expected].detach() - reward.mean(dim=(1, 2)).unsqueeze(1)
        return down

    def _pushed(self, pushes: Pushes) -> Synapse:
        """The multiplication of one pass under these pushes."""
        return Pushed(self._exact, lambda drive, z: z + self._spec.sigma * pushes.drawn(drive, z))

    def _expectation(self, target: Tensor, moment: Moment) -> Tensor:
        """Reward expected, (N, B, T) or (N, 1, 1); it must not know of the push, else the update is biased."""
        if self._spec.baseline == "running":
            return moment.own[self._expected].detach().unsqueeze(2)
        return moment.rate[self._end].softmax(dim=3).gather(3, target.unsqueeze(3)).squeeze(3)

    def _traced(self, gain: Tensor) -> Tensor:
        """What each step's push is due: the gains from then on, each `trace` times the one before it."""
        if self._spec.trace == 0.0:
            return gain
        steps = list(gain.unbind(2))
        for step in reversed(range(len(steps) - 1)):
            steps[step] = steps[step] + self._spec.trace * steps[step + 1]
        return torch.stack(steps, dim=2)

    @property
    def _expected(self) -> str:
        return f"rule/area/{self._end}/expected"
