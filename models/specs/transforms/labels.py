"""Transforms of labels."""

from __future__ import annotations

from typing import Literal

from models.specs.base import Spec
from models.specs.transforms.senses import Seed


class LabelNoiseSpec(Spec):
    """A wrong label with a probability that is the strength, anew at every presentation."""

    kind: Literal["label_noise"]


class LabelShuffleSpec(Spec):
    """Every class under the name of another, always the same; strength is the probability per item."""

    kind: Literal["label_shuffle"]
    seed: Seed = 0
