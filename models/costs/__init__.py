"""Costs: what an area is pushed to lower."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from models.costs.activity import Activity
from models.costs.autoencode import Autoencode
from models.costs.cross_entropy import CrossEntropy
from models.costs.denoise import Denoise
from models.costs.mse import Mse
from models.costs.slow_feature import SlowFeature
from models.protocols import Cost
from models.specs.costs import CostSpec
from models.specs.costs.properties import ActivitySpec, SlowFeatureSpec
from models.specs.costs.statistics import AutoencodeSpec, DenoiseSpec
from models.specs.costs.supervised import CrossEntropySpec, MseSpec


def build_cost(name: str, spec: CostSpec, senses: Sequence[str] = ()) -> Cost:
    """The cost a spec describes, under its name in the document.

    `senses` are the organism's: an input target that names none means the only one.
    """
    match spec:
        case CrossEntropySpec():
            return CrossEntropy(name, spec, senses)
        case MseSpec():
            return Mse(name, spec, senses)
        case AutoencodeSpec():
            return Autoencode(name, spec, senses)
        case DenoiseSpec():
            return Denoise(name, spec, senses)
        case ActivitySpec():
            return Activity(spec)
        case SlowFeatureSpec():
            return SlowFeature(spec)
        case _:
            assert_never(spec)
