"""Probes that cannot be taken where they are asked for are refused, with the field and the reason (E36)."""

from __future__ import annotations

from typing import Any

import pytest
from build import tiny_schedule

from models.specs.checks import check_document

WORLDS: dict[str, Any] = {
    "school": {"source": "digits", "size": 200},
    "quiz": {"source": "digits", "split": "valid", "size": 100},
    "blind": {"source": "digits", "split": "valid", "labels": "none"},
    "discs": {"source": {"kind": "noisy_disks", "frame": 8}, "split": "test"},
    "clips": {"source": {"kind": "moving_shapes", "frame": 8}, "split": "test", "steps": 2},
    "speech": {"source": "grammar", "split": "test", "steps": 4},
    "bars": {"source": {"kind": "gratings", "frame": 8}, "split": "test"},
}
SENSES = {"retina": {"shape": [1, 8, 8]}}


def errors(probe: dict[str, Any], *, two: bool = False) -> list[tuple[str, str, str]]:
    """What is found in the tiny schedule with one more probe; `two`: V1 hears the head, too, by the same weight."""
    document = tiny_schedule(worlds=WORLDS)
    document["organism"]["areas"]["pair"] = {"kind": "linear", "size": 2, "act": "none"}
    document["organism"]["areas"]["echo"] = {"kind": "linear", "size": 64, "act": "none"}
    document["organism"]["pathways"] += [{"from": "V1", "to": "pair"}, {"from": "V1", "to": "echo"}]
    if two:
        document["organism"]["pathways"][1] |= {"mode": "symmetric", "delay": 1}
        document["clock"]["sweeps"] = 2
    document["probes"]["test"] = {"every": "5ba", "world": "quiz"} | probe
    return [
        (each.code, each.pointer.removeprefix("/probes/test/"), each.message)
        for each in check_document(document).errors
        if each.pointer.startswith("/probes/test")
    ]


BAD = [
    ({"kind": "mse", "at": "V1"}, "at", "V1 gives 16 numbers, label of digits has 10"),
    ({"kind": "mse", "at": "head", "truth": "place"}, "truth", "world quiz tells no place; it tells label"),
    ({"kind": "mse", "at": "head", "world": "blind"}, "world", "world blind tells no label; it tells nothing"),
    ({"kind": "average_precision", "at": "pair"}, "at", "pair gives 2 numbers, label of digits has 10"),
    ({"kind": "angle_error", "at": "pair"}, "world",
     "angle_error needs a factor of two numbers, label of digits is none"),
    ({"kind": "angle_error", "at": "head", "world": "discs", "truth": "centre"}, "at",
     "head gives 10 numbers, centre of noisy_disks has 2"),
    ({"kind": "decode", "train": "school"}, "world", "decode needs numbers, label of digits gives none"),
    ({"kind": "decode", "train": "school", "world": "discs", "truth": "centre"}, "train",
     "decode needs numbers, centre of digits gives none"),
    ({"kind": "fewshot", "world": "discs"}, "world", "fewshot needs classes, label of noisy_disks gives none"),
    ({"kind": "fewshot", "world": "discs", "truth": "centre"}, "truth",
     "fewshot needs classes, centre of noisy_disks gives none"),
    ({"kind": "memory_capacity", "train": "discs", "world": "discs", "truth": "place"}, "train",
     "memory_capacity needs numbers, place of noisy_disks gives none"),
    ({"kind": "memory_capacity", "train": "clips", "world": "clips", "truth": "position", "delays": 2}, "world",
     "2 delays need items of more steps, here are 2"),
    ({"kind": "preference", "a": 10}, "a", "class 10 asked, label of digits has 10, counted from 0"),
    ({"kind": "preference", "world": "discs", "truth": "centre"}, "truth",
     "preference needs classes, centre of noisy_disks gives none"),
    ({"kind": "retrieval", "at": "V1", "to": "head"}, "to", "V1 gives [16], head gives [10]"),
    ({"kind": "retrieval", "at": "echo", "to": "retina", "world": "discs", "truth": "centre"}, "truth",
     "retrieval needs classes, centre of noisy_disks gives none"),
    ({"kind": "retinotopy", "at": "V1", "sense": "retina", "grid": [4, 5], "world": "discs"}, "grid",
     "a grid of 4 x 5 asked, V1 gives [16]"),
    ({"kind": "retinotopy", "at": "V1", "sense": "retina", "grid": [4, 4], "n": 100}, "n",
     "retinotopy weighs 64 numbers of retina on 100 frames; twice as many at least"),
    ({"kind": "gridness", "world": "discs", "truth": "position"}, "truth",
     "gridness needs places of two numbers, position of noisy_disks is none"),
    ({"kind": "traces", "at": "head", "source": "retina"}, "source", "head has no weights of its own from retina"),
    ({"kind": "fewshot", "ways": 11}, "ways", "11 classes are asked for, label of digits has 10"),
    ({"kind": "fewshot", "n": 29, "shots": 5}, "n", "5 classes with 6 items each are 30, the probe has 29"),
    ({"kind": "next_frame", "at": "echo", "sense": "retina"}, "world",
     "next_frame against copy needs 2 steps, world quiz has 1"),
    ({"kind": "next_frame", "at": "echo", "sense": "retina", "world": "clips", "against": "line"}, "world",
     "next_frame against line needs 3 steps, world clips has 2"),
    ({"kind": "next_frame", "at": "head", "sense": "retina", "world": "clips"}, "at",
     "head gives [10], retina is [1, 8, 8]"),
    ({"kind": "divergence", "at": "head"}, "world", "divergence needs a law, law of digits is none"),
    ({"kind": "divergence", "at": "head", "world": "speech"}, "at", "head gives [10], law of grammar has 18"),
    ({"kind": "divergence", "at": "head", "depth": 1}, "depth", "world quiz tells no depth"),
    ({"kind": "delta_value"}, "world", "delta_value needs items of two steps at least, world quiz has 1"),
    ({"kind": "orientation"}, "world", "orientation is told of gratings, world quiz shows digits"),
    ({"kind": "cka", "to": "retina", "n": 3}, "n", "cka compares 4 items at least"),
    ({"kind": "rsa", "to": "retina", "n": 1}, "n", "rsa compares 4 items at least"),
    ({"kind": "ocular_dominance", "at": "head", "left": "V1", "right": "retina"}, "right",
     "head has no weights of its own from retina"),
    ({"kind": "pathway_share", "at": "head", "source": "retina"}, "source",
     "head has no weights of its own from retina"),
    ({"kind": "mode_strength", "at": "head", "sense": "retina"}, "world",
     "mode_strength needs labels that are numbers, label of digits is none"),
]  # fmt: skip


@pytest.mark.parametrize(("probe", "field", "message"), BAD)
def test_a_probe_that_cannot_be_taken_is_refused(probe: dict[str, Any], field: str, message: str) -> None:
    assert ("E36", field, f"probe test: {message}") in errors(probe)


GOOD = [
    {"kind": "mse", "at": "head"},
    {"kind": "average_precision", "at": "head"},
    {"kind": "angle_error", "at": "pair", "world": "discs", "truth": "centre"},
    {"kind": "decode", "train": "discs", "world": "discs", "truth": "centre"},
    {"kind": "next_frame", "at": "echo", "sense": "retina", "world": "clips"},
    {"kind": "delta_value", "world": "clips"},
    {"kind": "orientation", "world": "bars"},
    {"kind": "fewshot", "shots": 3},
    {"kind": "memory_capacity", "train": "clips", "world": "clips", "truth": "position", "delays": 1},
    {"kind": "preference", "at": "V1", "b": 9},
    {"kind": "retrieval", "at": "echo", "to": "retina"},
    {"kind": "gridness", "world": "clips"},
    {"kind": "traces", "at": "head", "source": "V1"},
    {"kind": "retinotopy", "at": "V1", "sense": "retina", "grid": [4, 4], "world": "discs"},
    {"kind": "rsa", "to": "V1"},
    {"kind": "pathway_share", "at": "head", "source": "V1"},
]


@pytest.mark.parametrize("probe", GOOD)
def test_a_probe_that_can_be_taken_is_taken_on(probe: dict[str, Any]) -> None:
    assert errors(probe) == []


def test_a_weight_that_is_used_both_ways_has_no_share() -> None:
    told = "pathway_share reads the drive of a linear or plain recurrent area; V1 is another"
    found = errors({"kind": "pathway_share", "at": "V1", "source": "retina"}, two=True)
    assert ("E36", "at", f"probe test: {told}") in found


def test_a_mode_that_the_map_has_not_is_refused() -> None:
    document = tiny_schedule()
    document["organism"]["senses"] = {"x": {"shape": [4]}}
    document["organism"]["areas"] = {"V1": {"kind": "linear", "size": 4, "act": "none"}}
    document["organism"]["pathways"] = [{"from": "x", "to": "V1"}]
    document["worlds"] = {"map": {"source": {"kind": "linear_map", "d": 4, "s": [2.0, 1.0]}}}
    document["costs"] = {"fit": {"kind": "mse", "at": "V1", "target": "label"}}
    document["stages"] = [{"name": "fit", "world": "map", "costs": {"fit": 1.0}, "until": {"after": "9ba"}}]
    for mode, refused in ((3, False), (4, True)):
        probe = {"kind": "mode_strength", "at": "V1", "sense": "x", "mode": mode, "world": "map", "every": "1ba"}
        document["probes"] = {"test": probe}
        told = [each.message for each in check_document(document).errors]
        assert (told == ["probe test: mode 4 asked, the map has 4, counted from 0"]) is refused


@pytest.mark.parametrize(
    ("probe", "code", "field"),
    [
        ({"kind": "rsa", "to": "V2"}, "E01", "to"),
        ({"kind": "next_frame", "at": "echo", "sense": "eye", "world": "clips"}, "E01", "sense"),
        ({"kind": "cost_conflict", "cost": "naming", "other": "rebuilding"}, "E05", "other"),
    ],
)
def test_unknown_names_are_told(probe: dict[str, Any], code: str, field: str) -> None:
    assert [(each, at) for each, at, _ in errors(probe)] == [(code, field)]
