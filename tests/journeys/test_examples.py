"""What examples say of themselves, in a small form: few lives, few passes, the arms that differ most."""

from __future__ import annotations

from typing import Any

from benchmarks.catalogue import studies
from benchmarks.catalogue.costs import lives
from models.specs.checks import check_document
from models.specs.document import read

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
