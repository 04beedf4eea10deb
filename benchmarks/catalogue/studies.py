"""Studies of the examples, arm by arm: that what their notes say is so."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Entry, Figure, entry
from models.analysis.agreement import rank_correlation
from models.specs.checks import check_document
from models.specs.document import read

EXAMPLES = Path(__file__).parents[2] / "examples"

Arms = Mapping[str, Mapping[str, list[float]]]
"""Arm -> probe -> its last value, by life."""


def documents(study: str) -> dict[str, dict[str, Any]]:
    """The schedules of a study's arms."""
    whole = read((EXAMPLES / f"{study}.yaml").read_bytes()).data
    base = read((EXAMPLES / f"{whole['base']}.yaml").read_bytes()).data
    checked = check_document(whole, base)
    checked.refuse()
    return {arm.name: dict(arm.document) for arm in checked.arms}


def grown(study: str, only: Callable[[str], bool], change: Callable[[dict[str, Any]], dict[str, Any]]) -> Arms:
    """Some arms of a study, each changed as said."""
    return {name: lives.grown(change(document)).last for name, document in documents(study).items() if only(name)}


def shortened(value: Any, by: int) -> Any:
    """A document whose passes are so many times fewer."""
    match value:
        case dict():
            return {name: shortened(part, by) for name, part in value.items()}
        case list():
            return [shortened(part, by) for part in value]
        case str() if re.fullmatch(r"[0-9.]+ep", value):
            return f"{float(value.removesuffix('ep')) / by:g}ep"
        case _:
            return value


def slopes(onsets: Sequence[float], table: Sequence[Sequence[float]]) -> npt.NDArray[np.float64]:
    """Slope over onset of each life, from its values (onsets, lives)."""
    return np.asarray(np.polynomial.polynomial.polyfit(onsets, np.array(table), 1)[1], dtype=np.float64)


def _eyes_window(quick: bool) -> Iterator[Figure]:
    """Dominance by onset of a closed eye, with a window and without one; and a window that opens once more."""
    onsets = (0, 40) if quick else (0, 10, 20, 40)

    def only(name: str) -> bool:
        return "onset" not in name or any(name.endswith(f"onset={onset}ep") for onset in onsets)

    def change(document: dict[str, Any]) -> dict[str, Any]:
        if quick:
            document = shortened(document, 10)
            document["organism"]["optimizer"]["lr"] *= 5
        return document

    told = grown("eyes-window-study", only, change)

    def over_onset(window: str, probe: str) -> list[float]:
        table = [told[f"window={window},onset={onset}ep"][probe] for onset in onsets]
        return [10 * slope for slope in slopes(onsets, table).tolist()]

    unit = "index per 10 passes"
    yield from lives.figures("V1", over_onset("closing", "V1-leans"), unit, "<= -0.01")
    yield from lives.figures("control", over_onset("constant", "V1-leans"), unit, ">= 0.005", "V1 at a constant rate")
    yield from lives.figures(
        "neighbour", over_onset("closing", "SC-leans"), unit, ">= 0.005", "SC, which has no window"
    )
    early = told["window=closing,onset=0ep"]["V1-leans"]
    yield from lives.figures("left", early, "index", None)
    pairs = (("reopened", early, "<= -0.01"), ("reopened-blind", told["blind"]["V1-leans"], ">= -0.01"))
    for name, before, required in pairs:
        back = [after - was for after, was in zip(told[name]["V1-leans"], before, strict=True)]
        yield from lives.figures(name, back, "index", required, "not opened again")


def _blocking(quick: bool) -> Iterator[Figure]:
    """What is lost of a tone that says what a light had said; with dopamine, and with its channel cut."""
    told = grown("blocking-study", lambda name: not (quick and "constant" in name), lambda document: document)

    def lost(past: str, dopamine: str) -> list[float]:
        return told[f"past={past},dopamine={dopamine}"]["tone-lost"]

    def blocked(dopamine: str) -> list[float]:
        return [late - new for late, new in zip(lost("conditioned", dopamine), lost("none", dopamine), strict=True)]

    unit = "squared units"
    yield from lives.figures("blocked", blocked("follows"), unit, ">= 0.15")
    yield from lives.figures("control", blocked("cut"), unit, "within -0.05 0.05", "channel cut")
    yield from lives.figures("new", lost("none", "follows"), unit, "<= 0.25")
    if not quick:
        apart = max(abs(a - b) for a, b in zip(lost("none", "constant"), lost("none", "cut"), strict=True))
        yield Figure("constant_vs_cut", apart, unit, "<= 0", "bit for bit")


def _teach(quick: bool) -> Iterator[Figure]:
    """What an eye says that watched with an ear that was taught, hardly taught, or that tells of another thing."""
    spans = {"able": "listening=able", "hardly": "listening=hardly", "control": "permuted"}

    def lasting(document: dict[str, Any]) -> dict[str, Any]:
        if not quick:
            return document
        listening, watching = document["stages"]
        heard = listening if listening["until"] == {"after": "1ba"} else listening | {"until": {"after": "20ba"}}
        return document | {"stages": [heard, watching | {"until": {"after": "150ba"}}]}

    arms = grown("teach-study", lambda name: name in spans.values(), lasting)
    seen = {name: arms[arm]["eye-acc"] for name, arm in spans.items()}
    yield from lives.figures("able", seen["able"], "share", ">= 0.9", "names of eight things, by sight, never told")
    worse = [one - other for one, other in zip(seen["able"], seen["hardly"], strict=True)]
    yield from lives.figures("gained", worse, "share", ">= 0.1", "over an ear that had one lesson of fifty words")
    yield from lives.figures("control", seen["control"], "share", "<= 0.25", "words of other things; chance .125")


def _forward_model(quick: bool) -> Iterator[Figure]:
    """Squared error about where moves lead, over that of staying where one is, on walks that were not met."""
    for name, arm, bound in (("over_copy", "moves", "<= 0.15"), ("control", "shuffled", ">= 0.35")):
        document = documents("forward-model-study")[f"told={arm}"]
        if quick:
            document["stages"][0]["until"] = {"after": "400ba"}
        life = lives.grown(document)
        places = life.seen("exam", 100).rate["where"]
        copied = places.diff(dim=2).square().mean(dim=(1, 2, 3)).tolist()
        told = [missed / copy for missed, copy in zip(life.cost("foretell", "exam", 100), copied, strict=True)]
        yield from lives.figures(name, told, "share", bound, "moves told out of order" if name == "control" else None)


def _song(quick: bool) -> Iterator[Figure]:
    """Squared distance of what a bird sings from its tutor's song, over that of silence."""
    arms = {
        "early": ("heard=early", "<= 0.05", None),
        "held_open": ("held-open", "<= 0.05", "heard as late, the window still open"),
        "control_late": ("heard=late", ">= 0.9", "heard when the window had closed"),
        "control_never": ("heard=never", ">= 0.9", "never heard"),
        "control_stranger": ("stranger", ">= 0.8", "another one heard"),
        "control_deafened": ("deafened", ">= 0.9", "does not hear itself"),
    }
    told = documents("song-study")
    for name, (arm, bounds, peer) in arms.items():
        if quick and name in ("held_open", "control_never"):
            continue
        life = lives.grown(told[arm])
        song = life.items("both", 64).moment().batch.senses["ear"]
        silence = song.square().mean(dim=(1, 2, 3, 4, 5)).tolist()
        unlike = [lost / still for lost, still in zip(life.last["unlike"], silence, strict=True)]
        yield from lives.figures(name, unlike, "of silence", bounds, peer)


def _two_pathway(quick: bool) -> Iterator[Figure]:
    """By how much more a pathway carries that is cut after the rise than one that is cut at birth, by layers."""
    told = documents("two-pathway-study")

    def share(arm: str) -> list[float]:
        return lives.grown(told[arm]).last["share"]

    for depth in (1, 2) if quick else (1, 2, 3, 4):
        pairs = zip(share(f"depth={depth},onset=150ba"), share(f"depth={depth},onset=0ba"), strict=True)
        gain = [late - early for late, early in pairs]
        name, bounds = ("control_1_layer", "<= 0.06") if depth == 1 else (f"layers_{depth}", ">= 0.15")
        yield from lives.figures(name, gain, "of the signal", bounds, "one layer that learns" if depth == 1 else None)
    yield from lives.figures("uncut", share("depth=2,onset=never"), "of the signal", ">= 0.4", "two layers, no cut")
    yield from lives.figures("mirror", share("mirror"), "of the signal", ">= 0.9", "two layers, the other one cut")


def _warm_start(quick: bool) -> Iterator[Figure]:
    """Test accuracy against that of a newborn who has all signals from the start."""
    told = documents("warm-start-study")
    arms = {
        "cost": ("start=warm", "<= -0.005", None),
        "shrunk": ("start=shrunk", ">= 0.005", "shrunk and perturbed when the rest comes"),
        "control_twice": ("start=twice", "<= 0.015", "all signals, twice the updates"),
    }
    newborn = lives.grown(told["start=scratch"]).last["exam-acc"]
    for name, (arm, bounds, peer) in arms.items():
        if quick and name == "control_twice":
            continue
        pairs = zip(lives.grown(told[arm]).last["exam-acc"], newborn, strict=True)
        yield from lives.figures(name, [one - other for one, other in pairs], "of items", bounds, peer)


def reached(life: lives.Grown, share: float) -> npt.NDArray[np.float64]:
    """Updates until each probe reads a share, (probes by name, lives); NaN where it never does."""
    told = [life.readings[name] for name in sorted(life.readings)]
    met = np.array([[values for _, _, values in each] for each in told]) >= share
    at = np.array([update for _, update, _ in told[0]], dtype=np.float64)
    return np.where(met.any(axis=1), at[met.argmax(axis=1)], np.nan)


def all_modes(net: str, every: int) -> tuple[npt.NDArray[np.float64], dict[str, Any]]:
    """The times that arms of one net are named after, and one schedule with the probes of them all."""
    arms = {name: each for name, each in documents("deep-modes-study").items() if name.startswith(f"net={net},")}
    predicted = np.array([float(name.rsplit("=", 1)[1]) for name in arms])
    probes = {f"mode-{i}": each["probes"]["learned"] | {"every": f"{every}ba"} for i, each in enumerate(arms.values())}
    return predicted, next(iter(arms.values())) | {"probes": probes}


def _deep_modes(quick: bool) -> Iterator[Figure]:
    """Times at which modes are learned to a half against the closed form, and how steep the first one's rise is."""
    predicted, document = all_modes("two", 20 if quick else 5)
    two = lives.grown(document)
    half = reached(two, 0.5)
    unlike = ((half - predicted[:, None]) ** 2).sum(axis=0) / ((half - half.mean(axis=0)) ** 2).sum(axis=0)
    yield from lives.figures("r2", (1 - unlike).tolist(), "1", ">= 0.98", "updates to a half; nothing fitted")
    in_order = [float(np.all(np.diff(life) > 0)) for life in half.T]
    yield from lives.figures("in_order", in_order, "of lives", ">= 0.9")
    one = lives.grown(all_modes("one", 20 if quick else 5)[1])
    for name, life, bounds, peer in (
        ("rise", two, "within 0.25 0.45", "10 to 90 % over time to a half; ln 81 / ln(s / a - 1) = .32"),
        ("control_rise", one, "within 2.7 3.6", "one layer; ln 9 / ln 2 = 3.17"),
    ):
        rise = (reached(life, 0.9)[0] - reached(life, 0.1)[0]) / reached(life, 0.5)[0]
        yield from lives.figures(name, rise.tolist(), "of the time", bounds, peer)
    if not quick:
        yield from _waiting(predicted[-1], document)
    apart = np.ptp(reached(one, 0.5), axis=0)
    yield from lives.figures("control_apart", apart.tolist(), "updates", "<= 20", "one layer, first mode to last")


def _waiting(predicted: float, document: dict[str, Any]) -> Iterator[Figure]:
    """How much later the weakest mode is learned beside the others than in a map that has no others."""
    source = {"kind": "linear_map", "inputs": "basis", "s": [0.7]}
    worlds = {"map": {"source": source}, "exam": {"source": source, "split": "test"}}
    probes = document["probes"]
    weakest, only = {"weakest": probes["mode-5"]}, {"weakest": probes["mode-0"]}
    beside = reached(lives.grown(document | {"probes": weakest}, 40), 0.5)[0] / predicted
    alone = reached(lives.grown(document | {"worlds": worlds, "probes": only}, 40), 0.5)[0] / predicted
    yield Figure("by_itself", float(alone.mean()), "of the time", "within 0.98 1.03", "40 lives, no other modes")
    waited = stats.ttest_ind(beside, alone, equal_var=False)
    yield Figure("waited", float(beside.mean() - alone.mean()), "of the time", ">= 0.01", "40 lives, beside the others")
    yield Figure("waited_from", float(waited.confidence_interval().low), "of the time", ">= 0", "95 %")


def _separability(quick: bool) -> Iterator[Figure]:
    """Rank correlation, over childhoods, of what they make of lives under a rule and under backprop."""
    told: dict[str, dict[str, float]] = {}
    rules = ("backprop", "feedback-alignment", "readout") if quick else None
    for name, document in documents("separability-study").items():
        if "=" not in name:
            continue
        rule, childhood = (label.split("=")[1] for label in name.split(","))
        if rules is None or rule in rules:
            told.setdefault(rule, {})[childhood] = statistics.fmean(lives.grown(document).last["exam-acc"])
    curves = {rule: np.array(list(by.values())) for rule, by in told.items()}
    for rule, curve in curves.items():
        if rule != "backprop":
            rho = float(rank_correlation(curve, curves["backprop"]))
            control = rule == "readout"
            name, peer = ("control", "areas below the read-out never learn") if control else (rule, None)
            yield Figure(name.replace("-", "_"), rho, "rho", None if control else ">= 0.5", peer)


def _cataract(quick: bool) -> Iterator[Figure]:
    """Test accuracy after sixty passes of a deficit and a hundred without, against none, by the course of the rate."""
    arms = {
        "clear": "onset=0ep,duration=0ep,kind=blur",
        "blur": "onset=0ep,duration=60ep,kind=blur",
        "flip": "onset=0ep,duration=60ep,kind=flip",
        "clear-decaying": "clean-decaying-rate",
        "blur-decaying": "blur-60-decaying-rate",
        "flip-decaying": "flip-60-decaying-rate",
        "blur-restarted": "blur-60-decay-restarted",
    }

    def change(document: dict[str, Any]) -> dict[str, Any]:
        document |= {"probes": {"acc": document["probes"]["acc"]}}
        return dict(shortened(document, 4)) if quick else document

    told = grown("cataract-study", lambda name: name in arms.values(), change)
    acc = {name: np.array(told[arm]["acc"]) for name, arm in arms.items()}
    for name, less, bounds, peer in (
        ("blur", "clear", None if quick else "<= -0.01", "a constant rate"),
        ("control_flip", "clear", ">= -0.015", "a deficit that takes no detail away, at a constant rate"),
        ("blur-decaying", "clear-decaying", "<= -0.1", "a rate that decays from birth"),
        ("flip-decaying", "clear-decaying", None, "which convicts the control as well"),
        ("blur-restarted", "blur-decaying", ">= 0.05", "a rate that decays anew once it is clear"),
    ):
        apart = acc[name.removeprefix("control_")] - acc[less]
        yield from lives.figures(name.replace("-", "_"), apart.tolist(), "of items", bounds, peer)


ENTRIES: tuple[Entry, ...] = (
    entry("eyes-window-study", _eyes_window),
    entry("blocking-study", _blocking),
    entry("teach-study", _teach),
    entry("forward-model-study", _forward_model),
    entry("song-study", _song),
    entry("two-pathway-study", _two_pathway),
    entry("warm-start-study", _warm_start),
    entry("deep-modes-study", _deep_modes),
    entry("separability-study", _separability),
    entry("cataract-study", _cataract),
)
