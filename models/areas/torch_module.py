"""Modules of torch as areas, for those who use the engine as a library; no document can ask for one.

    with instead_of(V1=lambda: nn.Sequential(nn.Linear(64, 32), nn.ReLU())):
        lives = birth(regime, seeds)
        for flush in run(lives, Orders(regime, offsets=[1000]), 0, 1000): ...

Inside the block every organism has these modules in the place of the areas of those names. What a module cannot do is
said when it is built: `examined` runs it for several lives at once, against itself life by life, and puts the law of
cohorts to the proof.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from models.draw import Draw, word
from models.protocols import Params, Pass, State

Make = Callable[[], nn.Module]
"""A new module; its first values are torch's own, drawn under the life's seed."""

_LIVES, _ITEMS = 3, 5
"""Of the examination; odd, so that kernels meet the ends of their blocks."""


class Unfit(ValueError):
    """A module that cannot be an area, and why."""


@dataclass(frozen=True)
class Examined:
    """What came out about a module."""

    slow: tuple[str, ...]
    """Operators of torch that run life after life, for they know no lives: `aten::...`."""


_stand_ins: ContextVar[Mapping[str, Make]] = ContextVar("stand_ins")


@contextmanager
def instead_of(**modules: Make) -> Iterator[None]:
    """Within the block, areas of these names are these modules."""
    token = _stand_ins.set({**_stand_ins.get({}), **modules})
    try:
        yield
    finally:
        _stand_ins.reset(token)


def stand_in(area: str) -> Make | None:
    """The module that stands for an area here."""
    return _stand_ins.get({}).get(area)


@final
class TorchModule:
    """A module of torch whose parameters are stacked over lives and run by vmap.

    Dynamics:   r = module(x_1, ..., x_P): one argument (M, *units) for each source, in the order of the pathways; M
                folds batch and time; the module keeps no state from one call to the next
    Parameters: area/A/module/NAME (N, *shape), NAME as `named_parameters` says it, its dots as slashes; first values
                by `make` under a seed that is addressed by the life's seed and the area; buffers are constants
    Shapes:     inputs (N, B, T, *source units) -> (N, B, T, *shape)
    Units:      the module's own
    Rules:      backprop and frozen: errors inside the module are its own affair
    Reference:  Horace He & Richard Zou (2021) functorch: JAX-like composable function transforms for PyTorch
    """

    def __init__(self, name: str, make: Make, inputs: Mapping[str, tuple[int, ...]], shape: tuple[int, ...]) -> None:
        self.shape = shape
        self._name = name
        self._make = make
        self._sources = tuple(inputs)
        self._module = make().train()
        names = [each for each, _ in self._module.named_parameters()]
        self._address = {each: f"area/{name}/module/{each.replace('.', '/')}" for each in names}
        self.examined = _examined(self._module, [tuple(inputs[source]) for source in self._sources], shape)

    def init(self, draw: Draw) -> Params:
        """First values, life by life."""
        lives = [self._born(int(seed)) for seed in draw.seeds_N]
        return {address: torch.stack([life[each] for life in lives]) for each, address in self._address.items()}

    def _born(self, seed: int) -> dict[str, Tensor]:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(word("torch_module", self._name, seed))
            module = self._make()
        return {each: value.detach() for each, value in module.named_parameters()}

    def start(self, like: Tensor) -> State:
        """Nothing is carried."""
        return ()

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, *shape)."""
        first = inputs[self._sources[0]]
        N, B, T = first.shape[:3]
        given = [inputs[source].reshape(N, B * T, *inputs[source].shape[3:]) for source in self._sources]
        params = {each: by.weight[address] for each, address in self._address.items()}
        return _over_lives(self._module, params, given).reshape(N, B, T, *self.shape), state


def _over_lives(module: nn.Module, params: Mapping[str, Tensor], given: Sequence[Tensor]) -> Tensor:
    """The module's answers (N, M, ...); one life alone runs beside itself, for torch has other kernels for one."""
    alone = given[0].shape[0] == 1
    if alone:
        params = {each: value.expand(2, *value.shape[1:]) for each, value in params.items()}
        given = [x.expand(2, *x.shape[1:]) for x in given]

    def one(params: dict[str, Tensor], *x: Tensor) -> Tensor:
        return functional_call(module, params, x)  # type: ignore[no-any-return]

    answer: Tensor = vmap(one, randomness="error")(dict(params), *given)
    return answer[:1] if alone else answer


def _examined(module: nn.Module, shapes: Sequence[tuple[int, ...]], shape: tuple[int, ...]) -> Examined:
    """Run it for several lives; Unfit if it fails, or the lives are not what they are alone and elsewhere."""
    draw = torch.Generator().manual_seed(0)
    params = {
        each: torch.stack([value.detach() * (1.0 + 0.1 * life) for life in range(_LIVES)]).requires_grad_()
        for each, value in module.named_parameters()
    }
    if not params:
        raise Unfit(f"{_kind(module)} has no parameters; give its work to an area's act")
    constants = {each: value.clone() for each, value in module.named_buffers()}
    given = [torch.randn(_LIVES, _ITEMS, *each, generator=draw) for each in shapes]
    with _fallbacks() as said:
        together = _tried(module, params, given, shape)
        _law(module, params, given, together, shape)
    slow = sorted(set(re.findall(r"aten::\w+", " ".join(str(each.message) for each in said))))
    for each, value in module.named_buffers():
        if not torch.equal(value, constants[each]):
            raise Unfit(f"{_kind(module)} changes its buffer {each}; an area keeps no state of its own")
    return Examined(tuple(slow))


@contextmanager
def _fallbacks() -> Iterator[list[warnings.WarningMessage]]:
    """What torch says of operators without a rule for lives; otherwise it keeps that to itself."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        torch._C._functorch._set_vmap_fallback_warning_enabled(True)  # type: ignore[attr-defined]
        try:
            yield said
        finally:
            torch._C._functorch._set_vmap_fallback_warning_enabled(False)  # type: ignore[attr-defined]


def _tried(
    module: nn.Module, params: Mapping[str, Tensor], given: Sequence[Tensor], shape: tuple[int, ...]
) -> list[Tensor]:
    """Answers and gradients of all parameters, forward and back."""
    try:
        answer = _over_lives(module, params, given)
        if answer.shape[2:] != shape:
            told = f"answers {tuple(answer.shape[2:])} for each item, the area has {shape}"
            raise Unfit(f"{_kind(module)} {told}")
        grads = torch.autograd.grad(answer.square().sum(), list(params.values()), allow_unused=True)
    except Unfit:
        raise
    except Exception as error:
        reason = str(error).strip().split("\n")[0]
        raise Unfit(f"{_kind(module)} cannot run for several lives at once: {reason}") from error
    unused = [each for each, grad in zip(params, grads, strict=True) if grad is None]
    if unused:
        raise Unfit(f"{_kind(module)} does not use its parameters {', '.join(unused)}")
    return [answer.detach(), *(grad for grad in grads if grad is not None)]


def _law(
    module: nn.Module,
    params: Mapping[str, Tensor],
    given: Sequence[Tensor],
    together: Sequence[Tensor],
    shape: tuple[int, ...],
) -> None:
    """Unfit unless every life gives the same bits alone and in another slot, and what the module gives without us."""
    for life in range(_LIVES):
        own = {each: value.detach()[life] for each, value in params.items()}
        direct = functional_call(module, own, tuple(x[life] for x in given))
        if not torch.allclose(direct, together[0][life], rtol=1e-4, atol=1e-5 * math.sqrt(math.prod(shape))):
            raise Unfit(f"{_kind(module)} answers otherwise when several lives run at once")
        for lives in ([life], [life, (life + 1) % _LIVES]):
            some = {each: value.detach()[lives].requires_grad_() for each, value in params.items()}
            found = _tried(module, some, [x[lives] for x in given], shape)
            if not all(torch.equal(ours[0], theirs[life]) for ours, theirs in zip(found, together, strict=True)):
                raise Unfit(
                    f"{_kind(module)} gives other bits in a cohort of {len(lives)}: lives would not be the same"
                )


def _kind(module: nn.Module) -> str:
    return f"module {type(module).__name__}"
