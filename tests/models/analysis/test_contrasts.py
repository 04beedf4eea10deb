"""Contrasts over a small grid whose answers are known."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from scipy import stats

from models.analysis.contrasts import ContrastResult, Question, answer
from models.analysis.matching import Shown, unequal
from models.analysis.outcomes import LifeOutcome
from models.analysis.pairing import Lives, related
from models.analysis.statistics import holm
from models.analysis.summaries import summarise
from models.specs.outcomes import AnalysisSpec, ContrastSpec, OutcomeSpec
from models.specs.patches import PatchError
from models.specs.selectors import Arm

CONTRAST: TypeAdapter[Any] = TypeAdapter(ContrastSpec)
OUTCOME: TypeAdapter[Any] = TypeAdapter(OutcomeSpec)
ONSETS, KINDS = ("0ep", "20ep", "40ep"), ("blur", "flip")
ARMS = [
    *(
        Arm(i, f"{onset}-{kind}", {"onset": onset, "kind": kind}, "grid")
        for i, (onset, kind) in enumerate(product(ONSETS, KINDS))
    ),
    Arm(6, "same-age", {"onset": "0ep"}, "control"),
]
SEEDS = range(8)
FINAL = {"kind": "final", "probe": "acc", "window": "1ep"}
TIME = {"kind": "samples_to_criterion", "probe": "acc", "op": ">=", "value": 0.9}


def question(value: Callable[[Arm, int], LifeOutcome | float], outcome: Any = FINAL, **analysis: Any) -> Question:
    values = {
        arm.index: {
            seed: each if isinstance(each := value(arm, seed), LifeOutcome) else LifeOutcome(each) for seed in SEEDS
        }
        for arm in ARMS
    }
    return Question(
        arms=ARMS,
        axes=("onset", "kind"),
        outcomes={"out": OUTCOME.validate_json(orjson.dumps(outcome))},
        values={"out": values},
        analysis=AnalysisSpec(**{"resamples": 500, **analysis}),
        digest="d",
    )


def ask(asked: Question, kind: str, **options: Any) -> ContrastResult:
    document = {"name": "c", "kind": kind, "outcome": "out", **options}
    return answer([CONTRAST.validate_json(orjson.dumps(document))], asked)[0]


def effect(arm: Arm, seed: int) -> float:
    """Onset x kind: blur loses 3, 1, 0 at the three onsets, flip nothing; a seed shifts all of its lives."""
    lost = {"0ep": 3.0, "20ep": 1.0, "40ep": 0.0}[arm.labels["onset"]] if arm.labels.get("kind") == "blur" else 0.0
    return 10.0 + seed - lost * (1.0 + 0.1 * (seed % 3))


BLUR, FLIP = {"onset": "0ep", "kind": "blur"}, {"onset": "0ep", "kind": "flip"}
SPREAD = np.array([1.0 + 0.1 * (seed % 3) for seed in SEEDS])


def test_a_pair_takes_the_seed_away() -> None:
    found = ask(question(effect), "pair", treat=BLUR, control=FLIP)
    assert found.estimate.value == pytest.approx(-3.0 * SPREAD.mean())
    assert found.estimate.low <= found.estimate.value <= found.estimate.high < 0.0
    assert found.p is not None
    assert found.p < 0.05
    assert (found.pairs, found.missing, found.censored, found.diverged, found.warnings) == (8, 0, 0, 0, ())
    assert found.effect is not None
    assert found.effect.value == pytest.approx(-3.0 * SPREAD.mean() / (3.0 * SPREAD.std(ddof=1)))


def test_axes_that_are_not_named_are_averaged_over_pair_by_pair() -> None:
    found = ask(question(effect), "pair", treat={"onset": "0ep"}, control={"onset": "40ep"})
    assert found.estimate.value == pytest.approx((-3.0 * SPREAD.mean() + 0.0) / 2)
    assert found.pairs == 8


def test_an_arm_outside_the_grid_is_named() -> None:
    found = ask(question(effect), "pair", treat=BLUR, control={"arm": "same-age"})
    assert found.estimate.value == pytest.approx(-3.0 * SPREAD.mean())


def test_an_arm_that_is_named_stands_against_all_of_a_selection() -> None:
    found = ask(question(effect), "pair", treat={"kind": "blur"}, control={"arm": "same-age"})
    assert found.estimate.value == pytest.approx(-(3.0 + 1.0 + 0.0) / 3 * SPREAD.mean())


def test_a_ratio_is_held_against_one() -> None:
    def doubled(arm: Arm, seed: int) -> float:
        return (2.0 if arm.labels.get("kind") == "blur" else 1.0) * (seed + 1.0)

    found = ask(question(doubled), "pair", treat=BLUR, control=FLIP, measure="ratio")
    assert (found.estimate.value, found.estimate.low, found.estimate.high) == (2.0, 2.0, 2.0)
    same = ask(question(lambda arm, seed: seed + 1.0), "pair", treat=BLUR, control=FLIP, measure="ratio")
    assert (same.estimate.value, same.p) == (1.0, 1.0)


def test_a_ratio_over_nothing_is_missing() -> None:
    found = ask(question(lambda arm, seed: float(seed)), "pair", treat=BLUR, control=FLIP, measure="ratio")
    assert (found.pairs, found.missing) == (7, 1)
    some = question(lambda arm, seed: 0.0 if (arm.index, seed) == (5, 2) else 1.0)
    found = ask(some, "pair", treat={"onset": "0ep"}, control={"onset": "40ep"}, measure="ratio")
    assert (found.pairs, found.missing, found.estimate.value) == (7, 1, 1.0)


def test_an_interaction_is_a_difference_of_differences() -> None:
    found = ask(question(effect), "interaction", axes={"kind": ["flip", "blur"], "onset": ["40ep", "0ep"]})
    assert found.estimate.value == pytest.approx(-3.0 * SPREAD.mean())
    turned = ask(question(effect), "interaction", axes={"kind": ["blur", "flip"], "onset": ["40ep", "0ep"]})
    assert turned.estimate.value == pytest.approx(3.0 * SPREAD.mean())


def test_a_trend_has_a_slope_a_peak_and_a_width() -> None:
    """Departures 3, 1, 0 (times the spread) at 0, 20, 40 ep: half of 3 is passed at 15 ep."""
    found = ask(question(effect), "trend", axis="onset", within={"kind": "blur"})
    assert found.estimate.value == pytest.approx(3.0 * SPREAD.mean() / 40)
    assert found.detail["unit"] == "ep"
    assert found.detail["at"] == [0.0, 20.0, 40.0]
    assert found.detail["peak"].value == 0.0
    assert found.detail["height"].value == pytest.approx(-3.0 * SPREAD.mean())
    assert found.detail["width"].value == pytest.approx(15.0)


def test_a_trend_of_differences_departs_from_none() -> None:
    lost = {"0ep": 3.0, "20ep": 1.0, "40ep": 0.5}
    related_ = FINAL | {"relative_to": {"kind": "flip"}}
    asked = question(lambda arm, seed: -lost[arm.labels["onset"]] if "kind" in arm.labels else 0.0, related_)
    assert ask(asked, "trend", axis="onset", within={"kind": "blur"}).detail["height"].value == pytest.approx(-3.0)


def test_a_trend_leaves_out_seeds_that_are_not_known_everywhere() -> None:
    def gap(arm: Arm, seed: int) -> LifeOutcome | float:
        return LifeOutcome(None) if (arm.index, seed) == (2, 4) else effect(arm, seed)

    found = ask(question(gap), "trend", axis="onset", within={"kind": "blur"})
    kept = [seed for seed in SEEDS if seed != 4]
    expected = [np.mean([effect(ARMS[arm], seed) for seed in kept]) for arm in (0, 2, 4)]
    assert found.detail["curve"] == pytest.approx(expected)
    assert found.estimate.value == pytest.approx(3.0 * SPREAD[kept].mean() / 40)


def test_recovery_is_the_share_of_the_loss_made_good() -> None:
    """Blur at 20 ep stands for recovery from blur at 0 ep; it makes good 2 of 3."""
    found = ask(
        question(effect),
        "recovery",
        treat=BLUR,
        recovered={"onset": "20ep", "kind": "blur"},
        control={"arm": "same-age"},
    )
    assert found.estimate.value == pytest.approx(2 / 3)
    assert (found.estimate.low, found.estimate.high) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert found.detail["lost"] == pytest.approx(3.0 * SPREAD.mean())


def test_recovery_is_read_off_seeds_that_are_known_on_all_three_sides() -> None:
    def gap(arm: Arm, seed: int) -> LifeOutcome | float:
        return LifeOutcome(None) if (arm.name, seed) == ("same-age", 4) else effect(arm, seed)

    recovered = {"onset": "20ep", "kind": "blur"}
    found = ask(question(gap), "recovery", treat=BLUR, recovered=recovered, control={"arm": "same-age"})
    assert (found.pairs, found.missing) == (7, 1)
    assert found.estimate.value == pytest.approx(2 / 3)
    assert found.detail["gained"].value == pytest.approx(2.0 * np.delete(SPREAD, 4).mean())


def test_recovery_from_no_loss_is_undefined() -> None:
    found = ask(question(lambda arm, seed: 1.0), "recovery", treat=BLUR, recovered=FLIP, control={"arm": "same-age"})
    assert math.isnan(found.estimate.value)


RANKED = {"axis": "onset", "treat": {"kind": "blur"}, "control": {"kind": "flip"}}


def ordered(blur: tuple[float, ...], flip: tuple[float, ...], noise: float = 0.0) -> Question:
    """Values by onset in each kind; a seed shifts all of its lives, and noise tells blurred ones apart."""

    def value(arm: Arm, seed: int) -> float:
        if "kind" not in arm.labels:
            return 0.0
        curve = blur if arm.labels["kind"] == "blur" else flip
        place = ONSETS.index(arm.labels["onset"])
        return curve[place] + 100.0 * seed + noise * math.sin(7.0 * seed + 3.0 * place)

    return question(value)


@pytest.mark.parametrize(
    ("blur", "flip", "rho"),
    [
        ((1.0, 2.0, 3.0), (0.1, 40.0, 41.0), 1.0),
        ((1.0, 2.0, 3.0), (3.0, 1.0, 0.0), -1.0),
        ((1.0, 3.0, 2.0), (1.0, 2.0, 3.0), 0.5),
        ((1.0, 1.0, 2.0), (1.0, 2.0, 3.0), 0.75**0.5),
    ],
)
def test_agreement_is_the_rank_correlation_of_centres(
    blur: tuple[float, ...], flip: tuple[float, ...], rho: float
) -> None:
    found = ask(ordered(blur, flip), "agreement", **RANKED)
    assert found.estimate.value == pytest.approx(rho)
    assert (found.pairs, found.method, found.effect) == (8, "paired_bootstrap", None)
    assert (found.estimate.low, found.estimate.high) == (pytest.approx(rho), pytest.approx(rho)), "seeds shift no ranks"
    assert found.detail["labels"] == list(ONSETS)
    assert found.detail["treat"] == pytest.approx([each + 350.0 for each in blur])
    assert found.detail["control"] == pytest.approx([each + 350.0 for each in flip])


def test_agreement_over_resampled_seeds_is_that_of_a_plain_loop() -> None:
    asked = ordered((1.0, 1.3, 1.5), (1.0, 2.0, 3.0), noise=2.0)
    found = ask(asked, "agreement", **RANKED)
    told = {
        kind: np.array([[asked.values["out"][2 * at + side][seed].value for at in range(3)] for seed in SEEDS])
        for side, kind in enumerate(KINDS)
    }
    draw = np.random.default_rng(1)
    rhos = []
    for _ in range(2000):
        rows = draw.integers(0, 8, 8)
        rhos.append(stats.spearmanr(told["blur"][rows].mean(0), told["flip"][rows].mean(0)).statistic)
    assert found.drawn.size == 500
    assert float(found.drawn.mean()) == pytest.approx(float(np.mean(rhos)), abs=0.06)
    assert sorted({round(float(each), 3) for each in found.drawn}) == sorted({round(float(each), 3) for each in rhos})
    assert found.detail["reliability_treat"] < 0.9
    assert 0.0 < (found.p or 0.0) <= 1.0


def test_a_rival_that_agrees_as_well_leaves_nothing_and_one_that_is_turned_round_twice_as_much() -> None:
    asked = ordered((1.0, 2.0, 3.0), (3.0, 2.0, 1.0))
    same = ask(asked, "agreement", **RANKED, rival={"kind": "blur"})
    assert (same.estimate.value, same.estimate.low, same.estimate.high) == (0.0, 0.0, 0.0)
    turned = ask(asked, "agreement", **{**RANKED, "treat": {"kind": "flip"}}, rival={"kind": "blur"})
    assert turned.estimate.value == pytest.approx(2.0)
    assert turned.detail["rival"] == pytest.approx([351.0, 352.0, 353.0])


def test_only_the_labels_that_are_named_are_ranked_and_a_seed_must_be_known_at_all_of_them() -> None:
    asked = ordered((1.0, 3.0, 2.0), (1.0, 2.0, 3.0))
    found = ask(asked, "agreement", **RANKED, among=["0ep", "40ep"])
    assert (found.estimate.value, found.detail["labels"]) == (pytest.approx(1.0), ["0ep", "40ep"])
    values = {arm: dict(lives) for arm, lives in asked.values["out"].items()}
    values[2][3] = LifeOutcome(None)  # 20ep
    holed = replace(asked, values={"out": values})
    assert ask(holed, "agreement", **RANKED).pairs == 7
    assert ask(holed, "agreement", **RANKED, among=["0ep", "40ep"]).pairs == 8


def test_what_does_not_vary_cannot_be_ranked() -> None:
    found = ask(ordered((1.0, 1.0, 1.0), (1.0, 2.0, 3.0)), "agreement", **RANKED)
    assert math.isnan(found.estimate.value)
    assert (found.p, found.drawn.size) == (None, 0)


def test_a_missing_life_is_counted_and_told() -> None:
    def gap(arm: Arm, seed: int) -> LifeOutcome | float:
        return LifeOutcome(None, diverged=True) if (arm.index, seed) == (0, 3) else effect(arm, seed)

    found = ask(question(gap), "pair", treat=BLUR, control=FLIP)
    assert (found.pairs, found.missing, found.diverged) == (7, 1, 1)
    assert "1 of 8 seeds" in found.warnings[0]


def test_one_pair_has_an_estimate_and_no_test_and_five_are_not_few() -> None:
    def first(count: int) -> ContrastResult:
        known = question(lambda arm, seed: effect(arm, seed) if seed < count else LifeOutcome(None))
        return ask(known, "pair", treat=BLUR, control=FLIP)

    assert (first(1).estimate.value, first(1).p, first(1).drawn.size) == (-3.0, None, 0)
    assert first(4).warnings[0] == "4 pairs only"
    assert not any("pairs only" in each for each in first(5).warnings)


def test_lives_are_combined_seed_by_seed() -> None:
    lives = Lives({0: {1: 5.0, 2: 7.0}, 1: {1: 2.0, 2: 3.0}, 2: {1: 1.0}}, (1, 2), 0, 0, None)
    assert lives.combined([[(1.0, 0), (-1.0, 1)]]).tolist() == [3.0, 4.0]
    assert lives.combined([[(1.0, 0), (-1.0, 1)], [(1.0, 2)]])[0] == 2.0
    assert np.isnan(lives.combined([[(1.0, 0), (-1.0, 1)], [(1.0, 2)]])[1])
    assert np.isnan(lives.combined([])).tolist() == [True, True]
    assert lives.ratios([(0, 1), (1, 2)])[0] == pytest.approx((2.5 + 2.0) / 2)
    assert np.isnan(lives.ratios([])).tolist() == [True, True]


def test_no_values_at_all_are_an_answer_too() -> None:
    for kind, options in (
        ("pair", {"treat": BLUR, "control": FLIP}),
        ("trend", {"axis": "onset"}),
        ("recovery", {"treat": BLUR, "recovered": FLIP, "control": FLIP}),
        ("agreement", RANKED),
    ):
        found = ask(question(lambda arm, seed: LifeOutcome(None)), kind, **options)
        assert (found.pairs, found.missing, found.p, found.effect) == (0, 8, None, None)
        assert math.isnan(found.estimate.value)


def waited(arm: Arm, seed: int) -> LifeOutcome:
    """Blur takes 100 longer; watched for 600."""
    time = 300.0 + 40.0 * seed + (100.0 if arm.labels.get("kind") == "blur" else 0.0)
    return LifeOutcome(min(time, 600.0), censored=time > 600.0)


def test_censored_times_are_compared_by_restricted_means() -> None:
    found = ask(question(waited, TIME), "pair", treat=BLUR, control=FLIP)
    paired = [waited(ARMS[0], seed).value - waited(ARMS[1], seed).value for seed in SEEDS]  # type: ignore[operator]
    assert found.estimate.value == pytest.approx(np.mean(paired))
    assert found.censored == 2
    assert found.detail["horizon"] == 600.0
    assert found.warnings == ()


def test_the_horizon_is_that_of_the_arm_watched_for_less() -> None:
    def watched(arm: Arm, seed: int) -> LifeOutcome:
        blurred = arm.labels.get("kind") == "blur"
        time, most = 300.0 + 40.0 * seed + 100.0 * blurred, 600.0 if blurred else 500.0
        return LifeOutcome(min(time, most), censored=time > most)

    found = ask(question(watched, TIME), "pair", treat=BLUR, control=FLIP)
    paired = [min(400.0 + 40.0 * seed, 500.0) - min(300.0 + 40.0 * seed, 500.0) for seed in SEEDS]
    assert found.detail["horizon"] == 500.0
    assert found.estimate.value == pytest.approx(np.mean(paired))


@pytest.mark.parametrize("changed", [{"map": {"kind": "negate"}}, {"relative_to": {"kind": "flip"}}])
def test_times_that_were_changed_bound_nothing_from_below(changed: dict[str, Any]) -> None:
    found = ask(question(waited, TIME | changed), "pair", treat=BLUR, control=FLIP)
    assert "horizon" not in found.detail
    assert found.warnings == ("2 censored lives stand with the value they had when they ended",)


def test_times_can_be_compared_by_logrank() -> None:
    found = ask(question(waited, TIME, test="logrank"), "pair", treat=BLUR, control=FLIP)
    groups = [[waited(ARMS[i], seed) for seed in SEEDS] for i in (0, 1)]
    theirs = stats.logrank(
        *(
            stats.CensoredData.right_censored([life.value for life in group], [life.censored for life in group])
            for group in groups
        )
    ).pvalue
    assert found.p == pytest.approx(theirs)
    assert ask(question(effect, test="logrank"), "pair", treat=BLUR, control=FLIP).p is None
    several = ask(question(waited, TIME, test="logrank"), "pair", treat={"onset": "0ep"}, control={"onset": "40ep"})
    assert several.p is None
    assert "needs two single arms" in several.warnings[-1]


def test_censored_values_that_are_no_times_are_told() -> None:
    found = ask(question(lambda arm, seed: LifeOutcome(1.0 * seed, censored=True)), "pair", treat=BLUR, control=FLIP)
    assert any("censored lives stand with the value" in each for each in found.warnings)


def test_censored_values_that_are_no_times_are_compared_as_they_are() -> None:
    ended = question(lambda arm, seed: LifeOutcome(effect(arm, seed), censored=seed % 2 == 0))
    found = ask(ended, "pair", treat=BLUR, control=FLIP)
    assert found.estimate.value == pytest.approx(-3.0 * SPREAD.mean())
    assert "horizon" not in found.detail


@pytest.mark.parametrize("test", ["permutation", "wilcoxon", "paired_bootstrap"])
def test_every_test_sees_a_clear_difference_and_none_sees_noise(test: str) -> None:
    assert (ask(question(effect, test=test), "pair", treat=BLUR, control=FLIP).p or 1.0) < 0.05
    noise = ask(question(lambda arm, seed: (-1.0) ** (seed + arm.index), test=test), "pair", treat=BLUR, control=FLIP)
    assert (noise.p or 0.0) > 0.3


def test_p_values_are_corrected_over_all_contrasts() -> None:
    documents = [{"name": f"c{i}", "kind": "pair", "outcome": "out", "treat": BLUR, "control": FLIP} for i in range(3)]
    contrasts = [CONTRAST.validate_json(orjson.dumps(each)) for each in documents]
    held = answer(contrasts, question(effect))
    assert [each.p_corrected for each in held] == holm([each.p for each in held])
    plain = answer(contrasts, question(effect, correction="none"))
    assert [each.p_corrected for each in plain] == [each.p for each in plain]


def test_arms_that_were_shown_unequal_amounts_are_told() -> None:
    asked = question(effect)
    amounts: Any = {0: {"sp": 800.0, "ba": 8.0, "clean": 80.0}, 1: {"sp": 400.0, "ba": 4.0, "clean": 80.0}}
    unequal = replace(asked, shown=Shown(amounts))
    found = ask(unequal, "pair", treat=BLUR, control=FLIP)
    assert found.warnings == ("0ep-blur was shown 800 samples against 400 in 0ep-flip",)
    answered = replace(asked, shown=Shown(amounts, {"sp": ["same-age"]}))
    (told,) = ask(answered, "pair", treat=BLUR, control=FLIP).warnings
    assert told.endswith("in 0ep-flip; same-age is matched by samples")
    assert ask(answered, "pair", treat=BLUR, control={"arm": "same-age"}).warnings == ()


def test_updates_are_told_where_batches_differ() -> None:
    amounts: Any = {0: {"sp": 800.0, "ba": 8.0}, 1: {"sp": 800.0, "ba": 16.0}}
    asked = replace(question(effect), shown=Shown(amounts))
    (told,) = ask(asked, "pair", treat=BLUR, control=FLIP).warnings
    assert told == "0ep-blur was shown 8 updates against 16 in 0ep-flip"
    both: Any = {0: {"sp": 800.0, "ba": 8.0}, 1: {"sp": 400.0, "ba": 8.5}}
    (told,) = ask(replace(question(effect), shown=Shown(both)), "pair", treat=BLUR, control=FLIP).warnings
    assert "800 samples against 400, 8 updates against 8" in told


def test_of_many_pairs_three_are_told() -> None:
    arms = [Arm(i, f"arm{i}", {}, "grid") for i in range(6)]
    told = unequal(Shown({i: {"sp": 100.0 * i} for i in range(6)}), [(arms[0], each) for each in arms[1:]])
    assert len(told) == 4
    assert told[3] == "and 2 more pairs"


def test_lives_that_still_grow_are_counted_and_warned_of() -> None:
    values = question(effect).values["out"]
    partly = {arm: {**lives, 0: LifeOutcome(None)} for arm, lives in values.items()}
    asked = replace(question(effect), values={"out": partly}, growing={0: {0}, 6: {0}})
    found = ask(asked, "pair", treat=BLUR, control=FLIP)
    assert (found.pairs, found.missing, found.growing) == (7, 1, 1)
    assert found.warnings[0] == "1 lives still grow and are left out"


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(PatchError, match="E32 /contrasts/0/treat/kind"):
        ask(question(effect), "pair", treat={"kind": "blr"}, control=FLIP)


def test_related_holds_every_arm_against_its_reference() -> None:
    values = question(effect).values["out"]
    found = related(values, ARMS, {"kind": "flip"})
    assert found[0][2].value == pytest.approx(-3.0 * 1.2)
    assert found[1][2].value == 0.0
    assert found[6][2].value == pytest.approx(0.0)
    assert related(values, ARMS, {"onset": "40ep"})[6][2].value is None


@given(st.permutations(list(SEEDS)))
@settings(max_examples=10, deadline=None)
def test_the_order_in_which_lives_are_told_does_not_matter(order: list[int]) -> None:
    asked = question(effect)
    shuffled = {arm: {seed: lives[seed] for seed in order} for arm, lives in asked.values["out"].items()}
    other = Question(**{**vars(asked), "values": {"out": shuffled}})
    assert ask(asked, "pair", treat=BLUR, control=FLIP) == ask(other, "pair", treat=BLUR, control=FLIP)


def test_a_summary_counts_every_life() -> None:
    lives = {
        0: LifeOutcome(2.0),
        1: LifeOutcome(4.0),
        2: LifeOutcome(6.0, censored=True),
        3: LifeOutcome(None, diverged=True),
    }
    found = summarise(lives, timed=True, level=0.95, digest="d")
    assert (found.lives, found.n, found.missing, found.censored, found.diverged) == (4, 3, 1, 1, 1)
    assert (found.mean, found.sd, found.median) == (4.0, 2.0, 4.0)
    assert (found.restricted_mean, found.horizon, found.median_time) == (pytest.approx(4.0), 6.0, 4.0)
    assert summarise(lives, timed=False, level=0.95, digest="d").restricted_mean is None
