"""The cataract study on two workers of the service against a plain script in two processes, from start to end.

Ours: from the POST to the last stored value, by two workers that are up, with database, snapshots, histories and the
study's three probes. Theirs: `benchmarks.study.plain`, the same arms, seeds and readings, two processes of one thread.
Both train on the same items. Lengths are those of the example over 4, quick over 10 and with 10 seeds; the example's
matched control is left out, for the script has none. `arms_agree` is the share of arms whose mean final accuracy
does not differ between the two (Welch, Holm over arms, 5 %). `study_vs_plain_1proc` takes the one process to need what
the two needed together.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy import stats

from benchmarks.report import start
from benchmarks.service import ROOT, service
from workers.environment import settle

settle()

import torch  # noqa: E402

from benchmarks.study.plain import told  # noqa: E402 - torch loads after it is settled
from models.analysis.statistics import holm  # noqa: E402
from models.engine.feed import Stream  # noqa: E402
from models.specs.schedule import ScheduleSpec  # noqa: E402
from models.specs.transforms.senses import BlurSpec  # noqa: E402
from models.transforms.blur import Blur  # noqa: E402
from service.client import Client  # noqa: E402

UNIT = 20
"""Passes of the example that the script counts as one."""


def shortened(value: Any, by: float) -> Any:
    """A document whose passes are so many times fewer, cadences at least one."""
    match value:
        case dict():
            return {name: shortened(part, by) for name, part in value.items()}
        case list():
            return [shortened(part, by) for part in value]
        case str() if re.fullmatch(r"[0-9.]+ep", value):
            passes = float(value.removesuffix("ep"))
            return f"{max(1.0, passes / by) if passes in (2, 10) else passes / by:g}ep"
        case _:
            return value


def study(seeds: int, by: float) -> dict[str, Any]:
    """The example, shorter, with its base inside."""
    folder = ROOT / "examples"
    base = yaml.safe_load((folder / "cataract-blur.yaml").read_text())
    document = yaml.safe_load((folder / "cataract-study.yaml").read_text())
    for asked in ("controls", "confirm", "expect"):
        del document[asked]
    document["contrasts"] = [each for each in document["contrasts"] if each.get("control") != {"arm": "same-age"}]
    return dict(shortened(document | {"base": base, "seeds": {"start": 0, "count": seeds}}, by))


def items(file: Path, base: dict[str, Any]) -> None:
    """What the worlds of the base show and the matrix of the blur, for the script."""
    schedule = ScheduleSpec.model_validate(base)
    kept: dict[str, torch.Tensor] = {}
    for world, prefix in (("day", ""), ("day-test", "test_")):
        stream = Stream(schedule.worlds[world], schedule.organism.senses, {})
        seeds_N = torch.zeros(1, dtype=torch.int64)
        index = stream.subset(seeds_N)
        batch = stream.show(seeds_N, index, stream.draw(seeds_N, index))
        assert batch.label is not None
        kept |= {f"{prefix}x": batch.senses["retina"].reshape(-1, 40), f"{prefix}y": batch.label.reshape(-1)}
    cataract = schedule.deficits["cataract"].transform
    assert isinstance(cataract, BlurSpec)
    blur = Blur(cataract)
    one = torch.eye(40)[None, :, None]
    kept["blur"] = blur(one, torch.ones(1), stream.draw(seeds_N, index)).reshape(40, 40)
    arrays: dict[str, Any] = {name: value.numpy() for name, value in kept.items()}
    np.savez(file, **arrays)


def theirs(file: Path, unit: float, seeds: int, parts: int) -> tuple[float, dict[str, dict[str, float]]]:
    """Seconds of the script in so many processes, and final accuracies by arm and seed."""
    command = [sys.executable, "-m", "benchmarks.study.plain", str(file), str(unit), str(seeds)]
    begun = time.perf_counter()
    running = [
        subprocess.Popen([*command, str(part), str(parts)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for part in range(parts)
    ]
    said = [told(each.communicate()[0]) for each in running]
    seconds = time.perf_counter() - begun
    found: dict[str, dict[str, float]] = {}
    for part in said:
        for arm, values in part.items():
            found.setdefault(arm, {}).update(values)
    return seconds, found


def ours(client: Client, document: dict[str, Any]) -> tuple[float, dict[str, list[float]], float]:
    """Seconds from POST to the end, final accuracies by arm, and how many times as many samples unshared arms need."""
    begun = time.perf_counter()
    job = client.submit(document).wait()
    seconds = time.perf_counter() - begun
    if job.status != "succeeded":
        raise RuntimeError(f"{job.id} {job.status}: {job.state['error']}")
    (final,) = (each for each in job.outcomes().outcomes if each.name == "final")
    by_arm = {each.name: [life.value for life in each.lives if life.value is not None] for each in final.arms}
    samples = client.plan(document)["totals"]["samples"]
    return seconds, by_arm, samples["flat"] / samples["shared"]


def agreeing(here: dict[str, list[float]], there: dict[str, dict[str, float]]) -> float:
    """Share of arms whose means do not differ."""
    if here.keys() != there.keys():
        raise RuntimeError(f"arms differ: {sorted(here.keys() ^ there.keys())}")
    p = [stats.ttest_ind(here[arm], list(there[arm].values()), equal_var=False).pvalue for arm in here]
    return statistics.fmean(float(each is None or each >= 0.05) for each in holm(p))


def main() -> int:
    """Run it."""
    report = start("study")
    seeds, by = (10, 10.0) if report.quick else (20, 4.0)
    document, unit = study(seeds, by), UNIT / by
    with tempfile.TemporaryDirectory() as folder, service(workers=2) as (client, _):
        file = Path(folder) / "items.npz"
        items(file, document["base"])
        client.submit(warm(document)).wait()
        seconds, here, sharing = ours(client, document)
        two, there = theirs(file, unit, seeds, 2)
    report.add("study_lives", sum(map(len, here.values())), "lives")
    report.add("study_seconds", seconds, "s")
    report.add("study_vs_plain_2proc", two / seconds, "x", ">= 4", peer=f"plain script, two processes, {two:.0f} s")
    report.add("study_vs_plain_1proc", 2 * two / seconds, "x", peer="plain script, one process, reckoned")
    report.add("samples_shared_ratio", sharing, "x", peer="samples if no arm shared its past")
    report.add("arms_agree", agreeing(here, there), "share", ">= 1", peer="plain script")
    gaps = [abs(statistics.fmean(here[arm]) - statistics.fmean(there[arm].values())) for arm in here]
    report.add("largest_gap", max(gaps), "accuracy", peer="plain script")
    return report.close()


def warm(document: dict[str, Any]) -> dict[str, Any]:
    """A life of other seeds, so that both workers have loaded what they need."""
    base = document["base"]
    stages = [{**base["stages"][0], "until": {"after": "1ep"}}]
    bare = {name: part for name, part in base.items() if name not in ("deficits", "critical_periods")}
    return dict(bare | {"stages": stages, "seeds": {"start": 900, "count": 64}})


if __name__ == "__main__":
    sys.exit(main())
