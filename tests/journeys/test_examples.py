"""What examples say of themselves, in a small form: few lives, few passes, the arms that differ most."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest
import torch

from benchmarks.catalogue import studies
from benchmarks.catalogue.costs import lives
from models.engine.cohort import birth
from models.specs.canonical import canonical
from models.specs.checks import check_document
from models.specs.document import read
from models.specs.plan import plan_arm
from models.specs.schedule import ScheduleSpec
from models.specs.worlds.linear import LinearMapSpec
from models.worlds import linear_map

EXAMPLES = studies.EXAMPLES


def found(study: str) -> list[str]:
    """Codes of all findings of a study."""
    whole = read((EXAMPLES / f"{study}.yaml").read_bytes()).data
    base = read((EXAMPLES / f"{whole['base']}.yaml").read_bytes()).data
    return [each.code for each in check_document(whole, base).findings]


def early_and_late() -> list[dict[str, Any]]:
    """A closed eye at birth and late, under the window of V1; a twentieth as long, at ten times the rate."""
    arms = studies.documents("eyes-window-study")
    chosen = [studies.shortened(arms[f"window=closing,onset={onset}ep"], 20) for onset in (0, 40)]
    for document in chosen:
        document["organism"]["optimizer"]["lr"] *= 10
        document["probes"].pop("exam-acc")
    return chosen


def test_a_window_closes_on_one_area_while_its_neighbour_stays_plastic() -> None:
    assert found("eyes-window-study") == []
    early, late = (lives.grown(document, 3).last for document in early_and_late())
    for life in range(3):
        assert early["V1-leans"][life] - late["V1-leans"][life] > 0.05, "the window had closed on V1"
        assert late["SC-leans"][life] - early["SC-leans"][life] > 0.05, "nothing had closed on SC"


def test_surprise_gates_what_is_learned_of_a_second_cue() -> None:
    assert found("blocking-study") == []
    arms = studies.documents("blocking-study")
    lost = {}
    for past in ("conditioned", "none"):
        document = studies.shortened(arms[f"past={past},dopamine=follows"], 4)
        document["organism"]["optimizer"]["lr"] *= 2
        document["probes"]["surprise"]["every"] = "20ba"
        lost[past] = lives.grown(document, 3).last["tone-lost"]
    for conditioned, new in zip(lost["conditioned"], lost["none"], strict=True):
        assert conditioned - new > 0.1, "those who had been told were not surprised"


def test_where_a_move_leads_is_foretold_by_who_is_told_of_it() -> None:
    assert found("forward-model-study") == []
    wrong = {}
    for told in ("moves", "shuffled"):
        document = studies.documents("forward-model-study")[f"told={told}"]
        document["stages"][0]["until"] = {"after": "100ba"}
        wrong[told] = lives.grown(document, 3).last["wrong"]
    for moves, shuffled in zip(wrong["moves"], wrong["shuffled"], strict=True):
        assert moves < 0.7 * shuffled


def test_a_bird_sings_what_it_heard_before_the_window_closed_and_can_hear_itself_sing() -> None:
    assert found("song-study") == ["W02"], "deafness is what differs"
    unlike = {}
    for arm in ("heard=early", "heard=late", "stranger", "deafened"):
        document = studies.documents("song-study")[arm]
        document["organism"].pop("credit")  # by its errors it learns in a tenth of the time
        document["stages"][2]["until"] = {"after": "100ba"}
        document["deficits"] = {
            name: each | {"duration": "100ba"} for name, each in document.get("deficits", {}).items()
        }
        document["probes"]["unlike"]["every"] = "20ba"
        unlike[arm] = lives.grown(document, 3).last["unlike"]
    for life in range(3):
        others = [unlike[arm][life] for arm in ("heard=late", "stranger", "deafened")]
        assert unlike["heard=early"][life] < 0.3 * min(others)


def chains(document: dict[str, Any], seeds: int) -> tuple[np.ndarray, np.ndarray]:
    """First weights (lives, layers) of the left and of the right pathway of two layers."""
    schedule = canonical(ScheduleSpec.model_validate_json(orjson.dumps(document)))
    born = birth(plan_arm(schedule).steps[0].regime, range(seeds)).params
    left, right = (
        [born[f"area/{side}/from/{sense}/weight"], born[f"area/out/from/{side}/weight"]]
        for side, sense in (("left", "a"), ("right", "b"))
    )
    return tuple(torch.cat(side, dim=2).flatten(1).double().numpy() for side in (left, right))  # type: ignore[return-value]


@pytest.mark.parametrize("onset", [0, 150])
def test_a_pathway_that_is_cut_follows_the_race_of_two_chains(onset: int) -> None:
    """Weights a_i and b_i under dJ/da_i = 2 (K_a + g K_b - s) K_a / a_i, g = 0 while cut, in plain numpy."""
    document = studies.documents("two-pathway-study")[f"depth=2,onset={onset}ba"]
    left, right = chains(document, 3)
    for update in range(800):
        heard = 0.0 if onset <= update < onset + 50 else 1.0
        a, b = left.prod(axis=1, keepdims=True), right.prod(axis=1, keepdims=True)
        error = 2 * 0.00156 * (10.0 - a - heard * b)
        left, right = left + error * a / left, right + heard * error * b / right
    share = right.prod(axis=1) / (left.prod(axis=1) + right.prod(axis=1))
    assert lives.grown(document, 3).last["share"] == pytest.approx(share, abs=1e-4)


def test_the_pathway_that_is_cut_at_birth_is_lost_if_there_are_layers() -> None:
    assert found("two-pathway-study") == ["W02"], "one arm has less time on purpose"
    arms = studies.documents("two-pathway-study")

    def lost(depth: int) -> list[float]:
        late, early = (lives.grown(arms[f"depth={depth},onset={onset}ba"], 3).last["share"] for onset in (150, 0))
        return [after - before for after, before in zip(late, early, strict=True)]

    assert max(lost(1)) < 0.06
    assert min(lost(2)) > 0.15


def test_a_warm_start_differs_from_a_newborn_in_its_first_stage_and_what_was_done_to_it() -> None:
    assert found("warm-start-study") == ["W02"] * 3, "they are shown more: arm `twice` answers for that"
    arms = studies.documents("warm-start-study")
    stages = {name: [stage["name"] for stage in document["stages"]] for name, document in arms.items()}
    assert stages == {
        "start=warm": ["half", "whole"],
        "start=shrunk": ["half", "whole"],
        "start=scratch": ["whole"],
        "start=twice": ["whole"],
    }


def two_layers(document: dict[str, Any], seeds: int) -> tuple[np.ndarray, np.ndarray]:
    """First weights (lives, units, inputs) of two layers; areas keep them (lives, inputs, units)."""
    schedule = canonical(ScheduleSpec.model_validate_json(orjson.dumps(document)))
    born = birth(plan_arm(schedule).steps[0].regime, range(seeds)).params
    lower, upper = born["area/first/from/x/weight"], born["area/second/from/first/weight"]
    return lower.mT.double().numpy(), upper.mT.double().numpy()


def test_modes_of_a_map_come_at_the_times_of_the_closed_form_and_of_plain_descent() -> None:
    """Weights under dW1 = r W2' (M - W2 W1), dW2 = r (M - W2 W1) W1', in plain numpy; and the times that arms are named
    after.
    """
    assert found("deep-modes-study") == []
    predicted, document = studies.all_modes("two", 10)
    document["stages"][0]["until"] = {"after": "1500ba"}
    half = studies.reached(lives.grown(document, 3), 0.5)[:4]
    source = LinearMapSpec(kind="linear_map", inputs="basis")
    left, strength, right = (part.double().numpy() for part in linear_map.modes(source))
    whole = left @ np.diag(strength) @ right.T
    lower, upper = two_layers(document, 3)
    met = np.full((4, 3), np.nan)
    for update in range(1501):
        share = np.einsum("ik,nij,jk->kn", left, upper @ lower, right)[:4] / strength[:4, None]
        met = np.where(np.isnan(met) & (share >= 0.5), update, met)
        wrong = whole - upper @ lower
        moved = 0.0025 * np.swapaxes(upper, 1, 2) @ wrong
        upper = upper + 0.0025 * wrong @ np.swapaxes(lower, 1, 2)
        lower = lower + moved
    assert np.abs(half - met).max() <= 10, "readings are ten updates apart"
    closed = np.log(strength / 8e-6 - 1) / (2 * strength) / 0.0025
    assert predicted == pytest.approx(closed, abs=1)
    assert np.abs(half / predicted[:4, None] - 1).max() < 0.15


def test_childhoods_are_the_same_under_every_rule_and_as_long_as_each_other() -> None:
    assert found("separability-study") == []
    arms = studies.documents("separability-study")
    of = {name: dict(label.split("=") for label in name.split(",")) for name in arms if "=" in name}
    rules, childhoods = ({labels[axis] for labels in of.values()} for axis in ("rule", "childhood"))
    assert (len(rules), len(childhoods), len(of)) == (7, 15, 105)
    for name, labels in of.items():
        plain = arms[f"rule=backprop,childhood={labels['childhood']}"]
        parts = ("worlds", "stages", "deficits", "probes", "costs", "clock")
        assert {part: arms[name].get(part) for part in parts} == {part: plain.get(part) for part in parts}
        assert [stage["until"] for stage in arms[name]["stages"]] == [{"after": "480ba"}] * 2
        assert all(each["worlds"] == ["school"] for each in arms[name].get("deficits", {}).values()), (
            "the exam is clear"
        )


def test_a_gross_deficit_ranks_last_under_two_rules() -> None:
    arms = studies.documents("separability-study")
    for rule in ("backprop", "feedback-alignment"):
        acc = {}
        for childhood in ("clear", "blur-always"):
            document = arms[f"rule={rule},childhood={childhood}"]
            document["stages"][0]["until"] = document["stages"][1]["until"] = {"after": "60ba"}
            for deficit in document.get("deficits", {}).values():
                deficit["duration"] = "120ba"
            acc[childhood] = lives.grown(document, 3).last["exam-acc"]
        assert min(acc["clear"]) > max(acc["blur-always"]) + 0.2
