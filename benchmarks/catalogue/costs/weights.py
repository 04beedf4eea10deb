"""Costs of weights, against their closed forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from sklearn.linear_model import Lasso
from torch import Tensor

from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Entry, Figure, entry
from models.costs.wiring import lengths

_PRICE = 0.1
_WEIGHT = "area/a1/from/retina/weight"


def _regressed(cost: str, price: float, updates: int) -> tuple[Tensor, Tensor, Tensor]:
    """Pixels (items, 64), one-hot labels (items, 10), and weights (N, 64, 10) that predict one from the other."""
    organism = lives.layers(10, sense=lives.DIGIT, bias=False)
    organism["optimizer"] = {"kind": "sgd", "lr": 0.1, "momentum": 0.9}
    fall = {"kind": "ramp", "start": "0.5st", "end": "1st", "from": 1.0, "to": 0.001, "shape": "exp"}
    life = lives.grown(
        {
            "clock": {"batch": 200},
            "organism": organism,
            "worlds": {"day": {"source": "digits", "size": 200}},
            "costs": {
                "naming": {"kind": "mse", "at": "a1", "target": "label"},
                "thrift": {"kind": cost, "at": "a1"},
            },
            "stages": [
                {
                    "name": "day",
                    "world": "day",
                    "costs": {"naming": 1.0, "thrift": price},
                    "plasticity": {"*": fall},
                    "until": {"after": f"{updates}ba"},
                }
            ],
        }
    )
    seen = life.seen("day", None)
    assert seen.batch.label is not None
    label = torch.nn.functional.one_hot(seen.batch.label[0, :, 0], 10).double()
    return seen.rate["retina"][0, :, 0].flatten(1).double(), label, life.weight(_WEIGHT).double()


def _apart(weight: Tensor, form: Tensor) -> list[float]:
    """Distances of lives from the closed form, in units of its length."""
    found: list[float] = ((weight - form).flatten(1).norm(dim=1) / form.norm()).tolist()
    return found


def _l2(quick: bool) -> Iterator[Figure]:
    for name, price, bound in (("off_ridge", _PRICE, "<= 0.05"), ("control", 1e-9, ">= 0.5")):
        x, y, weight = _regressed("l2", price, 1000 if quick else 3000)
        form = torch.linalg.solve(x.T @ x / len(x) + _PRICE * torch.eye(64), x.T @ y / len(x))
        peer = "weight 0" if name == "control" else "closed form of ridge regression"
        yield from lives.figures(name, _apart(weight, form), "share", bound, peer)


def _l1(quick: bool) -> Iterator[Figure]:
    for name, price, bound in (("off_lasso", _PRICE, "<= 0.05"), ("control", 1e-9, ">= 0.5")):
        x, y, weight = _regressed("l1", price, 4000 if quick else 8000)
        reader = Lasso(alpha=_PRICE / 2, fit_intercept=False, max_iter=20_000, tol=1e-8)
        form = torch.from_numpy(reader.fit(x.numpy(), y.numpy()).coef_.T)
        peer = "weight 0" if name == "control" else "coordinate descent of scikit-learn"
        yield from lives.figures(name, _apart(weight, form), "share", bound, peer)
        silent = (weight.abs() < 1e-3).double().mean(dim=(1, 2)).tolist()
        title = "pruned" if name == "off_lasso" else "control.pruned"
        yield from lives.figures(title, silent, "share of synapses", None, f"{float((form == 0).double().mean()):.2f}")


def _wiring(quick: bool) -> Iterator[Figure]:
    def length(kind: str, price: float) -> list[float]:
        organism = lives.layers(36, sense=lives.DIGIT) | {"optimizer": {"kind": "adam", "lr": 0.003}}
        costs: dict[str, Any] = {"rebuild": {"kind": "autoencode", "at": "a1"}, "thrift": {"kind": kind, "at": "a1"}}
        stage = {"name": "day", "world": "day", "costs": {"rebuild": 1.0, "thrift": price}}
        life = lives.grown(
            {
                "clock": {"batch": 100},
                "organism": organism,
                "worlds": {"day": {"source": "digits", "labels": "none"}},
                "costs": costs,
                "stages": [stage | {"until": {"after": f"{600 if quick else 2000}ba"}}],
            }
        )
        strength = life.weight(_WEIGHT).abs()
        far = lengths((1, 8, 8), (36,))
        told: list[float] = ((strength * far).sum(dim=(1, 2)) / strength.sum(dim=(1, 2))).tolist()
        return told

    yield from lives.figures("mean_length", length("wiring", 0.03), "sides", "<= 0.3")
    yield from lives.figures("control", length("l1", 0.015), "sides", ">= 0.45", "l1: all synapses equally long")


def _ewc(quick: bool) -> Iterator[Figure]:
    def both(price: float) -> tuple[list[float], list[float]]:
        """Accuracy on the first and on the second task after both."""
        organism = lives.layers(100, 100, 10, sense=lives.DIGIT, act="relu")
        organism["optimizer"] = {"kind": "sgd", "lr": 0.05}
        moved = {"source": "digits", "transforms": [{"kind": "permute", "seed": 1}]}
        passes = 10 if quick else 20
        keep = {f"keep{k}": {"kind": "ewc", "at": f"a{k}", "anchor": "first"} for k in (1, 2, 3)}
        anchor = {"kind": "anchor", "name": "first", "answers": "a3", "world": "first", "n": 500}
        until = {"after": f"{passes}ep"}
        life = lives.grown(
            {
                "clock": {"batch": 20},
                "organism": organism,
                "worlds": {
                    "first": {"source": "digits"},
                    "second": moved,
                    "exam1": {"source": "digits", "split": "test"},
                    "exam2": moved | {"split": "test"},
                },
                "costs": {"naming": {"kind": "cross_entropy", "at": "a3", "target": "label"}} | keep,
                "stages": [
                    {"name": "one", "world": "first", "costs": {"naming": 1.0}, "until": until},
                    {
                        "name": "two",
                        "world": "second",
                        "costs": {"naming": 1.0} | dict.fromkeys(keep, price),
                        "on_enter": [anchor],
                        "until": until,
                    },
                ],
                "probes": {
                    f"task{k}": {"kind": "accuracy", "at": "a3", "world": f"exam{k}", "every": "1ep"} for k in (1, 2)
                },
            }
        )
        return list(life.last["task1"]), list(life.last["task2"])

    kept, plain = both(10.0), both(1e-9)
    yield from lives.figures("first_task", kept[0], "share")
    yield from lives.figures("second_task", kept[1], "share")
    yield from lives.figures("control", plain[0], "share", None, "first task, weight 0")
    gained = [(a + b - c - d) / 2 for a, b, c, d in zip(*kept, *plain, strict=True)]
    yield from lives.figures("mean_gained", gained, "share", ">= 0.03", "mean of both tasks over weight 0")


ENTRIES: tuple[Entry, ...] = (entry("l1", _l1), entry("l2", _l2), entry("wiring", _wiring), entry("ewc", _ewc))
