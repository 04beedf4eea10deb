"""Answers of the API written by hand, for figures: two lives of one arm, a fixed stage and one that a trigger ends."""

from __future__ import annotations

from typing import Any

Answer = dict[str, Any]

ENVELOPES: Answer = {
    "age": [0, 50, 100, 150, 200, 300],
    "exact_until": 100,
    "stages": [
        {"name": "looking", "from": 0, "to": 100, "fixed": True, "exact": True},
        {"name": "naming", "from": 100, "to": 300, "fixed": False, "exact": False},
    ],
    "costs": {"rebuild": [1.0, 0.5, 0.0, 0.0, 0.0, 0.0], "label": [0.0, 0.0, 2.0, 2.0, 2.0, 2.0]},
    "plasticity": {"V1": [1.0, 1.0, 0.25, 0.25, 0.25, 0.25], "IT": [1.0] * 6, "head": [1.0] * 6},
    "deficits": {"blur": [0.0, 1.0, 1.0, 0.0, 0.0, 0.0]},
    "critical_periods": {},
    "modulators": {},
    "world": ["crib", "crib", "school", "school", "school", "school"],
}


def life(seed: int, age: int, status: str = "developing") -> Answer:
    return {"arm": 0, "seed": seed, "status": status, "stage": None, "age_sp": age, "reason": None}


def left(seed: int, stage: str, age: int, fired: str = "/until", status: str = "advanced", **more: Any) -> Answer:
    return {
        "arm": 0,
        "seed": seed,
        "stage": stage,
        "age_sp": age,
        "fired": fired,
        "status": status,
        "trajectory": "trj_1",
        "values": [],
        **more,
    }


GROWN_LIVES = [life(0, 180, "complete"), life(1, 240)]
QUIZ = [{"probe": "quiz", "offset": 8, "age_sp": 180, "value": 0.97}]
GROWN_TRANSITIONS = [
    left(0, "looking", 100),
    left(1, "looking", 100),
    left(0, "naming", 180, "/until/criterion", values=QUIZ),
]
SNAPSHOTS = [
    {"id": "snp_1", "age_sp": 100, "stage": "looking", "kept_because": ["asked for by an arm"], "arms": [0]},
    {"id": "snp_2", "age_sp": 240, "stage": "naming", "kept_because": [], "arms": [0]},
]


def trace(series: str, x: list[int], y: list[float | None], **more: Any) -> Answer:
    about = {"unit": "1", "arm": 0, "labels": {}, "seed": None, "stat": None, "nonfinite": []}
    return {"series": series, "x": x, "y": y, **about, **more}


def history(*traces: Answer, **query: Any) -> Answer:
    thinning = {"method": "none", "values_in": 4, "points_out": 4, "exact": True, "extremes": "exact", "band": None}
    return {"query": {"x": "age", **query}, "traces": list(traces), "thinning": thinning, "stages": []}
