"""Costs of acting for its own sake: what is done in a playground, and how far one gets in four rooms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Entry, Figure, entry
from models.costs.empowerment import bits
from models.engine.cohort import Cohort, birth
from models.engine.numerics import configure
from models.engine.step import Training
from models.specs.canonical import canonical
from models.specs.document import read
from models.specs.plan import plan_arm
from models.specs.schedule import ScheduleSpec
from models.specs.worlds.acting import ACTIVITIES, ActivitiesSpec, GridSpec
from models.worlds import build_place
from models.worlds.grid import Grid

EXAMPLES = Path(__file__).parents[3] / "examples" / "members" / "costs"
EASY, HARD, NOISE = (ACTIVITIES.index(name) for name in ("easy", "hard", "noise"))


def _lived(document: dict[str, Any], updates: int) -> tuple[Cohort, Tensor]:
    """Five lives after so many updates, and where every slot was after each (updates, N, B)."""
    cohort, seen = _followed(document, updates, ("place",))
    return cohort, seen["place"]


def _followed(document: dict[str, Any], updates: int, states: Sequence[str]) -> tuple[Cohort, dict[str, Tensor]]:
    """Five lives after so many updates, and some of the world's states after each, (updates, N, B) by name."""
    configure()
    regime = plan_arm(canonical(ScheduleSpec.model_validate(document, strict=False))).steps[0].regime
    cohort = birth(regime, range(lives.LIVES))
    training = Training(cohort, regime)
    seen: dict[str, list[Tensor]] = {name: [] for name in states}
    for _ in range(updates):
        training.update()
        for name, kept in seen.items():
            kept.append(cohort.own[f"world/{training.stream.digest}/{name}"].clone())
    return cohort, {name: torch.stack(kept) for name, kept in seen.items()}


def _document(kind: str) -> dict[str, Any]:
    return dict(read((EXAMPLES / f"{kind}.yaml").read_bytes()).data)


@cache
def _played(kind: str) -> tuple[list[float], list[float], Tensor]:
    """Share of noise, competence on hard (1 less the error of what comes of it), and what was done; by life."""
    document = _document(kind if kind == "curiosity" else "learning_progress")
    if kind == "uniform":
        document["stages"][0]["costs"] = {"foretell": 1.0}
    if kind == "window of 1":
        document["costs"]["wonder"]["window"] = 1
    cohort, seen = _lived(document, 600)
    source = ActivitiesSpec(kind="activities")
    weight_NC = cohort.params["area/cortex/from/scene/weight"].detach()
    weight_NC = weight_NC[:, HARD * source.cues : (HARD + 1) * source.cues, 0]
    sign = torch.ones(source.cues)
    sign[1::2] = -1.0
    lost_N = (weight_NC * source.faint - sign / source.cues**0.5).square().sum(dim=1)
    share_N = (seen == NOISE).float().mean(dim=(0, 2))
    return share_N.tolist(), (1.0 - lost_N).tolist(), seen


def _median(seen_UNB: Tensor, life: int, activity: int) -> float:
    """Update by which half of the visits to an activity had been made."""
    return float(np.median((seen_UNB[:, life] == activity).nonzero()[:, 0].numpy()))


def _learning_progress(quick: bool) -> Iterator[Figure]:
    noise, hard, seen = _played("learning_progress")
    yield from lives.figures("hard", hard, "share", ">= 0.9")
    yield from lives.figures("noise", noise, "share", "<= 0.15")
    later = [_median(seen, life, HARD) - _median(seen, life, EASY) for life in range(lives.LIVES)]
    yield Figure("easy_before_hard", min(later), "updates", ">= 0", "least of all lives")
    yield from lives.figures("control", _played("uniform")[1], "share", "<= 0.85", "anything alike")
    if not quick:
        yield from lives.figures("window_of_1", _played("window of 1")[1], "share", None)


def _curiosity(quick: bool) -> Iterator[Figure]:
    noise, hard, _ = _played("curiosity")
    yield from lives.figures("noise", noise, "share", ">= 0.75")
    yield from lives.figures("hard", hard, "share", "<= 0.65")
    uniform = _played("uniform")
    yield from lives.figures("control", uniform[0], "share", "within 0.2 0.3", "anything alike")
    yield from lives.figures("control_hard", uniform[1], "share", ">= 0.7", "anything alike")


def _novelty(quick: bool) -> Iterator[Figure]:
    """Places that were met, and how evenly, within the first updates of life."""
    for name, rate, bounds in (("", 0.05, (">= 0.95", ">= 0.6")), ("control_", 1e-9, ("<= 0.9", "<= 0.35"))):
        document = _document("novelty")
        document["organism"]["optimizer"]["lr"] = rate
        met_NC = _lived(document, 60)[0].own["cost/wander/met"].double()
        share_NC = met_NC / met_NC.sum(dim=1, keepdim=True)
        even_N = torch.special.entr(share_NC).sum(dim=1).exp() / met_NC.shape[1]
        peer = "a walk without aim" if name else None
        yield from lives.figures(f"{name}met", (met_NC > 0).double().mean(dim=1).tolist(), "share", bounds[0], peer)
        yield from lives.figures(f"{name}evenness", even_N.tolist(), "share", bounds[1], peer)


def _empowerment(quick: bool) -> Iterator[Figure]:
    """Bits that were found out, against a count of the places that three moves end in; and those of where one is."""
    rooms = build_place(GridSpec(kind="grid"), "train", 2)
    assert isinstance(rooms, Grid)
    true_C = torch.tensor([float(len(_ends(rooms.next, place, 3))) for place in range(len(rooms.next))]).log2()
    for name, rate in (("", 0.05), ("control_", 1e-9)):
        document = _document("empowerment")
        document["organism"]["optimizer"]["lr"] = rate
        cohort, seen = _lived(document, 100)
        found_NC = bits(cohort.own["cost/reach/led"], 3)
        if name:
            known_N = (cohort.own["cost/reach/led"] >= 0).flatten(1).all(dim=1)
            yield Figure("off", float((found_NC[known_N] - true_C).abs().max()), "bits", "<= 0", "the table of moves")
            yield Figure("middle_over_corner", float(true_C.max() - true_C[0]), "bits", ">= 0.9")
        here_N = true_C[seen[50:]].mean(dim=(0, 2)).tolist()
        required, peer = ("<= 3.86", "a walk without aim") if name else (">= 3.87", None)
        yield from lives.figures(f"{name}bits", here_N, "bits", required, peer)


def _drive(quick: bool) -> Iterator[Figure]:
    """How far levels are from the setpoints, in shares of these, half an episode after its beginning."""
    updates, last = (300, 100) if quick else (1000, 200)
    for name, bound in (("off_setpoint", "<= 0.1"), ("control", ">= 0.25")):
        document = _document("drive")
        aims = document["costs"]["want"]["setpoint"]
        document["costs"]["want"]["setpoint"] = aims if name == "off_setpoint" else aims[::-1]
        _, seen = _followed(document, updates, ("clock", "level1", "level2"))
        late_UNB = seen["clock"][-last:] >= 50
        off = sum((seen[f"level{k}"][-last:] - aim).abs() / aim for k, aim in enumerate(aims, start=1)) / len(aims)
        assert isinstance(off, Tensor)
        far_N = (off * late_UNB).sum(dim=(0, 2)) / late_UNB.sum(dim=(0, 2))
        peer = "the drive of another animal, with the setpoints the other way round" if name == "control" else None
        yield from lives.figures(name, far_N.tolist(), "share", bound, peer)


def _ends(ways: Tensor, place: int, moves: int) -> set[int]:
    """Places in which so many moves can end."""
    ends = {place}
    for _ in range(moves):
        ends = {int(each) for here in ends for each in ways[here]}
    return ends


ENTRIES: tuple[Entry, ...] = (
    entry("curiosity", _curiosity),
    entry("learning_progress", _learning_progress),
    entry("novelty", _novelty),
    entry("empowerment", _empowerment),
    entry("drive", _drive),
)
