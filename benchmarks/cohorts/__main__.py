"""Many lives at once against one after the other: updates of an organism per second of CPU, one thread each.

Rounds are interleaved: in each, every runner trains for about as long, and ours is held against the peer of the same
round; a row is the median of these ratios. For information a loop written out by hand, and JAX where it is installed.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.report import Report, start
from workers.environment import settle

settle()
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

from benchmarks.cohorts.bare import bare  # noqa: E402 - torch loads after it is settled
from benchmarks.cohorts.nets import CONV, MEDIUM, SMALL, registered  # noqa: E402
from benchmarks.cohorts.runners import Runner, cohort, jax_cohort, plain  # noqa: E402

SECONDS = 0.7
"""Of CPU in a round, for each runner."""


def timed(go: Runner) -> float:
    """Updates of a life per second of CPU, in one round."""
    begun = time.process_time()
    done = go(SECONDS)
    return done / (time.process_time() - begun)


def interleaved(runners: Mapping[str, Runner], rounds: int) -> dict[str, list[float]]:
    """Paces of each runner, round by round, after one for what is only done at first."""
    paces: dict[str, list[float]] = {name: [] for name in runners}
    for name in [*runners] * (1 + rounds):
        paces[name].append(timed(runners[name]))
    return {name: several[1:] for name, several in paces.items()}


def against(
    report: Report,
    row: str,
    paces: Mapping[str, list[float]],
    peer: str,
    required: str | None = None,
    runner: str = "ours",
) -> None:
    """The row of one comparison: the median of the ratios, and where the middle half of them lies."""
    ratios = [ours / theirs for ours, theirs in zip(paces[runner], paces[peer], strict=True)]
    low, _, high = statistics.quantiles(ratios, n=4)
    named = f"{peer} at {statistics.median(paces[peer]):.0f}/s, {runner} {statistics.median(paces[runner]):.0f}/s"
    report.add(row, statistics.median(ratios), "x", required, peer=f"{named}; middle half {low:.2f} to {high:.2f}")


def main() -> int:
    """Run it."""
    report = start("cohorts")
    rounds = 9 if report.quick else 25
    has_jax = importlib.util.find_spec("jax") is not None
    cases = {
        "mlp_small_n32": (SMALL, 32, ">= 2.5"),
        "mlp_small_n8": (SMALL, 8, None),
        "mlp_medium_n32": (MEDIUM, 32, ">= 1.3"),
        "conv_n8": (CONV, 8, ">= 1.0"),
    }
    with tempfile.TemporaryDirectory() as folder:
        registered(Path(folder))
        for name, (net, lives, required) in cases.items():
            runners = {"ours": cohort(net, lives), "plain": plain(net)}
            if not net.conv:
                runners |= {"bare": bare(net, lives)} | ({"jax": jax_cohort(net, lives)} if has_jax else {})
            paces = interleaved(runners, rounds)
            against(report, f"{name}_vs_plain", paces, "plain", required)
            if "bare" in runners:
                against(report, f"{name}_bare_vs_plain", paces, "plain", runner="bare")
            if "jax" in runners:
                against(report, f"{name}_vs_jax", paces, "jax")
        runners = {"ours": cohort(SMALL, 32, "feedback_alignment"), "backprop": cohort(SMALL, 32)}
        against(report, "fa_vs_backprop", interleaved(runners, rounds), "backprop", ">= 0.9")
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
