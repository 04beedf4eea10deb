"""Every control, against a document worked out by hand: batch 20, stages of 200 and 200 samples."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from build import tiny_schedule
from pydantic import TypeAdapter

from models.specs.canonical import canonical
from models.specs.controls import generate
from models.specs.outcomes import ControlSpec
from models.specs.patches import PatchError
from models.specs.schedule import ScheduleSpec
from models.specs.timeline import stage_lengths

CONTROL: TypeAdapter[Any] = TypeAdapter(ControlSpec)
NEVER = {"criterion": {"probe": "acc", "op": ">=", "value": 2.0}}


def made(
    kind: str, document: dict[str, Any], reference: dict[str, Any] | None = None, **options: Any
) -> dict[str, Any]:
    control = CONTROL.validate_json(orjson.dumps({"kind": kind, "name": "c", **options}))
    result = generate(control, document, reference, "/controls/0")
    ScheduleSpec.model_validate_json(orjson.dumps(result))
    return result


def refused(kind: str, document: dict[str, Any], reference: dict[str, Any] | None = None, **options: Any) -> str:
    with pytest.raises(PatchError) as caught:
        made(kind, document, reference, **options)
    assert caught.value.code == "E34"
    assert caught.value.pointer.startswith("/controls/0")
    return caught.value.message


def stages(*rows: tuple[str, dict[str, Any], dict[str, Any]], **of_all: Any) -> list[dict[str, Any]]:
    return [{"name": name, "world": "school", "costs": costs, "until": until, **of_all} for name, costs, until in rows]


def two_costs(*rows: tuple[str, dict[str, Any], dict[str, Any]], **changes: Any) -> dict[str, Any]:
    costs = {
        "rebuild": {"kind": "autoencode", "at": "V1"},
        "naming": {"kind": "cross_entropy", "at": "head", "target": "label"},
    }
    default = (
        ("early", {"rebuild": 1.0, "naming": 1.0}, {"after": "10ba"}),
        ("late", {"naming": 1.0}, {"after": "30ba"}),
    )
    return tiny_schedule(costs=costs, stages=stages(*(rows or default)), **changes)


# ---- readout_only


def test_readout_only_leaves_plastic_what_a_label_judges() -> None:
    document = two_costs()
    document["stages"][0]["plasticity"] = {"V1": 2.0, "*": 0.5}
    early, late = made("readout_only", document)["stages"]
    assert early["plasticity"] == {"*": 0.0, "head": 0.5}
    assert late["plasticity"] == {"*": 0.0, "head": 1.0}


def test_readout_only_drops_costs_that_can_move_nothing_any_more() -> None:
    early, late = made("readout_only", two_costs())["stages"]
    assert (early["costs"], late["costs"]) == ({"naming": 1.0}, {"naming": 1.0})


def test_readout_only_is_refused_where_a_stage_would_teach_nothing() -> None:
    document = two_costs(("early", {"rebuild": 1.0}, {"after": "1ba"}), ("late", {"naming": 1.0}, {"after": "1ba"}))
    assert "stage early would have nothing to learn" in refused("readout_only", document)


def test_readout_only_needs_a_label_cost() -> None:
    assert "no area has a label cost" in refused("readout_only", two_costs(("a", {"rebuild": 1.0}, {"after": "1ba"})))


# ---- targets


def test_shuffled_keeps_the_target_and_permutes_it() -> None:
    assert made("shuffled", tiny_schedule(), cost="naming")["costs"]["naming"]["target"] == {
        "kind": "label",
        "shuffle": True,
    }
    assert made("shuffled", two_costs(), cost="rebuild")["costs"]["rebuild"]["target"] == {
        "kind": "input",
        "shuffle": True,
    }


def test_a_cost_without_a_target_cannot_be_shuffled() -> None:
    document = tiny_schedule(costs={"naming": {"kind": "activity", "at": "V1"}})
    assert "no target to shuffle" in refused("shuffled", document, cost="naming")


def test_oracle_puts_the_label_in_place_of_the_target() -> None:
    assert made("oracle", two_costs(), cost="rebuild")["costs"]["rebuild"]["target"] == {"kind": "label"}


def test_oracle_takes_a_true_factor_the_world_has() -> None:
    worlds = {"school": {"source": "mnist1d"}, "quiz": {"source": "mnist1d", "split": "valid"}}
    document = two_costs(worlds=worlds)
    target = made("oracle", document, cost="rebuild", target="shift")["costs"]["rebuild"]["target"]
    assert target == {"kind": "label", "name": "shift"}
    assert "needs the factor 'angle'" in refused("oracle", document, cost="rebuild", target="angle")


def test_oracle_needs_labels_where_the_cost_weighs() -> None:
    worlds = {"school": {"source": "digits", "labels": "none"}, "quiz": {"source": "digits", "split": "valid"}}
    document = two_costs(("early", {"rebuild": 1.0}, {"after": "1ba"}), worlds=worlds)
    assert "needs labels, world school" in refused("oracle", document, cost="rebuild")


# ---- weights


def test_without_sets_the_weight_to_zero() -> None:
    early, late = made("without", two_costs(), cost="rebuild")["stages"]
    assert (early["costs"], late["costs"]) == ({"rebuild": 0.0, "naming": 1.0}, {"naming": 1.0})


def test_without_the_only_cost_of_a_stage_is_refused() -> None:
    assert "stage late would have nothing to learn" in refused("without", two_costs(), cost="naming")
    assert "stage early would have nothing to learn" in refused("without", tiny_schedule(), cost="naming")


def test_an_unknown_or_unweighed_cost_is_refused() -> None:
    assert "unknown cost 'nameing'" in refused("without", tiny_schedule(), cost="nameing")
    document = two_costs(("early", {"naming": 1.0}, {"after": "1ba"}))
    assert "weighs in no stage" in refused("without", document, cost="rebuild")


def test_constant_weight_is_the_mean_over_life() -> None:
    """10 updates at 1 and 30 at 0: 0.25 throughout."""
    early, late = made("constant_weight", two_costs(), cost="rebuild")["stages"]
    assert early["costs"] == {"rebuild": 0.25, "naming": 1.0}
    assert late["costs"] == {"naming": 1.0, "rebuild": 0.25}


def test_constant_weight_averages_envelopes_over_updates() -> None:
    """A linear ramp 0 -> 1 over 4 of 10 updates: 0, .25, .5, .75 and six ones give 7.5/10."""
    ramp = {"kind": "ramp", "end": "4ba", "from": 0.0, "to": 1.0}
    document = tiny_schedule(stages=stages(("s", {"naming": ramp}, {"after": "10ba"})))
    assert made("constant_weight", document, cost="naming")["stages"][0]["costs"] == {"naming": pytest.approx(0.75)}


def test_constant_weight_takes_modulators_in_and_away() -> None:
    """Level 3 from update 5 on with gain 0.5 makes the factor 2: (5 x 1 + 5 x 2)/10 times weight 2."""
    level = {"kind": "steps", "points": [["0sp", 1.0], ["5ba", 3.0]]}
    document = two_costs(
        ("s", {"naming": 2.0, "rebuild": 1.0}, {"after": "10ba"}),
        modulators={"tone": {"level": level, "costs": {"naming": 0.5, "rebuild": 1.0}}},
    )
    result = made("constant_weight", document, cost="naming")
    assert result["stages"][0]["costs"]["naming"] == pytest.approx(3.0)
    assert result["modulators"]["tone"]["costs"] == {"rebuild": 1.0}


def test_constant_weight_needs_known_lengths() -> None:
    document = tiny_schedule(stages=stages(("s", {"naming": 1.0}, NEVER), limit="9ba"))
    assert "a trigger decides how long stage s lasts" in refused("constant_weight", document, cost="naming")


def test_a_control_that_changes_nothing_is_refused() -> None:
    document = tiny_schedule(stages=stages(("s", {"naming": 1.0}, {"after": "10ba"})))
    assert "the arm itself" in refused("constant_weight", document, cost="naming")
    assert "the arm itself" in refused("constant_plasticity", document)
    assert "the arm itself" in refused("reversed", document)


# ---- plasticity


def plasticity_after(level: Any) -> Any:
    document = tiny_schedule(stages=stages(("s", {"naming": 1.0}, {"after": "10ba"}), plasticity={"V1": level}))
    return made("constant_plasticity", document)["stages"][0]["plasticity"]["V1"]


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ({"kind": "ramp", "end": "4ba", "from": 0.2, "to": 1.0}, 1.0),
        ({"kind": "decay", "half_life": "2ba"}, 1.0),
        ([0.5, {"kind": "decay", "half_life": "2ba", "floor": 0.1}], 0.5),
        ({"kind": "ramp", "end": "4ba", "from": 1.0, "to": 0.0}, [["0sp", 1.0], ["80sp", 0.0]]),
        ({"kind": "ramp", "start": "2ba", "end": "4ba", "from": 0.0, "to": 3.0}, [["0sp", 0.0], ["60sp", 1.0]]),
        (
            {"kind": "pulse", "onset": "2ba", "duration": "3ba", "height": 7.0},
            [["0sp", 0.0], ["40sp", 1.0], ["100sp", 0.0]],
        ),
        ({"kind": "pulse", "onset": "2ba", "duration": "3ba", "height": 7.0, "base": 0.1}, 1.0),
        (
            {"kind": "steps", "points": [["0sp", 0.5], ["1ba", 2.0], ["3ba", 0.0], ["5ba", 0.1]]},
            [["0sp", 1.0], ["60sp", 0.0], ["100sp", 1.0]],
        ),
    ],
)
def test_constant_plasticity_is_one_where_an_envelope_is_not_zero(level: Any, expected: Any) -> None:
    found = plasticity_after(level)
    assert found == (expected if isinstance(expected, float) else {"kind": "steps", "points": expected})


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ({"closes": "5ba"}, [["0sp", 1.0], ["100sp", 0.0]]),
        ({"opens": "2ba", "closes": "5ba", "edge": "2ba"}, [["0sp", 0.0], ["60sp", 1.0], ["140sp", 0.0]]),
        ({"opens": "2ba", "closes": "5ba", "closed_level": 0.1}, 1.0),
        ({"level": 0.5}, 1.0),
        ({"level": {"kind": "decay", "half_life": "2ba"}}, 1.0),
    ],
)
def test_constant_plasticity_squares_critical_periods(period: dict[str, Any], expected: Any) -> None:
    document = tiny_schedule(critical_periods={"early": {"areas": ["V1"], **period}})
    found = made("constant_plasticity", document)["critical_periods"]["early"]
    level = expected if isinstance(expected, float) else {"kind": "steps", "points": expected}
    assert found == {"areas": ["V1"], "level": level}


def test_constant_plasticity_reaches_areas_named_by_the_star() -> None:
    document = tiny_schedule(
        stages=stages(
            ("s", {"naming": 1.0}, {"after": "10ba"}),
            plasticity={"*": {"kind": "decay", "half_life": "2ba"}, "V1": 0.5},
        )
    )
    assert made("constant_plasticity", document)["stages"][0]["plasticity"] == {"*": 1.0, "V1": 0.5}


def test_constant_plasticity_refuses_a_modulated_one() -> None:
    level = {"kind": "decay", "half_life": "2ba"}
    document = tiny_schedule(modulators={"tone": {"level": level, "plasticity": {"V1": 1.0}}})
    assert "modulator tone changes plasticity" in refused("constant_plasticity", document)


# ---- order and length


def test_reversed_turns_stages_of_known_length_around() -> None:
    document = tiny_schedule(
        stages=stages(("a", {"naming": 1.0}, {"after": "10ba"}), ("b", {"naming": 0.5}, {"age": "300sp"}), limit="1Msp")
    )
    assert made("reversed", document)["stages"] == stages(
        ("b", {"naming": 0.5}, {"after": "100sp"}), ("a", {"naming": 1.0}, {"after": "200sp"})
    )


def test_all_at_once_is_one_stage_with_mean_weights_and_plasticity() -> None:
    document = two_costs()
    document["stages"][0] |= {"plasticity": {"*": 1.0, "head": 0.0}, "on_enter": ["reset_optimizer"]}
    (stage,) = made("all_at_once", document)["stages"]
    assert stage == {
        "name": "all-at-once",
        "world": "school",
        "costs": {"rebuild": 0.25, "naming": 1.0},
        "plasticity": {"V1": 1.0, "head": 0.75},
        "on_enter": ["reset_optimizer"],
        "until": {"after": "800sp"},
    }


def test_all_at_once_needs_one_world() -> None:
    document = tiny_schedule()
    document["stages"][1]["world"] = "quiz"
    assert "several worlds: school, quiz" in refused("all_at_once", document)


def total_sp(document: dict[str, Any]) -> int:
    schedule = canonical(ScheduleSpec.model_validate_json(orjson.dumps(document)))
    return sum(each.longest_sp for each in stage_lengths(schedule))


def test_matched_by_samples_and_by_updates() -> None:
    """The other arm shows 800 samples, or 80 updates of 10; this one 200 + x in updates of 20."""
    other = two_costs(clock={"batch": 10}) | {"stages": two_costs()["stages"]}
    other["stages"][0]["until"] = {"after": "50ba"}
    by_sp = made("matched", tiny_schedule(), other, to={}, stage="late")
    assert by_sp["stages"][1]["until"] == {"after": "600sp"}
    assert total_sp(by_sp) == total_sp(other) == 800
    by_ba = made("matched", tiny_schedule(), other, to={}, stage="late", by="ba")
    assert total_sp(by_ba) == 80 * 20


def test_matched_by_clean_samples_leaves_out_every_deficit() -> None:
    """The other arm is clean for 400 samples; here 100 of the first stage are blurred."""
    blur = {"transform": {"kind": "blur", "sigma": 1.0}, "onset": "50sp", "duration": "100sp"}
    document = tiny_schedule(deficits={"cataract": blur})
    result = made("matched", document, tiny_schedule(), to={}, stage="late", by="clean")
    assert result["stages"][1]["until"] == {"after": "300sp"}


def test_matched_refuses_what_no_length_can_match() -> None:
    short = tiny_schedule(stages=stages(("s", {"naming": 1.0}, {"after": "5ba"})))
    assert "no length of stage late" in refused("matched", tiny_schedule(), short, to={}, stage="late")
    open_ended = tiny_schedule(stages=stages(("s", {"naming": 1.0}, NEVER), limit="9ba"))
    assert "a trigger decides" in refused("matched", tiny_schedule(), open_ended, to={}, stage="late")
    assert "a trigger decides" in refused(
        "matched",
        tiny_schedule(stages=stages(("s", {"naming": 1.0}, NEVER), ("t", {"naming": 1.0}, NEVER), limit="9ba")),
        tiny_schedule(),
        to={},
        stage="t",
    )
    assert "unknown stage 'lat'" in refused("matched", tiny_schedule(), tiny_schedule(), to={}, stage="lat")


def test_an_arm_that_is_no_schedule_has_no_control() -> None:
    assert "is no schedule: /clock/batch" in refused("reversed", tiny_schedule(clock={"batch": 0}))
    document = tiny_schedule()
    document["stages"][0]["world"] = "nowhere"
    assert "names 'nowhere'" in refused("reversed", document)
