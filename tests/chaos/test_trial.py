"""`python -m benchmarks.chaos` in small: a whole service under trial, and nothing is lost, doubled or different."""

from __future__ import annotations

import secrets

import pytest
from servers import do_without

from benchmarks.chaos import faults, trial
from benchmarks.chaos.servers import NoServer, postgres_programs, redis_program
from benchmarks.chaos.trial import Paces

pytestmark = [pytest.mark.servers, pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(600)]

OFTEN = Paces(kills=2.0, servers=2.0, others=3.0)
EITHER = {*faults.KILLS, "stop_worker", "harm_snapshot"}
FAULTS = {
    "embedded": EITHER | faults.EMBEDDED,
    "distributed": (EITHER | faults.BROKER.keys() | faults.DATABASE.keys()) - {"lock_database"},
}
"""What strikes at least once; a full disk where one may be mounted."""


def test_no_fault_is_left_out() -> None:
    assert FAULTS["embedded"] | FAULTS["distributed"] | {"fill_disk"} == faults.FAULTS.keys()


@pytest.mark.parametrize("mode", ["embedded", "distributed"])
def test_nothing_is_lost_doubled_or_different_whatever_happens(mode: str) -> None:
    try:
        postgres_programs()
        redis_program()
    except NoServer as error:
        do_without(str(error))
    seed = secrets.randbelow(10**6)
    found = trial.run(mode, 8.0, seed, OFTEN, updates=100)
    told, verdict = f"seed {seed}: {found}", found.verdict
    assert set(found.faults) >= FAULTS[mode], told
    assert found.accepted >= 1, told
    assert verdict.jobs_lost == [], told
    assert verdict.lives_compared >= 12 * found.accepted, f"three lives at the ends of four stages; {told}"
    assert (verdict.history_gaps, verdict.duplicates, verdict.event_gaps) == (0, 0, 0), told
    assert (verdict.lives_differing, verdict.histories_differing) == (0, 0), told
    assert trial.server_errors(found.answers) == 0, told
