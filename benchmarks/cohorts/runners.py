"""Those who train the nets: a cohort, a plain loop life by life, and JAX. Each goes on where it stopped.

All feed themselves from memory in shuffled passes and write down the cost of every update; all have one thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks.cohorts.nets import BATCH, ITEMS, LR, Net, document, items
from models.engine.cohort import birth
from models.engine.numerics import configure
from models.engine.stage import Flush, Orders, run
from models.specs.canonical import canonical
from models.specs.plan import plan_arm
from models.specs.schedule import ScheduleSpec

Runner = Callable[[float], int]
"""Trains for so many seconds of CPU or a little longer; how many updates of a life were done."""

SLICE_SECONDS = 10.0
"""Of CPU: the least after which a worker makes a snapshot and begins anew."""

ENDLESS = 1 << 40
"""Updates; nobody gets there."""


def cohort(net: Net, lives: int, rule: str | None = None) -> Runner:
    """The engine as a worker runs it: feeding, recording and flushing included."""
    configure()
    schedule = canonical(ScheduleSpec.model_validate(document(net, lives, rule)))
    regime = plan_arm(schedule).steps[0].regime
    grown = birth(regime, list(schedule.seeds.numbers))
    orders = Orders(regime, offsets=[ENDLESS])
    flushes: Iterator[Flush] = iter(())
    over = 0.0

    def go(seconds: float) -> int:
        nonlocal flushes, over
        begun, until = grown.offset, time.process_time() + seconds
        if time.process_time() >= over:
            flushes, over = run(grown, orders, begun, ENDLESS), time.process_time() + SLICE_SECONDS
        while time.process_time() < until:
            next(flushes)
        return lives * (grown.offset - begun)

    return go


def plain(net: Net) -> Runner:
    """The loop that one writes for one life: nn.Sequential, torch.optim.SGD, an index of a permutation, loss.item()."""
    pixels, classes = items(net)
    x, y = torch.from_numpy(pixels).float() / 255, torch.from_numpy(classes)
    model = _model(net)
    optimizer = torch.optim.SGD(model.parameters(), lr=LR)
    losses: list[float] = []
    order = torch.randperm(ITEMS)
    place = 0

    def go(seconds: float) -> int:
        nonlocal order, place
        until, before = time.process_time() + seconds, len(losses)
        while time.process_time() < until:
            if place + BATCH > ITEMS:
                order, place = torch.randperm(ITEMS), 0
            index = order[place : place + BATCH]
            place += BATCH
            loss = functional.cross_entropy(model(x[index]), y[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return len(losses) - before

    return go


def _model(net: Net) -> nn.Sequential:
    layers: list[nn.Module] = []
    if net.conv:
        maps = net.sense[0]
        for more in net.hidden:
            layers += [nn.Conv2d(maps, more, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
            maps = more
        side = net.sense[1] // 2 ** len(net.hidden)
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(maps * side * side, 10))
    width = net.inputs
    for units in net.hidden:
        layers += [nn.Linear(width, units), nn.ReLU()]
        width = units
    return nn.Sequential(nn.Flatten(), *layers, nn.Linear(width, 10))


def jax_cohort(net: Net, lives: int) -> Runner:
    """Vmap over lives inside jit, the batch gathered on the device; fully connected nets only."""
    import jax  # noqa: PLC0415 - a peer, where it is installed
    from jax import numpy as jnp  # noqa: PLC0415

    pixels, classes = items(net)
    x, y = jnp.asarray(pixels.reshape(ITEMS, -1), jnp.float32) / 255, jnp.asarray(classes)
    widths = [net.inputs, *net.hidden, 10]
    draw = np.random.default_rng(0)
    params = [
        (jnp.asarray(draw.normal(0, a**-0.5, (lives, a, b)), jnp.float32), jnp.zeros((lives, b)))
        for a, b in pairwise(widths)
    ]

    def loss(params: Any, index: Any) -> Any:
        rate = x[index]
        for weight, bias in params[:-1]:
            rate = jax.nn.relu(rate @ weight + bias)
        weight, bias = params[-1]
        chosen = jax.nn.log_softmax(rate @ weight + bias)
        return -jnp.take_along_axis(chosen, y[index][:, None], 1).mean()

    def moved(params: Any, index: Any) -> Any:
        value, grads = jax.vmap(jax.value_and_grad(loss))(params, index)
        return jax.tree.map(lambda p, g: p - LR * g, params, grads), value

    step = jax.jit(moved)
    losses: list[Any] = []
    orders = draw.permuted(np.tile(np.arange(ITEMS), (lives, 1)), axis=1)
    place = 0

    def go(seconds: float) -> int:
        nonlocal params, orders, place
        until, before = time.process_time() + seconds, len(losses)
        while time.process_time() < until:
            if place + BATCH > ITEMS:
                orders, place = draw.permuted(orders, axis=1), 0
            params, value = step(params, orders[:, place : place + BATCH])
            place += BATCH
            losses.append(np.asarray(value))
        return lives * (len(losses) - before)

    return go
