"""The unions of members, and what their members are called."""

from __future__ import annotations

import typing
from typing import Any

from models.specs import areas, costs, credit, probes, transforms
from models.specs.worlds import sources

UNIONS: dict[str, Any] = {
    "areas": areas.AreaSpec,
    "costs": costs.CostSpec,
    "credit": credit.RuleSpec,
    "worlds": sources.SourceSpec,
    "transforms": transforms.DeficitTransformSpec,
    "probes": probes.ProbeSpec,
}
"""By family; transforms with those that act on the organism."""


def kinds(union: Any) -> list[str]:
    """Kinds of the members of a discriminated union."""
    members = typing.get_args(typing.get_args(union)[0])
    return [typing.get_args(member.model_fields["kind"].annotation)[0] for member in members]
