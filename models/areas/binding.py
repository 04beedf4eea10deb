"""Two things made one, from which each can be found again by the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.areas.membrane import carried
from models.draw import Draw
from models.protocols import Params, Pass, State
from models.specs.structures import BindingSpec


@final
class Binding:
    """Holographic binding: circular convolution, and its approximate inverse.

    Dynamics:   p_k = sum_j a_j b_{k-j} (convolve), or sum_j a_j b_{k+j} (correlate), indices modulo U, with a what the
                first of its two pathways brings, in the order of the document, b the second; r_t = keep r_{t-1} + p_t
    Parameters: none
    Shapes:     inputs (N, B, T, *source units), U units each -> (N, B, T, U)
    Units:      those of a times those of b; of random vectors of length 1, what is found again is as far from the
                truth as it is long, with n pairs sqrt(n) times
    Rules:      none teaches it; errors pass to both inputs by backprop and bptt
    Reference:  Plate (1995) IEEE Trans. Neural Netw. 6:623, equations 1 to 3
    """

    def __init__(self, spec: BindingSpec, inputs: Mapping[str, tuple[int, ...]]) -> None:
        self.shape: tuple[int, ...] = (spec.size,)
        self._spec = spec
        self._sources = tuple(inputs)

    def init(self, draw: Draw) -> Params:
        """Nothing."""
        return {}

    def start(self, like: Tensor) -> State:
        """What it holds (N, B, U), 0; nothing where it keeps nothing."""
        return (like.new_zeros(*like.shape[:2], self._spec.size),) if self._spec.keep else ()

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, U)."""
        first, second = (torch.fft.rfft(inputs[source].flatten(3)) for source in self._sources)
        bound = torch.fft.irfft(_product(first, second, conjugate=self._spec.operation == "correlate"), self._spec.size)
        if not self._spec.keep:
            return bound, state
        rates = []
        for step, each in enumerate(bound.unbind(2)):
            (held,) = state if step == 0 else carried(state, step, by)
            rates.append(self._spec.keep * held + each)
            state = (rates[-1],)
        return torch.stack(rates, dim=2), state


def _product(a: Tensor, b: Tensor, *, conjugate: bool) -> Tensor:
    """The product a b, or of a's conjugate and b; in real numbers, as complex ones are rounded otherwise at the end."""
    sign = -1.0 if conjugate else 1.0
    real = a.real * b.real - sign * a.imag * b.imag
    return torch.complex(real, a.real * b.imag + sign * a.imag * b.real)
