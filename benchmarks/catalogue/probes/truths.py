"""Entries of the probes of truths, costs and weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch

from benchmarks.catalogue.probes.lives import EXAMPLES, born, grown
from benchmarks.catalogue.probes.seen import Seen, normal, value
from benchmarks.catalogue.table import Figure, entry
from models.specs.document import read


def _accuracy(quick: bool) -> Iterator[Figure]:
    label = torch.arange(1000).reshape(1, -1, 1) % 10
    rate = torch.nn.functional.one_hot(label, 10).float()
    rate[:, :250] = rate[:, :250].roll(1, dims=-1)
    yield Figure(
        "right", value(Seen({"V1": rate}, label), kind="accuracy", at="V1"), "share", "== 0.75", "a quarter wrong"
    )
    chance = value(Seen({"V1": normal(1, 1000, 1, 10)}, label), kind="accuracy", at="V1")
    yield Figure("control", chance, "share", "within 0.06 0.14", "random outputs: 1 in 10")


def _mse(quick: bool) -> Iterator[Figure]:
    x = normal(1, 20000, 1, 3)
    told = {"x": x}
    off = value(Seen({"V1": x + 0.5}, factors=told), kind="mse", at="V1", truth="x")
    yield Figure("offset", off, "1", "within 0.2499 0.2501", "one half off: 1/4")
    other = value(Seen({"V1": normal(1, 20000, 1, 3, seed=1)}, factors=told), kind="mse", at="V1", truth="x")
    yield Figure("control", other, "1", "within 1.95 2.05", "unrelated: both variances, 2")


def _average_precision(quick: bool) -> Iterator[Figure]:
    event = (torch.arange(5000) % 5 == 0).long().reshape(1, -1, 1)
    ranked = value(Seen({"V1": event[..., None].float()}, event), kind="average_precision", at="V1")
    yield Figure("ranked", ranked, "share", "== 1", "events first")
    chance = value(Seen({"V1": normal(1, 5000, 1, 1)}, event), kind="average_precision", at="V1")
    yield Figure("control", chance, "share", "within 0.17 0.23", "at random: the base rate, 1/5")


def _angle_error(quick: bool) -> Iterator[Figure]:
    turn = torch.linspace(0, 2 * math.pi, 1000).reshape(1, -1, 1)
    gaze = torch.stack([turn.cos(), turn.sin()], dim=-1)
    off = torch.stack([(turn + 0.5).cos(), (turn + 0.5).sin()], dim=-1)
    found = value(Seen({"V1": 3 * off}, factors={"gaze": gaze}), kind="angle_error", at="V1", truth="gaze")
    yield Figure("turned", found, "deg", "within 28.6 28.7", "half a radian")
    chance = value(
        Seen({"V1": normal(1, 1000, 1, 2)}, factors={"gaze": gaze}), kind="angle_error", at="V1", truth="gaze"
    )
    yield Figure("control", chance, "deg", "within 85 95", "random directions: 90")


def _decode(quick: bool) -> Iterator[Figure]:
    _, last = grown("decode", 2 if quick else 5)
    yield Figure("learned", float(last["where"].mean()), "R2", ">= 0.5", "place of a disc in a code that rebuilds it")
    x, place = normal(1, 900, 1, 16), normal(1, 900, 1, 2, seed=1)
    fit, test = (Seen({"V1": x[:, cut]}, factors={"place": place[:, cut]}) for cut in (slice(600), slice(600, None)))
    chance = value(test, None, fit, kind="decode", train="school", truth="place")
    yield Figure("control", chance, "R2", "within -0.1 0.05", "activity without relation")


def _linear_readout(quick: bool) -> Iterator[Figure]:
    x = normal(1, 900, 1, 6)
    for name, label, required in (
        ("linear", x[..., 0] + x[..., 1] > 0, ">= 0.95"),
        ("control", x[..., 0] * x[..., 1] > 0, "within 0.4 0.6"),
    ):
        fit, test = (Seen({"V1": x[:, cut]}, label[:, cut].long()) for cut in (slice(600), slice(600, None)))
        found = value(test, None, fit, kind="linear_readout", train="school")
        yield Figure(name, found, "share", required, None if name == "linear" else "classes by a product: no line")


def _fewshot(quick: bool) -> Iterator[Figure]:
    first, last = grown("fewshot", 2 if quick else 5)
    yield Figure("learned", float(last["new"].mean()), "share", ">= 0.6", "letters never taught, after other letters")
    yield Figure("gained", float((last["new"] - first["new"]).mean()), "share", ">= 0.08", "over the same at birth")
    label = torch.arange(1000).reshape(1, -1, 1) % 10
    chance = value(Seen({"V1": normal(1, 1000, 1, 16)}, label), kind="fewshot")
    yield Figure("control", chance, "share", "within 0.17 0.23", "activity without relation: 1 in 5")


def _memory_capacity(quick: bool) -> Iterator[Figure]:
    told = [normal(1, 60, 80, seed=seed) for seed in (1, 2)]
    rows = [torch.stack([each.roll(k, dims=2) for k in range(6)], dim=3) for each in told]
    fit, test = (Seen({"V1": rate}, factors={"u": each}) for rate, each in zip(rows, told, strict=True))
    held = value(test, None, fit, kind="memory_capacity", train="school", truth="u", delays=12)
    yield Figure("delays", held, "1", "within 4.95 5.05", "six delays, the present among them")
    born_with = born("memory_capacity", 3 if quick else 10)["held"]
    yield Figure("echo", float(born_with[0].mean()), "1", "within 10 20", "20 linear units: 20 at most")
    yield Figure("control", float(born_with[1].max()), "1", "<= 2.2", "the read-out of two units: 2 at most")


def _preference(quick: bool) -> Iterator[Figure]:
    lives = 3 if quick else 10
    _, last = grown("preference", lives)
    yield Figure("reared", float(last["horizontal"].mean()), "1", ">= 0.3", "reared among horizontal stripes")

    def healthy(data: dict[str, Any]) -> None:
        data.pop("deficits")

    _, well = grown("preference", lives, healthy)
    yield Figure("control", float(abs(well["horizontal"]).max()), "1", "<= 0.1", "reared among both")


def _next_frame(quick: bool) -> Iterator[Figure]:
    x = normal(1, 50, 30, 4).cumsum(dim=2)
    known = torch.cat([x[:, :, 1:], x[:, :, :1]], dim=2)
    half = 0.5 * (x + known)
    found = value(Seen({"V1": half, "retina": x}), kind="next_frame", at="V1", sense="retina")
    yield Figure("half_way", found, "1", "within 0.2499 0.2501", "half the step foreseen: 1/4")
    copied = value(Seen({"V1": x, "retina": x}), kind="next_frame", at="V1", sense="retina")
    yield Figure("control", copied, "1", "== 1", "the last frame once more")


def _divergence(quick: bool) -> Iterator[Figure]:
    law = normal(1, 100, 5, 8).softmax(dim=-1)
    known = value(Seen({"V1": law.log() + 3.0}, factors={"law": law}), kind="divergence", at="V1")
    yield Figure("known", known, "nats", "within -1e-6 1e-6", "the law itself")
    even = value(Seen({"V1": torch.zeros_like(law)}, factors={"law": law}), kind="divergence", at="V1")
    wanted = float(math.log(8) + torch.xlogy(law, law).sum(dim=-1).mean())
    yield Figure("control", even, "nats", f"within {wanted - 1e-5} {wanted + 1e-5}", "all words alike: ln 8 - entropy")


def _loss(quick: bool) -> Iterator[Figure]:
    first, last = grown("loss", 2)
    name = next(iter(first))
    yield Figure(
        "learned", float(last[name].mean()), "1", f"<= {0.5 * float(first[name].mean()):.4g}", "half of birth's"
    )
    yield Figure("control", float(first[name].mean()), "1", "within 2.2 2.7", "at birth, about ln 10")


def _alignment(quick: bool) -> Iterator[Figure]:
    def taught(rule: str) -> Any:
        def change(data: dict[str, Any]) -> None:
            data["organism"]["credit"] = [{"areas": list(data["organism"]["areas"]), "rule": rule}]
            data["probes"] = {"angle": next(each for each in data["probes"].values() if each["kind"] == "alignment")}

        return change

    _, own = grown("alignment", 2, taught("backprop"))
    yield Figure("backprop", float(own["angle"].max()), "deg", "== 0", "the gradient itself")
    first = born("alignment", 5, taught("feedback_alignment"))
    yield Figure(
        "control",
        float(first["angle"].max(axis=0).mean()),
        "deg",
        "within 60 120",
        "random feedback at birth: about 90",
    )


def _fisher_trace(quick: bool) -> Iterator[Figure]:
    def undecided(data: dict[str, Any]) -> None:
        """A head that finds all ten classes alike: every drawn label leaves an error of squared norm 9/10."""
        data["organism"]["areas"]["head"]["init"] = "zeros"
        data["probes"] = {"trace": next(each for each in data["probes"].values() if each["kind"] == "fisher_trace")}
        same = {name: data["probes"]["trace"][name] for name in ("world", "every", "n")}
        data["probes"]["rms"] = {"kind": "activity", "read": "rms", **same}

    first = born("fisher_trace", 3, undecided)
    *_, below, head = first["trace"]
    expected = 0.9 * (1.0 + _units_below_head() * first["rms"][-2] ** 2)
    yield Figure("head", float((head / expected).mean()), "ratio", "within 0.9999 1.0001", ".9 (mean |h|^2 + 1)")
    yield Figure("control", float(below.mean()), "1", "== 0", "the area below, that the head does not hear")


def _units_below_head() -> int:
    areas = read((EXAMPLES / "fisher_trace.yaml").read_bytes()).data["organism"]["areas"]
    return int(list(areas.values())[-2]["size"])


def _cost_conflict(quick: bool) -> Iterator[Figure]:
    def alike(data: dict[str, Any]) -> None:
        data["costs"]["rebuild"] = dict(data["costs"]["naming"])

    first = born("cost_conflict", 3, alike)
    yield Figure("itself", float(first["conflict"].mean()), "1", "within 0.9999 1.0001", "a cost against itself")
    first = born("cost_conflict", 3)
    yield Figure("birth", float(first["conflict"].mean()), "1", "within -0.5 0.5", "naming against rebuilding")

    def apart(data: dict[str, Any]) -> None:
        data["costs"]["rebuild"]["at"] = "head"
        data["costs"]["naming"] |= {"scope": "local"}

    first = born("cost_conflict", 3, apart)
    yield Figure("control", float(first["conflict"].mean()), "1", "== 0", "costs that do not reach V1")


ENTRIES = (
    entry("accuracy", _accuracy),
    entry("mse", _mse),
    entry("average_precision", _average_precision),
    entry("angle_error", _angle_error),
    entry("decode", _decode),
    entry("linear_readout", _linear_readout),
    entry("fewshot", _fewshot),
    entry("memory_capacity", _memory_capacity),
    entry("preference", _preference),
    entry("next_frame", _next_frame),
    entry("divergence", _divergence),
    entry("loss", _loss),
    entry("alignment", _alignment),
    entry("fisher_trace", _fisher_trace),
    entry("cost_conflict", _cost_conflict),
)
