"""Transitions, outcomes, sensitivity, organism, envelopes and sharing from hand-made answers."""

from __future__ import annotations

from typing import Any

import grown
import plotly.graph_objects as go
import pytest

from service.figures.envelopes import envelopes
from service.figures.look import LIGHT
from service.figures.organism import Scene, laid_out, organism
from service.figures.outcomes import outcomes
from service.figures.panels import Origin
from service.figures.rows import rows
from service.figures.sensitivity import positions, sensitivity
from service.figures.sharing import sharing
from service.figures.transitions import transitions
from service.wire.outcomes import Contrasts, Outcomes

Answer = dict[str, Any]

SEEDS = {"role": "exploratory", "numbers": [0, 1]}


def by_name(figure: Answer) -> dict[str, Answer]:
    return {each["name"]: each for each in figure["data"]}


# ---- transitions


def test_every_end_of_a_stage_is_marked_by_what_made_it() -> None:
    told = [
        *grown.GROWN_TRANSITIONS,
        grown.left(1, "naming", 300, "limit", "censored"),
        grown.left(2, "naming", 300, "limit"),
        grown.left(3, "naming", 120, "diverged", "diverged"),
    ]
    figure = transitions(told, {0: "only"}, LIGHT, Origin())
    found = by_name(figure)
    assert {name: trace["x"] for name, trace in found.items()} == {
        "the stage's fixed end": [100, 100],
        "a condition fired": [180],
        "its limit": [300],
        "censored": [300],
        "diverged": [120],
    }
    assert figure["layout"]["yaxis"]["ticktext"] == ["looking", "naming"]
    assert "quiz = 0.97" in found["a condition fired"]["text"][0]
    go.Figure(figure)


def test_nobody_has_left_yet() -> None:
    assert "no life has left" in transitions([], {}, LIGHT, Origin())["layout"]["annotations"][0]["text"]


# ---- outcomes and sensitivity


def life(seed: int, value: float | None, *, censored: bool = False, diverged: bool = False) -> Answer:
    status = "diverged" if diverged else "censored" if censored else "complete"
    return {"seed": seed, "status": status, "value": value, "censored": censored, "diverged": diverged}


def arm(index: int, onset: str, mean: float, lives: list[Answer], **more: Any) -> Answer:
    return {
        "arm": index,
        "name": f"onset={onset}",
        "origin": "grid",
        "labels": {"onset": onset, "kind": "blur"},
        "n_lives": len(lives),
        "n": len(lives),
        "n_missing": 0,
        "n_censored": sum(each["censored"] for each in lives),
        "n_diverged": sum(each["diverged"] for each in lives),
        "mean": mean,
        "sd": 0.1,
        "median": mean,
        "band": {"kind": "t", "level": 0.95, "lo": mean - 0.2, "hi": mean + 0.1, "few": True},
        "restricted_mean": None,
        "horizon": None,
        "median_time": None,
        "complete": True,
        "lives": lives,
        **more,
    }


def answer(*arms: Answer, **more: Any) -> Outcomes:
    outcome = {"name": "final", "kind": "final", "unit": "fraction", "time": False, "definition": {}, **more}
    return Outcomes.model_validate(
        {"job": "job_1", "complete": True, "lives": {}, "seeds": SEEDS, "outcomes": [{**outcome, "arms": list(arms)}]}
    )


def test_outcomes_show_every_life_and_the_mean_with_its_band() -> None:
    given = answer(
        arm(0, "0ep", 0.5, [life(0, 0.4), life(1, 0.6)]),
        arm(1, "20ep", 0.8, [life(0, 0.8), life(1, 0.9, diverged=True)]),
    )
    figure = outcomes(given, LIGHT, Origin())
    found = by_name(figure)
    assert found["life"]["x"] == [0.4, 0.6, 0.8]
    assert found["diverged"]["x"] == [0.9]
    mean = found["mean, band"]
    assert mean["x"] == [0.5, 0.8]
    assert mean["error_x"]["array"] == pytest.approx([0.1, 0.1])
    assert mean["error_x"]["arrayminus"] == pytest.approx([0.2, 0.2])
    go.Figure(figure)


def test_a_time_with_censored_lives_stands_at_its_restricted_mean() -> None:
    lives = [life(0, 100.0), life(1, 300.0, censored=True)]
    figure = outcomes(answer(arm(0, "0ep", 150.0, lives, restricted_mean=210.0), time=True), LIGHT, Origin())
    found = by_name(figure)
    assert found["censored: at least this"]["x"] == [300.0]
    mean = found["mean (restricted where censored), band"]
    assert mean["x"] == [210.0]
    assert mean["error_x"]["array"] == [0]  # the band is of the plain mean


def test_an_arm_beside_the_axes_is_no_point_of_a_curve() -> None:
    """It has the labels of the arm that it changes."""
    grid = [arm(n, f"{10 * n}ep", 0.5 + n, [life(0, 0.5 + n)]) for n in range(2)]
    given = answer(*grid, arm(2, "0ep", 9.0, [life(0, 9.0)], name="mirror", origin="arm"))
    (curve,) = (each for each in sensitivity(given, None, LIGHT, Origin())["data"] if each["mode"] == "lines+markers")
    assert curve["y"] == [0.5, 1.5]


def test_effect_against_onset_lies_at_the_onset() -> None:
    given = answer(*(arm(n, f"{ep}ep", value, [life(0, value)]) for n, (ep, value) in enumerate([(40, 0.2), (0, 0.7)])))
    trend = {
        "name": "onset-curve",
        "kind": "trend",
        "outcome": "final",
        "unit": "fraction/ep",
        "method": "paired_bootstrap",
        "estimate": {"value": -0.0125, "lo": -0.02, "hi": -0.01},
        "p": 0.01,
        "p_corrected": 0.02,
        "effect": None,
        "n": 1,
        "n_missing": 0,
        "n_censored": 0,
        "n_diverged": 0,
        "n_growing": 0,
        "explored": None,
        "warnings": [],
        "detail": {"peak": {"value": 0.0, "lo": 0.0, "hi": 0.0}},
        "definition": {"axis": "onset", "within": {"kind": "blur"}},
    }
    contrasts = Contrasts.model_validate(
        {
            **{"job": "job_1", "complete": True, "lives": {}, "seeds": SEEDS, "analysis": {}},
            **{"contrasts": [trend], "expectations": [], "doubts": []},
        }
    )
    figure = sensitivity(given, contrasts, LIGHT, Origin())
    curve = by_name(figure)["kind blur"]
    assert (curve["x"], curve["y"]) == ([0.0, 40.0], [0.7, 0.2])
    assert figure["layout"]["xaxis2"]["title"]["text"] == "onset (ep)"
    assert "p 0.02" in figure["layout"]["annotations"][-1]["text"]
    go.Figure(figure)


def test_labels_are_numbers_durations_or_names() -> None:
    assert positions(["0.1", "2"]) == ({"0.1": 0.1, "2": 2.0}, "1")
    assert positions(["0sp", "20ep", "1.5kep"]) == ({"0sp": 0.0, "20ep": 20.0, "1.5kep": 1500.0}, "ep")
    assert positions(["20ep", "30sp"]) == ({"20ep": 0.0, "30sp": 1.0}, "")
    assert positions(["blur", "flip"]) == ({"blur": 0.0, "flip": 1.0}, "")


# ---- organism

BODY = {
    "senses": {"retina": {"shape": [8]}, "ear": {"shape": [4]}},
    "areas": {
        "V1": {"kind": "linear", "size": 6, "act": "tanh"},
        "A1": {"kind": "linear", "size": 6, "act": "relu"},
        "IT": {"kind": "linear", "size": 5, "act": "relu"},
        "head": {"kind": "linear", "size": 3, "act": "none"},
    },
    "pathways": [
        {"from": "retina", "to": "V1", "mode": "forward", "gradient": "pass", "delay": 0},
        {"from": "ear", "to": "A1", "mode": "forward", "gradient": "pass", "delay": 0},
        {"from": "V1", "to": "IT", "mode": "forward", "gradient": "block", "delay": 0},
        {"from": "A1", "to": "IT", "mode": "forward", "gradient": "pass", "delay": 0},
        {"from": "retina", "to": "head", "mode": "forward", "gradient": "pass", "delay": 0},
        {"from": "IT", "to": "head", "mode": "forward", "gradient": "pass", "delay": 0},
        {"from": "head", "to": "V1", "mode": "feedback", "gradient": "pass", "delay": 1},
    ],
    "credit": [{"name": "early", "areas": ["V1"], "rule": {"kind": "feedback_alignment"}}],
}
SCENE = Scene(
    {
        "organism": BODY,
        "costs": {"label": {"kind": "cross_entropy", "at": "head"}, "idle": {"kind": "mse", "at": "V1"}},
    },
    {"label": 0.5, "idle": 0.0},
    {"V1": 0.2, "A1": 1.0, "IT": 1.0, "head": 0.0},
    "at age 10 samples",
)


def test_areas_stand_as_far_from_the_senses_as_their_longest_way() -> None:
    nodes = laid_out(BODY)
    assert {name: node.column for name, node in nodes.items()} == {
        "retina": 0,
        "ear": 0,
        "V1": 1,
        "A1": 1,
        "IT": 2,
        "head": 3,
    }
    assert {nodes["V1"].row, nodes["A1"].row} == {0, 1}
    assert nodes["IT"].row == nodes["head"].row == 0.5


def test_a_loop_of_forward_pathways_is_laid_out_too() -> None:
    body = {
        "senses": {"retina": {"shape": [8]}},
        "areas": {"a": {"kind": "linear"}, "b": {"kind": "linear"}},
        "pathways": [{"from": "retina", "to": "a"}, {"from": "a", "to": "b"}, {"from": "b", "to": "a"}],
    }
    assert set(laid_out(body)) == {"retina", "a", "b"}


def test_the_organism_names_rules_costs_and_cuts() -> None:
    figure = organism(SCENE, LIGHT, Origin())
    texts = [note["text"] for note in figure["layout"]["annotations"]]
    assert "<i>early: feedback_alignment</i>" in texts
    assert "<i>backprop</i>" in texts
    assert "label 0.5" in texts
    assert any("∥" in text and LIGHT.alarm in text for text in texts)
    assert any("+1" in text for text in texts)
    paths = [shape for shape in figure["layout"]["shapes"] if shape["type"] == "path"]
    assert len(paths) == 7
    assert [path["line"]["color"] == LIGHT.alarm for path in paths].count(True) == 1
    (points,) = figure["data"]
    assert points["customdata"] == [None, None, "V1", "A1", "IT", "head"]
    go.Figure(figure)


def test_plasticity_is_the_depth_of_the_fill() -> None:
    figure = organism(SCENE, LIGHT, Origin())
    boxes = [shape for shape in figure["layout"]["shapes"] if shape["type"] == "rect"]
    opacity = [float(box["fillcolor"].rpartition(",")[2][:-1]) for box in boxes[2:]]
    assert opacity == pytest.approx([0.04 + 0.4 * level for level in (0.2, 1.0, 1.0, 0.0)])
    assert ("IT", None, 1.0, "area IT: plasticity 1; no cost of its own") in [row[1:] for row in rows(figure)]


# ---- envelopes and sharing


def test_envelopes_are_dotted_where_a_trigger_decides() -> None:
    figure = envelopes(grown.ENVELOPES, LIGHT, Origin())
    label = (
        [each for each in figure["data"] if each["name"] == "label"]
        if "name" in figure["data"][0]
        else [each for each in figure["data"] if each.get("name") == "label"]
    )
    assert [max(each["x"]) for each in label] == [100, 300]
    assert label[1]["line"]["dash"] == "2px 3px"
    blur = [each for each in figure["data"] if each.get("name") == "blur"]
    assert len(blur) == 1  # an age is an age, whatever triggers do
    assert figure["layout"]["meta"]["notes"] == ["dotted: as in a life that meets every limit"]
    go.Figure(figure)


def step(trajectory: str | None, start: int, end: int, stage: str = "s", cohort: int = 0) -> Answer:
    ages = {"from_age": [start, start], "to_age": [end, end]}
    return {"trajectory": trajectory, "cohort": cohort, "stage": stage, **ages}


def test_a_trajectory_that_arms_share_is_one_block_with_their_own_ends() -> None:
    known = {"seeds": [0, 1], "trained_to": 5, "updates": 10, "state": "partial"}
    plan = {
        "arms": [
            {"name": "short", "steps": [step("t1", 0, 50)]},
            {"name": "other", "steps": [step("t9", 0, 30)]},
            {"name": "long", "steps": [step("t1", 0, 80), step("t1", 80, 100, "late"), step(None, 100, 120)]},
        ],
        "trajectories": [
            {"key": "t1", **known},
            {"key": "t9", **known, "state": "done", "trained_to": 10},
        ],
    }
    figure = sharing(plan, LIGHT, Origin())
    assert figure["layout"]["yaxis"]["ticktext"] == ["short", "long", "other"]
    blocks = {each["name"]: each for each in figure["data"] if each["mode"] == "lines"}
    shared = blocks["partly trained"]
    assert shared["x"] == [0, 50, 50, 100, 100, 0, 0, None]
    assert shared["y"] == [-0.42, -0.42, 0.5, 0.5, 1.42, 1.42, -0.42, None]
    assert blocks["a trigger decides"]["x"][:2] == [100, 120]
    words = [each["hovertext"] for each in figure["data"] if each["name"] == "partly trained" and "hovertext" in each]
    assert words == [["s, late: partly trained, 5 of 10 updates, 2 lives; 2 arms share it t1"]]
    go.Figure(figure)


def test_arms_that_share_lie_together_and_else_as_the_document_has_them() -> None:
    keys = {"first": "z", "second": "m", "third": "z", "fourth": "a", "open": None}
    plan = {
        "arms": [{"name": name, "steps": [step(key, 0, 50)]} for name, key in keys.items()],
        "trajectories": [
            {"key": key, "seeds": [0], "trained_to": 0, "updates": 5, "state": "new"} for key in ("z", "m", "a")
        ],
    }
    rows = sharing(plan, LIGHT, Origin())["layout"]["yaxis"]["ticktext"]
    assert rows == ["first", "third", "second", "fourth", "open"]
