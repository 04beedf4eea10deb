"""One small form of every source, at least, for the contract."""

from __future__ import annotations

from typing import Any

import torch
from pydantic import TypeAdapter

from models.protocols import Shown, World
from models.specs.worlds.facts import Source
from models.specs.worlds.sources import SourceSpec
from models.worlds import build_world

CASES: dict[str, tuple[dict[str, Any], int]] = {
    "digits": ({"kind": "digits"}, 1),
    "mnist1d": ({"kind": "mnist1d"}, 1),
    "syllables": ({"kind": "syllables", "renditions": 40}, 1),
    "syllables of one": ({"kind": "syllables", "tutor": 3, "renditions": 400, "bands": 9, "frames": 5}, 1),
    "dataset": ({"kind": "dataset", "name": "tiny"}, 1),
    "linear_map": ({"kind": "linear_map"}, 1),
    "linear_map, one dimension": ({"kind": "linear_map", "d": 1, "s": [10.0]}, 1),
    "low_rank": ({"kind": "low_rank"}, 1),
    "low_rank, small": ({"kind": "low_rank", "rows": 9, "columns": 7, "rank": 3, "seen": 40}, 1),
    "two_pathway": ({"kind": "two_pathway", "d": 3}, 1),
    "hierarchy": ({"kind": "hierarchy"}, 1),
    "mixed_sources": ({"kind": "mixed_sources"}, 1),
    "mixed_sources, sines": ({"kind": "mixed_sources", "sources": 10, "law": "sine"}, 7),
    "ring": ({"kind": "ring"}, 1),
    "stereograms": ({"kind": "stereograms"}, 1),
    "vor": ({"kind": "vor", "canals": 3, "lens": 2.0}, 1),
    "noisy_disks": ({"kind": "noisy_disks", "frame": 9}, 1),
    "gratings": ({"kind": "gratings", "frame": 9, "drift": 0.13}, 3),
    "bars": ({"kind": "bars"}, 1),
    "dead_leaves": ({"kind": "dead_leaves"}, 1),
    "dead_leaves, whitened": ({"kind": "dead_leaves", "channels": 3, "whiten": True}, 1),
    "retinal_waves": ({"kind": "retinal_waves"}, 4),
    "retinal_waves, phases": ({"kind": "retinal_waves", "frame": [1, 8, 8], "shuffle": "phase"}, 2),
    "shapes": ({"kind": "shapes"}, 1),
    "shapes, easy": ({"kind": "shapes", "level": "easy", "items": 300}, 1),
    "shapes, cluttered": ({"kind": "shapes", "clutter": 3, "split_by": "angle"}, 1),
    "two_eyes": ({"kind": "two_eyes"}, 1),
    "two_eyes of disks": ({"kind": "two_eyes", "of": {"kind": "noisy_disks", "frame": 8}}, 1),
    "mnist1d, random": ({"kind": "mnist1d", "templates": "random"}, 1),
    "grid": ({"kind": "grid"}, 9),
    "grid, one goal": ({"kind": "grid", "goal": 7, "limit": 3}, 8),
    "chain": ({"kind": "chain", "states": 3}, 12),
    "activities": ({"kind": "activities"}, 9),
    "activities, two": ({"kind": "activities", "offers": ["noise", "hard"], "cues": 3, "limit": 4}, 8),
    "grid, an expert": ({"kind": "grid", "walker": "expert"}, 24),
    "forage": ({"kind": "forage"}, 9),
    "forage, one need": ({"kind": "forage", "needs": 1, "limit": 4}, 7),
    "bandit": ({"kind": "bandit"}, 9),
    "bandit, dealt": ({"kind": "bandit", "pays": [0.1, 0.5, 0.9], "dealt": "random", "limit": 4}, 8),
    "cart_pole": ({"kind": "cart_pole"}, 32),
    "gym": ({"kind": "gym", "env": "CartPole-v1"}, 32),
    "gym, numbered": ({"kind": "gym", "env": "FrozenLake-v1", "limit": 5}, 9),
    "copy": ({"kind": "copy", "length": 8, "delay": 2}, 18),
    "recall": ({"kind": "recall"}, 13),
    "recall, two pairs": ({"kind": "recall", "pairs": 2, "delay": 1, "keys": 64, "values": 64}, 6),
    "grammar": ({"kind": "grammar"}, 16),
    "grammar, deep": ({"kind": "grammar", "embed": 0.75, "depth": 4, "semantics": 0.5, "seed": 3}, 20),
    "counting": ({"kind": "counting"}, 21),
    "counting, long": ({"kind": "counting", "least": 20, "most": 60}, 121),
    "roles": ({"kind": "roles", "roles": 4, "fillers": 64, "held": 16}, 7),
    "trials": ({"kind": "trials"}, 12),
    "trials, match": ({"kind": "trials", "task": "match", "symbols": 64, "delay": 2}, 4),
    "trials, 1-2-AX": ({"kind": "trials", "task": "one_two_ax"}, 17),
    "trials, adding": ({"kind": "trials", "task": "adding"}, 20),
    "trials, flip-flops": ({"kind": "trials", "task": "flip_flop"}, 24),
    "trials, sines": ({"kind": "trials", "task": "sines", "length": 24, "period": 12}, 24),
    "faces": ({"kind": "faces", "frame": 17}, 1),
    "rat_view": ({"kind": "rat_view"}, 5),
    "rat_view, along walls": ({"kind": "rat_view", "speed": 1.0, "thigmotaxis": 1.0, "seed": 3}, 3),
    "turntable": ({"kind": "turntable", "frame": 17}, 5),
    "turntable, held out": ({"kind": "turntable", "frame": 16, "split_by": "angle", "objects": 9, "seed": 2}, 3),
    "characters": ({"kind": "characters"}, 1),
    "characters, held out": ({"kind": "characters", "split_by": "class", "alphabets": 2, "letters": 9}, 1),
    "pairs": ({"kind": "pairs"}, 1),
    "pairs, mixed up": ({"kind": "pairs", "things": 5, "mismatch": 0.5, "lag": 0}, 1),
    "movers": ({"kind": "movers", "frame": 24}, 4),
    "movers, stills": ({"kind": "movers", "frame": 24, "share": 1.0}, 1),
    "moving_shapes": ({"kind": "moving_shapes", "frame": 15}, 5),
    "moving_shapes, jumping": ({"kind": "moving_shapes", "frame": 8, "clutter": 3, "jump": 0.3, "speed": 0.4}, 5),
    "moving_shapes, shuffled": ({"kind": "moving_shapes", "frame": 8, "shuffle": "time"}, 5),
}
"""Options and time steps."""

SPLITS = ("train", "valid", "test")


def source_of(options: dict[str, Any]) -> Source:
    """The spec that options mean."""
    source: Source = TypeAdapter(SourceSpec).validate_python(options, strict=False)
    return source


def built(options: dict[str, Any], steps: int = 1, split: str = "train") -> World:
    """The world of a source."""
    return build_world(source_of(options), split, steps)  # type: ignore[arg-type]


def items(options: dict[str, Any], count: int, steps: int = 1, split: str = "train", seed: int = 0) -> Shown:
    """The first so many items as one life meets them: (1, count, T, ...)."""
    return built(options, steps, split).sample(torch.tensor([seed]), torch.arange(count)[None])
