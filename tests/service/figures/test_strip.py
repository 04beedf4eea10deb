"""The strip from hand-made answers: where stages lie, what is lived and what is planned, what lanes stand for."""

from __future__ import annotations

from typing import Any

import grown
import plotly.graph_objects as go
import pytest

from service.figures.lanes import clipped, runs, split_at
from service.figures.look import DARK, LIGHT, LOOKS
from service.figures.panels import Origin
from service.figures.rows import rows
from service.figures.stages import spans
from service.figures.strip import MOST_LANES, Growth, strip

GROWN = Growth(grown.ENVELOPES, grown.GROWN_LIVES, grown.GROWN_TRANSITIONS, grown.SNAPSHOTS)


def told(figure: dict[str, Any], curve: str) -> list[tuple[Any, Any, str]]:
    return [(x, y, note) for _, name, x, y, note in rows(figure) if name == curve]


# ---- stages


def test_stages_lie_where_lives_were_in_them() -> None:
    looking, naming = spans(grown.ENVELOPES["stages"], grown.GROWN_TRANSITIONS, grown.GROWN_LIVES)
    assert (looking.start, looking.least_end, looking.end, looking.fixed, looking.entered) == (0, 100, 100, True, True)
    # life 0 left at 180, life 1 is 240 old and leaves at 300 at the latest
    assert (naming.start, naming.least_end, naming.end, naming.fixed) == (100, 180, 300, False)
    assert [each.words for each in naming.leavings] == ["/until/criterion: quiz = 0.97"]


def test_before_birth_stages_lie_where_the_document_bounds_them() -> None:
    looking, naming = spans(grown.ENVELOPES["stages"], [], [])
    assert (looking.start, looking.end, looking.entered) == (0, 100, False)
    assert (naming.start, naming.least_end, naming.end, naming.entered) == (100, 100, 300, False)


def test_a_life_that_leaves_early_enters_the_next_stage_early() -> None:
    stages = [
        {"name": "quick", "from": 0, "to": 200, "fixed": False, "exact": False},
        {"name": "after", "from": 200, "to": 250, "fixed": True, "exact": False},
    ]
    ends = [grown.left(0, "quick", 40, "/until/criterion"), grown.left(0, "after", 90)]
    quick, after = spans(stages, ends, [grown.life(0, 90), grown.life(1, 120)])
    assert (quick.least_end, quick.end) == (40, 200)
    assert (after.start, after.least_end, after.end) == (40, 90, 250)


def test_a_diverged_life_enters_no_later_stage() -> None:
    ends = [grown.left(0, "looking", 60, "diverged", "diverged")]
    _, naming = spans(grown.ENVELOPES["stages"], ends, [grown.life(0, 60, "diverged")])
    assert naming.leavings == []
    assert not naming.entered


def test_stages_that_lie_over_each_other_get_rows_of_their_own() -> None:
    plan = grown.ENVELOPES | {
        "stages": [
            {"name": "quick", "from": 0, "to": 200, "fixed": False, "exact": False},
            {"name": "after", "from": 200, "to": 300, "fixed": True, "exact": False},
        ]
    }
    ends = [grown.left(0, "quick", 40, "/until/criterion")]
    apart = strip(Growth(plan, [grown.life(0, 50), grown.life(1, 90)], ends), LIGHT, Origin())
    together = strip(Growth(plan, [], []), LIGHT, Origin())
    assert apart["layout"]["height"] > together["layout"]["height"]


# ---- curves in lanes


def test_a_value_jumps_at_a_border_and_where_it_falls_to_nothing() -> None:
    assert runs([0, 10, 20], [1.0, 1.0, 3.0], {20}) == [[(0, 1.0), (10, 1.0), (20, 1.0), (20, 3.0)]]
    assert runs([0, 10, 20], [1.0, 1.0, 0.0]) == [[(0, 1.0), (10, 1.0), (20, 1.0), (20, 0.0)]]
    assert runs([0, 10, 20], [1.0, None, 3.0]) == [[(0, 1.0)], [(20, 3.0)]]


def test_a_run_is_cut_between_its_points() -> None:
    ramp = [(0.0, 0.0), (10.0, 1.0), (20.0, 1.0)]
    assert clipped(ramp, 5, 15) == [(5, 0.5), (10.0, 1.0), (15, 1.0)]
    assert clipped(ramp, 30, 40) == []
    assert split_at([ramp], 5) == ([[(0.0, 0.0), (5, 0.5)]], [[(5, 0.5), (10.0, 1.0), (20.0, 1.0)]])


# ---- the figure


def test_the_strip_says_what_was_in_force_and_what_is_planned() -> None:
    figure = strip(GROWN, LIGHT, Origin())
    assert told(figure, "stage naming") == [(100, 300, "from x to y; at the latest, while lives are in it")]
    assert told(figure, "left naming") == [(180, None, "life 0: /until/criterion: quiz = 0.97")]
    weight = told(figure, "weight label")
    assert [(x, y) for x, y, _ in weight if x < 100] == [(0, 0.0), (50, 0.0)]
    assert {y for x, y, _ in weight if x > 100} == {2.0}
    assert [x for x, _, _ in told(figure, "snapshot")] == [100, 240]


def test_the_lived_part_is_filled_and_the_planned_part_dotted() -> None:
    figure = strip(GROWN, LIGHT, Origin())
    lane = [each for each in figure["data"] if each.get("name") == "weight label"]
    fill, lived, planned = lane
    assert fill["fill"] == "toself"
    assert max(fill["x"]) == max(lived["x"]) == 240  # the age of the oldest life
    assert (min(planned["x"]), max(planned["x"])) == (240, 300)
    assert planned["line"]["dash"] != "solid"


def test_areas_of_equal_plasticity_share_a_lane_and_one_scale() -> None:
    figure = strip(GROWN, LIGHT, Origin())
    names = figure["layout"]["yaxis"]["ticktext"]
    assert "IT, head" in names
    assert "V1" in names
    low = next(each for each in figure["data"] if each.get("name") == "plasticity V1" and each.get("fill") == "toself")
    full = next(
        each for each in figure["data"] if each.get("name") == "plasticity IT, head" and each.get("fill") == "toself"
    )
    height = max(full["y"]) - min(full["y"])
    after = low["y"][low["x"].index(150)]
    assert (after - min(low["y"])) / height == pytest.approx(0.25)


def test_before_birth_nothing_is_filled() -> None:
    figure = strip(Growth(grown.ENVELOPES), LIGHT, Origin())
    assert not [each for each in figure["data"] if each.get("fill") == "toself" and each.get("name")]


def test_where_lives_have_parted_what_was_recorded_is_drawn() -> None:
    plan = grown.ENVELOPES | {
        "age": [0, 100, 200, 250],
        "exact_until": 0,
        "stages": [
            {"name": "quick", "from": 0, "to": 200, "fixed": False, "exact": False},
            {"name": "after", "from": 200, "to": 250, "fixed": True, "exact": False},
        ],
        "costs": {"early": [1.0, 1.0, 0.0, 0.0], "late": [0.0, 0.0, 3.0, 3.0]},
        "plasticity": {"V1": [1.0] * 4},
        "deficits": {},
        "world": ["w"] * 4,
    }
    ends = [grown.left(0, "quick", 40, "/until/criterion"), grown.left(0, "after", 90)]
    recorded = grown.history(grown.trace("weight.late", [50, 90], [3.0, 3.0], stat="mean"))
    growth = Growth(plan, [grown.life(0, 90), grown.life(1, 60)], ends, (), recorded)
    assert growth.known_sp == 40
    lived, planned = (
        each
        for each in strip(growth, LIGHT, Origin())["data"]
        if each.get("name") == "weight late" and "customdata" in each
    )
    # planned from 200 on, but life 0 has lived it from 40 to 90
    assert list(zip(lived["x"], lived["customdata"], strict=True))[-2:] == [(50, 3.0), (90, 3.0)]
    assert planned["x"][0] == 90


def test_what_follows_a_probe_is_drawn_as_it_was_recorded() -> None:
    plan = grown.ENVELOPES | {
        "age": [0, 100, 200],
        "stages": [{"name": "a", "from": 0, "to": 200, "fixed": True, "exact": True}],
        "costs": {"early": [1.0, 1.0, 1.0], "late": [None, None, None]},
        "plasticity": {"V1": [1.0] * 3},
        "deficits": {},
        "modulators": {"drive": [None, None, None]},
        "world": ["w"] * 3,
    }
    traces = [
        grown.trace("weight.late", [20, 40, 60], [1.0, 2.0, 4.0], stat="mean"),
        grown.trace("modulator.drive", [20, 40, 60], [0.5, 0.25, 0.0], stat="mean"),
    ]
    growth = Growth(plan, [grown.life(0, 60)], [], (), grown.history(*traces))
    assert (growth.known_sp, growth.decided_sp) == (float("inf"), 0.0)
    drawn = strip(growth, LIGHT, Origin())["data"]
    for name, wanted in (
        ("weight late", [(20, 1.0), (40, 2.0), (60, 4.0)]),
        ("modulator drive", [(20, 0.5), (40, 0.25), (60, 0.0)]),
        ("weight early", [(0, 1.0), (60, 1.0)]),
    ):
        lived = next(each for each in drawn if each.get("name") == name and "customdata" in each)
        assert list(zip(lived["x"], lived["customdata"], strict=True)) == wanted


def test_a_gap_in_which_no_stage_weighs_a_cost_stays_a_gap() -> None:
    stages = [
        {"name": "a", "from": 0, "to": 20, "fixed": False, "exact": False},
        {"name": "b", "from": 20, "to": 60, "fixed": True, "exact": False},
        {"name": "c", "from": 60, "to": 80, "fixed": True, "exact": False},
    ]
    plan = grown.ENVELOPES | {
        "age": [0, 20, 60, 80],
        "stages": stages,
        "costs": {"twice": [1.0, 0.0, 1.0, 1.0]},
        "plasticity": {},
        "deficits": {},
    }
    ends = [grown.left(0, "a", 10, "/until/criterion"), grown.left(0, "b", 50), grown.left(0, "c", 70)]
    recorded = grown.history(grown.trace("weight.twice", [5, 10, 52, 70], [1.0] * 4, stat="mean"))
    figure = strip(Growth(plan, [grown.life(0, 70)], ends, (), recorded), LIGHT, Origin())
    line = next(each for each in figure["data"] if each.get("name") == "weight twice" and each.get("fill") != "toself")
    assert line["x"] == [0, 10, None, 10, None, 52, 70]


def test_too_many_lanes_of_a_kind_are_counted_not_dropped_in_silence() -> None:
    many = {f"c{number}": [float(number)] * 6 for number in range(MOST_LANES + 3)}
    figure = strip(Growth(grown.ENVELOPES | {"costs": many}), LIGHT, Origin())
    assert any("and 3 more" in text for text in figure["layout"]["yaxis"]["ticktext"])


@pytest.mark.parametrize("look", LOOKS.values(), ids=lambda look: look.name)
def test_plotly_knows_every_member(look: Any) -> None:
    figure = strip(GROWN, look, Origin(("job_1",), ("sha256:0",), ({"device": "cpu"},)))
    meta = go.Figure(figure).layout.meta
    assert (meta["jobs"], meta["document_hashes"], meta["numerics"]) == (["job_1"], ["sha256:0"], [{"device": "cpu"}])


def test_colours_stand_out_from_their_paper() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for look in (LIGHT, DARK):
        paper = luminance(look.paper)
        for colour in (*look.colours, look.ink, look.soft, look.alarm):
            light, dark = sorted((luminance(colour), paper), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 3.0, (look.name, colour)
