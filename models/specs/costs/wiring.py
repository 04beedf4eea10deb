"""Costs of what connects an area: its weights, whatever its activity."""

from __future__ import annotations

from typing import Literal

from models.specs.base import Name
from models.specs.costs.base import CostBase


class WeightCost(CostBase):
    """What costs of weights share: nothing flows on to other areas."""

    scope: Literal["local"] = "local"


class L1Spec(WeightCost):
    """Absolute weights of an area's units."""

    kind: Literal["l1"]


class L2Spec(WeightCost):
    """Squared weights of an area's units."""

    kind: Literal["l2"]


class EwcSpec(WeightCost):
    """Squared distance from anchored parameters, each as stiff as it was informative."""

    kind: Literal["ewc"]
    anchor: Name
    """Name of the act `anchor`."""


class WiringSpec(WeightCost):
    """Absolute weights of an area's units times the distance they bridge."""

    kind: Literal["wiring"]
