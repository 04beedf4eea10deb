"""What linear readers and small networks make of a world: floors and ceilings for its figures."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from pydantic import TypeAdapter
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from models.protocols import Shown
from models.specs.worlds.sources import SourceSpec
from models.worlds import build_world

LIFE = torch.zeros(1, dtype=torch.int64)


def items(options: dict[str, Any], count: int | None = None, steps: int = 1, split: str = "train") -> Shown:
    """The first items of a split, all of a finite one: (1, count, T, ...)."""
    source: Any = TypeAdapter(SourceSpec).validate_python(options, strict=False)
    world = build_world(source, split, steps)
    count = count or world.size
    assert count is not None
    return world.sample(LIFE, torch.arange(count)[None])


def logistic(train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> float:
    """Accuracy of logistic regression on (items, numbers) and classes (items,)."""
    reader = LogisticRegression(max_iter=2000).fit(train[0].numpy(), train[1].numpy())
    return float(reader.score(test[0].numpy(), test[1].numpy()))


def network(widths: list[int], act: type[torch.nn.Module], seed: int) -> torch.nn.Sequential:
    """A plain network; weights N(0, 1 / fan_in) by seed, no bias at first."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        layers = [each for pair in pairwise(widths) for each in (torch.nn.Linear(*pair), act())]
        net = torch.nn.Sequential(*layers[:-1])
        for layer in net:
            if isinstance(layer, torch.nn.Linear):
                torch.nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
                torch.nn.init.zeros_(layer.bias)
    return net


def accuracy(net: torch.nn.Module, test: tuple[Tensor, Tensor]) -> float:
    """Share of items whose largest output is the class."""
    with torch.no_grad():
        return float((net(test[0]).argmax(dim=1) == test[1]).float().mean())


def trained(
    net: torch.nn.Module,
    train: tuple[Tensor, Tensor],
    optimizer: torch.optim.Optimizer,
    *,
    passes: int,
    batch: int,
    seed: int,
) -> torch.nn.Module:
    """The network after passes over the items in new orders."""
    generator = torch.Generator().manual_seed(seed)
    x, label = train
    for _ in range(passes):
        for chosen in torch.randperm(len(x), generator=generator).split(batch):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(x[chosen]), label[chosen]).backward()
            optimizer.step()
    return net
