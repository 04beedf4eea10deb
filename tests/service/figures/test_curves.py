"""Curves from hand-made history answers: panels, bands, faint lives, values that were not finite."""

from __future__ import annotations

from typing import Any

import grown
import plotly.graph_objects as go
import pytest

from service.figures.curves import Curves, bands, curves
from service.figures.development import development
from service.figures.difference import difference
from service.figures.look import LIGHT
from service.figures.panels import Origin
from service.figures.rows import as_csv, rows
from service.figures.strip import Growth

BAND = {"kind": "t", "level": 0.95, "lo": [0.1, None, 0.5], "hi": [0.3, None, 0.9]}
MEAN = grown.history(
    grown.trace("probe.acc", [0, 10, 20], [0.2, 0.4, 0.7], unit="fraction", stat="mean", band=BAND, n=[2, 1, 2]),
    grown.trace("cost.label", [10, 20], [2.0, 1.0], stat="mean", n=[2, 2]),
)
LIVES = grown.history(
    grown.trace("probe.acc", [0, 10], [0.1, 0.4], unit="fraction", seed=0),
    grown.trace("probe.acc", [0, 20], [0.3, None], unit="fraction", seed=1, nonfinite=[[1, "nan"]]),
)


def named(figure: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in figure["data"] if each.get("name") == name)
    return found


def test_units_get_panels_of_their_own_on_one_axis_of_age() -> None:
    figure = curves(Curves(MEAN, LIVES), LIGHT, Origin())
    assert {each["xaxis"] for each in figure["data"]} == {"x"}
    assert {each["name"]: each["yaxis"] for each in figure["data"]}["acc"] == "y"
    assert {each["name"]: each["yaxis"] for each in figure["data"]}["label"] == "y2"
    assert figure["layout"]["yaxis"]["domain"][0] > figure["layout"]["yaxis2"]["domain"][1]
    assert figure["layout"]["xaxis"]["anchor"] == "y2"


def test_a_band_is_drawn_only_where_both_bounds_are_known() -> None:
    band = named(curves(Curves(MEAN), LIGHT, Origin()), "acc, 95% band (t)")
    assert band["x"] == [0, 0, None, 20, 20]
    assert band["y"] == [0.3, 0.1, None, 0.9, 0.5]


def test_lives_are_one_faint_trace_with_gaps_and_known_in_the_table() -> None:
    figure = curves(Curves(MEAN, LIVES), LIGHT, Origin())
    faint = named(figure, "acc, each life")
    assert faint["x"] == [0, 10, None, 0, 20, None]
    assert [row[2:] for row in rows(figure) if row[1] == "acc, each life"] == [
        (0, 0.1, "life 0"),
        (10, 0.4, "life 0"),
        (0, 0.3, "life 1"),
    ]


def test_values_that_are_not_finite_are_marked_where_the_life_stood() -> None:
    marks = named(curves(Curves(None, LIVES), LIGHT, Origin()), "acc, not finite")
    assert (marks["x"], marks["y"], marks["text"]) == ([20], [0.3], ["nan, life 1"])


def test_arms_differ_by_colour_and_dash() -> None:
    answer = grown.history(
        *(grown.trace("probe.acc", [0], [0.5], unit="fraction", arm=arm, stat="mean", n=[1]) for arm in range(8))
    )
    drawn = [each for each in bands(Curves(answer, names={0: "clean"}), LIGHT, Origin())["data"] if "line" in each]
    assert drawn[0]["name"] == "clean"
    assert drawn[1]["name"] == "arm 1"
    looks = {(each["line"]["color"], each["line"]["dash"]) for each in drawn}
    assert len(looks) == 8
    assert len({colour for colour, _ in looks}) == 8


def test_a_cost_has_the_colour_of_its_lane() -> None:
    growth = Growth(grown.ENVELOPES, grown.GROWN_LIVES, grown.GROWN_TRANSITIONS)
    figure = development(growth, Curves(MEAN, LIVES, costs=["rebuild", "label"]), LIGHT, Origin())
    named = ("label", "weight label")
    lines = [each for each in figure["data"] if each.get("name") in named and each.get("fill") != "toself"]
    assert {each["yaxis"] for each in lines} == {"y", "y3"}
    assert {each["line"]["color"] for each in lines} == {LIGHT.colour(1)}


def test_strip_and_curves_share_one_axis_of_age() -> None:
    growth = Growth(grown.ENVELOPES, grown.GROWN_LIVES, grown.GROWN_TRANSITIONS)
    figure = development(growth, Curves(MEAN, LIVES), LIGHT, Origin())
    assert {each["xaxis"] for each in figure["data"]} == {"x"}
    assert figure["layout"]["xaxis"]["range"] == pytest.approx([-1.5, 301.5])
    go.Figure(figure)


def test_thinning_stands_in_the_meta() -> None:
    figure = curves(Curves(MEAN, LIVES), LIGHT, Origin(("job_1",), thinning=(MEAN["thinning"],)))
    assert figure["layout"]["meta"]["thinning"] == [MEAN["thinning"]]
    assert figure["layout"]["meta"]["figure"] == "curves"


def test_a_difference_has_a_line_at_zero() -> None:
    figure = difference(MEAN, "early - late", LIGHT, Origin())
    assert figure["layout"]["yaxis"]["zeroline"] is True
    assert "difference in probes" in figure["layout"]["annotations"][0]["text"]
    go.Figure(figure)


def test_nothing_recorded_is_said_so() -> None:
    figure = curves(Curves(grown.history()), LIGHT, Origin())
    assert "nothing of these series" in figure["layout"]["annotations"][0]["text"]
    go.Figure(figure)


def test_the_table_is_csv_with_the_panel_of_every_row() -> None:
    lines = as_csv(curves(Curves(MEAN), LIGHT, Origin())).splitlines()
    assert lines[0] == "panel,curve,x,y,note"
    assert lines[1] == 'probes,acc,0,0.2,"[0.1, 0.3] n 2"'
    assert lines[4] == "cost,label,10,2.0,n 2"


def test_markup_in_names_is_no_markup() -> None:
    answer = grown.history(
        grown.trace("probe.acc", [0], [1.0], stat="mean", n=[1]),
    )
    both = grown.history(*answer["traces"], {**answer["traces"][0], "arm": 1})
    figure = bands(Curves(both, names={0: "<a href='x'>", 1: "b"}), LIGHT, Origin())
    assert figure["data"][0]["name"].startswith("&lt;a href")
