"""Worlds: what is shown, in what order, with which labels."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from models.specs.base import Many, Member, Share, Spec
from models.specs.transforms import NamedTransform
from models.specs.worlds.sources import SourceSpec


class AllLabels(Spec):
    """Every item shows its label."""

    kind: Literal["all"]
    noise: Share = 0.0
    """Share of items with a wrong label, fixed per item."""


class NoLabels(Spec):
    """No item shows a label."""

    kind: Literal["none"]


LabelsSpec = Annotated[AllLabels | NoLabels, Field(discriminator="kind"), Member]


class IidOrder(Spec):
    """Each pass a new permutation, addressed by life and pass; endless worlds: independent items."""

    kind: Literal["iid"]


class GivenOrder(Spec):
    """Items in their own order, every pass alike."""

    kind: Literal["given"]


OrderSpec = Annotated[IidOrder | GivenOrder, Field(discriminator="kind"), Member]


def _named(value: Any) -> Any:
    """A transform is written flat, with `name` beside its options."""
    if isinstance(value, str):
        return {"transform": {"kind": value}}
    if isinstance(value, dict) and "transform" not in value:
        rest = {key: option for key, option in value.items() if key != "name"}
        return {"transform": rest} | ({"name": value["name"]} if "name" in value else {})
    return value


class WorldSpec(Spec):
    """A named source with a split, a size, transforms, labels and an order."""

    source: SourceSpec
    split: Literal["train", "valid", "test"] = "train"
    size: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    """The first so many items of a fixed permutation; all, or an endless stream, if left out."""
    draw: Literal["fixed", "per_life"] = "fixed"
    """Whether all lives see the same subset."""
    steps: Annotated[int, Field(ge=1, le=4096)] = 1
    """Time steps of one item."""
    transforms: Annotated[Many[Annotated[NamedTransform, BeforeValidator(_named)]], Field(max_length=16)] = ()
    labels: LabelsSpec = AllLabels(kind="all")
    order: OrderSpec = IidOrder(kind="iid")
