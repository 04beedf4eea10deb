"""Tasks in time, each with an answer that is known at every step."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.sequences import TrialsSpec
from models.specs.worlds.sources import name_of
from models.worlds.clips import scene_and_time

_TUNE = tuple(13 / 15 / by for by in (1, 2, 6, 3))
"""How large the sines are, the slowest first."""


@final
class Trials:
    r"""One of six tasks in which the present step does not tell the answer.

    Scene:      channel `x`. n_back: symbols; label: whether the symbol is the one of `back` steps before (0 at the
                first). match: a symbol, `delay` steps of nothing (symbol K), a symbol; label: at the last step whether
                both are the same (0, 1), before it nothing (class 2). one_two_ax: 1 or 2, then one to four pairs, the
                first of A, B, C, the second of X, Y, Z, and so on; label: whether it ends a target, A X where the last
                number is 1, B Y where it is 2. adding: a number and a mark; label: the sum of
                the numbers marked so far. flip_flop: pulses -1 and 1; label: the sign of each bit's last pulse, 0
                before the first. sines: one pulse, at one of the first `delay` steps; label: 0 before it, then
                13/15 (sin a + 1/2 sin 2a + 1/6 sin 3a + 1/3 sin 4a), a = 2 pi t / period, t steps after it
    Statistics: symbols independent, equally likely, so an n-back is one in K. Both symbols of a match are the same in
                half of the items. 1 and 2, and one to four pairs, are equally likely; half of the pairs are A X or B Y,
                each as often, in the others both symbols are independent; one symbol in eight ends a target. Numbers
                U(0, 1), two of them marked: one in each half of the item. Pulses come with probability `pulse`, either
                sign as often. Sines are the same in every item, of mean square 0.522 over whole periods; when they
                begin is equally likely
    Draws:      (life seed, world digest, presentation): symbols; first, same, other; digits, pairs, targets, letters;
                numbers, marks; pulses; onset
    Shapes:     x (N, B, T, K), (N, B, T, K + 1), (N, B, T, 8), (N, B, T, 2), (N, B, T, bits) or (N, B, T, 1) float32;
                label (N, B, T) int64, (N, B, T) or (N, B, T, bits) float32
    Units:      none
    Controls:   reset_context at every step: the present step alone, which tells nothing
    Reference:  n-back: Kirchner (1958) J. Exp. Psychol. 55:352; 1-2-AX: O'Reilly & Frank (2006) Neural Comput. 18:283,
                there with another number that does not matter; adding: Hochreiter & Schmidhuber (1997) Neural Comput.
                9:1735; flip-flops: Sussillo & Barak (2013) Neural Comput. 25:626; sines: Sussillo & Abbott (2009)
                Neuron 63:544, their published code, there without a pulse
    """

    size = None

    def __init__(self, source: TrialsSpec, split: str, steps: int) -> None:
        self.source = source
        self.steps = steps
        self._address = word(name_of(source, split))

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The trials of these presentations."""
        scene_NB, time_NBT = scene_and_time(index_NB, self.steps)
        draw = Draw(seeds_N, scene_NB, self._address)
        match self.source.task:
            case "n_back":
                x, label = self._n_back(draw, time_NBT)
            case "match":
                x, label = self._match(draw)
            case "one_two_ax":
                x, label = self._one_two_ax(draw, time_NBT)
            case "adding":
                x, label = self._adding(draw)
            case "flip_flop":
                x, label = self._flip_flop(draw, time_NBT)
            case "sines":
                x, label = self._sines(draw, time_NBT)
        return {"x": x}, label, {}

    def _n_back(self, draw: Draw, time_NBT: Tensor) -> tuple[Tensor, Tensor]:
        back, K = self.source.back, self.source.symbols
        symbol = draw.at("trials", "symbols").integers(K, int(time_NBT.max()) + 1)
        now = symbol.gather(2, time_NBT)
        then = symbol.gather(2, (time_NBT - back).clamp(min=0))
        return one_hot(now, K).to(torch.float32), ((now == then) & (time_NBT >= back)).long()

    def _match(self, draw: Draw) -> tuple[Tensor, Tensor]:
        K, T = self.source.symbols, self.source.delay + 2
        first = draw.at("trials", "first").integers(K, 1)
        same = draw.at("trials", "same").uniform(1) < 0.5
        other = (first + 1 + draw.at("trials", "other").integers(K - 1, 1)) % K
        shown = torch.full((*first.shape[:2], T), K)
        shown[..., :1], shown[..., -1:] = first, torch.where(same, first, other)
        label = torch.full_like(shown, 2)
        label[..., -1:] = same.long()
        return one_hot(shown, K + 1).to(torch.float32), label

    def _one_two_ax(self, draw: Draw, time_NBT: Tensor) -> tuple[Tensor, Tensor]:
        """Symbols in the order 1, 2, A, B, C, X, Y, Z."""
        rounds = int(time_NBT.max()) // 3 + 1
        digit = draw.at("trials", "digits").integers(2, rounds)
        ends = (3 + 2 * draw.at("trials", "pairs").integers(4, rounds)).cumsum(dim=2)
        number = torch.searchsorted(ends, time_NBT, right=True)
        last = digit.gather(2, number)
        begun = torch.where(number > 0, ends.gather(2, (number - 1).clamp(min=0)), 0)
        since = time_NBT - begun
        pair = (since - 1).clamp(min=0) // 2 + 4 * number
        meant = draw.at("trials", "targets").integers(4, 4 * rounds).gather(2, pair)
        letters = draw.at("trials", "letters").integers(3, 4 * rounds, 2)
        first, second = (torch.where(meant < 2, meant, each.gather(2, pair)) for each in letters.unbind(3))
        symbol = torch.where(since == 0, last, torch.where(since % 2 == 1, 2 + first, 5 + second))
        hit = (since > 0) & (since % 2 == 0) & (first == last) & (second == last)
        return one_hot(symbol, 8).to(torch.float32), hit.long()

    def _adding(self, draw: Draw) -> tuple[Tensor, Tensor]:
        T = self.source.length
        half = T // 2
        number = draw.at("trials", "numbers").uniform(T)
        place = draw.at("trials", "marks").uniform(2) * torch.tensor([half, T - half])
        first, second = place.long().unbind(2)
        step = torch.arange(T)
        mark = ((step == first[..., None]) | (step == second[..., None] + half)).to(torch.float32)
        return torch.stack([number, mark], dim=3), (number * mark).cumsum(dim=2)

    def _flip_flop(self, draw: Draw, time_NBT: Tensor) -> tuple[Tensor, Tensor]:
        last, bits = int(time_NBT.max()) + 1, self.source.bits
        chance = draw.at("trials", "pulses").uniform(last, bits)
        half = 0.5 * self.source.pulse
        pulse = (chance < half).to(torch.float32) - (chance > 1.0 - half).to(torch.float32)
        step = torch.arange(last)[:, None]
        since = torch.where(pulse != 0, step, -1).cummax(dim=2).values
        held = torch.where(since >= 0, pulse.gather(2, since.clamp(min=0)), 0.0)
        at = time_NBT[..., None].expand(-1, -1, -1, bits)
        return pulse.gather(2, at), held.gather(2, at)

    def _sines(self, draw: Draw, time_NBT: Tensor) -> tuple[Tensor, Tensor]:
        since = time_NBT - draw.at("trials", "onset").integers(self.source.delay, 1)
        angle = 2.0 * math.pi * since.clamp(min=0).double() / self.source.period
        sines = [share * (times * angle).sin() for times, share in enumerate(_TUNE, start=1)]
        return (since == 0).to(torch.float32).unsqueeze(3), torch.stack(sines).sum(dim=0).to(torch.float32)
