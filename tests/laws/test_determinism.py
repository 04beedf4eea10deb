"""The law: a life's weights and history depend on its document, its seed and the numerics class; on nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from living import History, digest, live, planned

from models.engine import snapshot
from models.engine.cohort import Cohort
from models.engine.numerics import arithmetic_digest, numerics_class
from models.specs.canonical import canonical_bytes

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
GOLDEN = json.loads((HERE / "golden.json").read_text())


def short_life() -> dict[str, Any]:
    """The quickstart with stages of a pass, an overlay across them, and a trigger that ends lives at different ages."""
    data = yaml.safe_load((EXAMPLES / "quickstart.yaml").read_text())
    data["worlds"]["crib"]["size"] = data["worlds"]["school"]["size"] = 240
    for stage in data["stages"][:2]:
        stage["until"] = {"after": "30ba"}
    data["stages"][2] |= {
        "until": {"criterion": {"probe": "quiz-acc", "op": ">=", "value": 0.72, "hold": 2}},
        "limit": "120ba",
    }
    data["deficits"] = {"fog": {"transform": {"kind": "blur", "sigma": 1.0}, "onset": "20ba", "duration": "20ba"}}
    data["probes"]["quiz-acc"]["every"] = "5ba"
    return data


def reload(cohort: Cohort) -> Cohort:
    """What a crash leaves: the snapshot."""
    return snapshot.load(snapshot.dump(cohort, {}))[0]


def test_the_same_document_twice_gives_the_same_bits() -> None:
    arm = planned(short_life())
    assert digest(*live(arm, range(3))) == digest(*live(arm, range(3)))


def test_a_life_alone_is_the_life_in_a_cohort_of_eight() -> None:
    arm = planned(short_life())
    whole, histories = live(arm, range(8))
    for seed in (0, 3, 7):
        alone, own = live(arm, [seed])
        assert own[seed] == histories[seed]
        together = whole.take([whole.seeds.index(seed)])
        assert snapshot.state_hash(alone) == snapshot.state_hash(together)


def test_lives_that_leave_at_different_ages_do_so_for_this_law_to_mean_something() -> None:
    cohort, _ = live(planned(short_life()), range(8))
    assert len(set(cohort.age_N.tolist())) > 2


@pytest.mark.parametrize("every", [1, 7, 30])
def test_a_life_cut_and_reloaded_anywhere_is_the_life_undisturbed(every: int) -> None:
    arm = planned(short_life())
    assert digest(*live(arm, range(3), reload, every)) == digest(*live(arm, range(3)))


def test_other_seeds_are_other_lives() -> None:
    arm = planned(short_life())
    _, histories = live(arm, [0, 1])
    assert histories[0][0, "cost.rebuild-V1"] != histories[1][0, "cost.rebuild-V1"]


def golden_key() -> str:
    """Class and arithmetic of this machine: what the golden bits belong to."""
    return f"{canonical_bytes(numerics_class()).decode()} {arithmetic_digest()}"


def steady_life() -> dict[str, Any]:
    """The short life with a last stage of fixed length, so that no rounding decides when it ends."""
    data = short_life()
    naming = data["stages"][2]
    naming["until"] = {"after": "60ba"}
    del naming["limit"]
    return data


def last_values(histories: dict[int, History]) -> dict[str, float]:
    """The last value of every series of the last stage, a mean over lives."""
    last = max(ordinal for ordinal, _ in histories[0])
    paths = sorted(path for ordinal, path in histories[0] if ordinal == last)
    return {
        path: float(np.mean([np.frombuffer(each[last, path][-1][1], np.float32)[0] for each in histories.values()]))
        for path in paths
    }


def test_the_golden_run_gives_the_golden_bits() -> None:
    """Renew with `make golden` after a change that is meant to change results, and say so in Changes.

    Bits are known for the processors on which someone renewed them; every other is held to the values below.
    """
    bits = digest(*live(planned(short_life()), range(3)))
    assert GOLDEN["bits"].get(golden_key(), bits) == bits


def test_the_golden_run_gives_the_golden_values_on_every_machine() -> None:
    found = last_values(live(planned(steady_life()), range(3))[1])
    assert found == pytest.approx(GOLDEN["values"], rel=1e-2, abs=1e-5)
