"""Costs that look for causes: common ones, few ones, gaussian ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Entry, Figure, entry
from models.costs.sparse_code import SparseCode
from models.specs.document import read
from models.specs.worlds.linear import MixedSourcesSpec
from models.worlds.mixed_sources import mixing

_EXAMPLES = Path(__file__).parents[3] / "examples" / "members" / "costs"
PATCHES = {"patch1": {"shape": [20]}, "patch2": {"shape": [20]}}


def ratio(value_M: Tensor, classes_M: Tensor) -> float:
    """Correlation ratio: share of the variance that the means of the classes have."""
    means = torch.stack([value_M[classes_M == each].mean() for each in classes_M.unique()])
    among = (means[classes_M.unique(return_inverse=True)[1]] - value_M.mean()).square().mean()
    return float(among / value_M.var(correction=0))


def _imax(quick: bool) -> Iterator[Figure]:
    areas: dict[str, Any] = {}
    for side in "12":
        areas[f"low{side}"] = {"kind": "linear", "size": 64, "act": "relu", "init": {"kind": "normal", "sd": 0.5}}
        areas[f"top{side}"] = {"kind": "linear", "size": 1, "act": "none"}
    pathways = [{"from": f"patch{side}", "to": f"low{side}"} for side in "12"]
    pathways += [{"from": f"low{side}", "to": f"top{side}"} for side in "12"]
    organism = {"senses": PATCHES, "areas": areas, "pathways": pathways, "optimizer": {"kind": "adam", "lr": 0.01}}
    costs = {
        f"agree{side}": {
            "kind": "imax",
            "at": f"top{side}",
            "scope": "upstream",
            "target": {"kind": "area", "area": f"top{other}"},
        }
        for side, other in ("12", "21")
    }
    updates = 600 if quick else 1500
    for name, coherent, bound in (("disparity", 1.0, ">= 0.9"), ("control", 0.0, "<= 0.2")):
        source = {"kind": "stereograms", "coherent": coherent}
        life = lives.grown(
            {
                "clock": {"batch": 512},
                "organism": organism,
                "worlds": {"day": {"source": source}, "exam": {"source": "stereograms", "split": "test"}},
                "costs": costs,
                "stages": [
                    {
                        "name": "day",
                        "world": "day",
                        "costs": dict.fromkeys(costs, 1.0),
                        "until": {"after": f"{updates}ba"},
                    }
                ],
            }
        )
        seen = life.seen("exam", 1000)
        assert seen.batch.label is not None
        told = [ratio(seen.rate["top1"][n, :, 0, 0], seen.batch.label[n, :, 0]) for n in range(lives.LIVES)]
        peer = "patches without relation" if name == "control" else "correlation ratio"
        yield from lives.figures(name, told, "share", bound, peer)


def _vae(quick: bool) -> Iterator[Figure]:
    organism = lives.layers(16, sense=lives.DIGIT) | {"optimizer": {"kind": "adam", "lr": 0.01}}
    fall = {"kind": "ramp", "start": "0.5st", "end": "1st", "from": 1.0, "to": 0.01, "shape": "exp"}
    sd = 0.2

    def doubt(beta: float) -> tuple[lives.Grown, list[float]]:
        life = lives.grown(
            {
                "clock": {"batch": 100},
                "organism": organism,
                "worlds": {"day": {"source": "digits", "labels": "none"}},
                "costs": {"dream": {"kind": "vae", "at": "a1", "sd": sd, "beta": beta}},
                "stages": [
                    {
                        "name": "day",
                        "world": "day",
                        "costs": {"dream": 0.01},
                        "plasticity": {"*": fall},
                        "until": {"after": f"{1500 if quick else 5000}ba"},
                    }
                ],
            }
        )
        rate = life.seen("day", None).rate["a1"]
        return life, rate[..., 8:].mul(0.5).exp().mean(dim=(1, 2, 3)).tolist()

    life, doubted = doubt(1.0)
    best = _probabilistic_pca(life.seen("day", None).rate["retina"][0].flatten(1).double(), 8, sd)
    gap = [(bound - best) / best for bound in life.cost("dream", "day", None)]
    peer = "least possible: likelihood of probabilistic PCA"
    yield from lives.figures("above_least", gap, "share of it", "<= 0.05", peer)
    yield from lives.figures("doubt", doubted, "sd of causes", None, "prior 1")
    yield from lives.figures("control", doubt(0.0)[1], "sd of causes", "<= 0.1", "beta 0: doubt vanishes")


def _probabilistic_pca(x: Tensor, causes: int, sd: float) -> float:
    """Mean negative log likelihood of items (M, D) under the best linear model, less D log(sd sqrt(2 pi)), in nats."""
    centred = x - x.mean(dim=0)
    power = torch.linalg.eigvalsh(centred.T @ centred / len(x)).flip(0).clamp(min=0.0)
    kept = power[:causes].clamp(min=sd**2)
    rest = power.sum() - power[:causes].sum()
    whole = (kept / sd**2).log().sum() + (power[:causes] / kept).sum() + rest / sd**2
    return float(whole) / 2


def _kurtosis(code: Tensor) -> Tensor:
    """Of every unit (U,), over items (M, U)."""
    centred = code - code.mean(dim=0)
    return centred.pow(4).mean(dim=0) / centred.square().mean(dim=0).square().clamp(min=1e-12)


def _bars_found(words_US: Tensor) -> float:
    """Share of the sixteen bars that a word is, but for a tenth."""
    side = 8
    bars = torch.zeros(2 * side, side, side, dtype=words_US.dtype)
    for k in range(side):
        bars[k, k], bars[side + k, :, k] = 1.0, 1.0
    words = words_US / words_US.norm(dim=1, keepdim=True)
    likest = (words @ bars.flatten(1).T / side**0.5).abs().amax(dim=0)
    return float((likest > 0.9).double().mean())


def _sparse_code(quick: bool) -> Iterator[Figure]:
    organism = lives.layers(16, sense=lives.DIGIT) | {"optimizer": {"kind": "adam", "lr": 0.003}}
    life = lives.grown(
        {
            "clock": {"batch": 64},
            "organism": organism,
            "worlds": {"day": {"source": "bars"}, "exam": {"source": "bars", "split": "test"}},
            "costs": {"words": {"kind": "sparse_code", "at": "a1", "sparsity": 1.0}},
            "stages": [
                {
                    "name": "day",
                    "world": "day",
                    "costs": {"words": 1.0},
                    "until": {"after": f"{800 if quick else 2000}ba"},
                }
            ],
        }
    )
    found = [_bars_found(each) for each in life.weight("cost/words/dictionary")]
    yield from lives.figures("bars", found, "share", ">= 0.9", "of 16 causes, each a word")
    spec: Any = life.schedule.costs["words"]
    seen = life.seen("exam", 1000)
    codes = SparseCode("words", spec, ["retina"]).code(seen)[:, :, 0]
    x = seen.rate["retina"][0, :, 0].flatten(1)
    axes = torch.linalg.svd(x - x.mean(dim=0), full_matrices=False)[2][:16]
    yield Figure("control", _bars_found(axes), "share", "<= 0.2", "principal components")
    plain = float(_kurtosis(x @ axes.T).mean())
    told = [float(_kurtosis(code).mean()) / plain for code in codes]
    yield from lives.figures("kurtosis", told, "1", ">= 1.5", "over that of principal components")
    guess = [lives.correlation(rate, code) for rate, code in zip(seen.rate["a1"][:, :, 0], codes, strict=True)]
    yield from lives.figures("guessed", guess, "r", ">= 0.8", "area and code")


def amari(mixed_KS: Tensor, weight_SU: Tensor) -> float:
    """Amari's index in [0, 1] of a mixing (mixtures, sources) seen through weights: 0 where sources stand alone."""
    left = (weight_SU.T @ mixed_KS).abs().double()
    rows = (left / left.amax(dim=1, keepdim=True)).sum(dim=1) - 1.0
    columns = (left / left.amax(dim=0)).sum(dim=0) - 1.0
    return float((rows.sum() + columns.sum()) / (2 * len(left) * (len(left) - 1)))


def _infomax_ica(quick: bool) -> Iterator[Figure]:
    organism = lives.layers(4, sense={"x": {"shape": [4]}}, init={"kind": "orthogonal"})
    organism["optimizer"] = {"kind": "adam", "lr": 0.03}
    fall = {"kind": "ramp", "start": "0.5st", "end": "1st", "from": 1.0, "to": 0.05}
    for name, law, bound in (("apart", "laplace", "<= 0.1"), ("control", "gaussian", ">= 0.2")):
        source = {"kind": "mixed_sources", "law": law}
        day = {"name": "day", "world": "day", "costs": {"apart": 1.0}, "plasticity": {"*": fall}}
        life = lives.grown(
            {
                "clock": {"batch": 100},
                "organism": organism,
                "worlds": {"day": {"source": source}},
                "costs": {"apart": {"kind": "infomax_ica", "at": "a1"}},
                "stages": [day | {"until": {"after": f"{1000 if quick else 3000}ba"}}],
            }
        )
        mixed = mixing(MixedSourcesSpec.model_validate(source))
        told = [amari(mixed, each) for each in life.weight("area/a1/from/x/weight")]
        peer = "gaussian sources" if name == "control" else "Amari index"
        yield from lives.figures(name, told, "1", bound, peer)


def _named(life: lives.Grown, area: str) -> list[float]:
    """Share of things that lives tell apart: each unit is given the name it meets most often, and then examined."""
    units, labels = [], []
    for world in ("lesson", "exam"):
        seen = life.seen(world, 1000)
        assert seen.batch.label is not None
        units.append(seen.rate[area][:, :, 0].argmax(dim=-1))
        labels.append(seen.batch.label[:, :, 0])
    told = []
    for n in range(lives.LIVES):
        met = torch.zeros(int(units[0].max()) + 1, int(labels[0].max()) + 1)
        met.index_put_((units[0][n], labels[0][n]), torch.ones(()), accumulate=True)
        told.append(float((met.argmax(dim=1)[units[1][n].clamp(max=len(met) - 1)] == labels[1][n]).double().mean()))
    return told


def _cross_modal(quick: bool) -> Iterator[Figure]:
    """Eight things that were never named, seen and heard; the names are found at the end, unit by unit."""
    for name, mismatch, bound in (("named", 0.0, ">= 0.65"), ("control", 1.0, "<= 0.45")):
        document: dict[str, Any] = dict(read((_EXAMPLES / "cross_modal.yaml").read_bytes()).data)
        document["worlds"]["nursery"]["source"]["mismatch"] = mismatch
        document["worlds"]["lesson"] = {"source": {"kind": "pairs", "things": 8}}
        document["stages"][1]["until"] = {"after": f"{300 if quick else 1200}ba"}
        life = lives.grown(document)
        peer = "what is heard is another thing" if mismatch else "by sight, of things not met; chance .125"
        yield from lives.figures(name, _named(life, "seen"), "share", bound, peer)
        yield from lives.figures(f"{name}_heard", _named(life, "heard"), "share", None, "by ear")


ENTRIES: tuple[Entry, ...] = (
    entry("imax", _imax),
    entry("cross_modal", _cross_modal),
    entry("vae", _vae),
    entry("sparse_code", _sparse_code),
    entry("infomax_ica", _infomax_ica),
)
