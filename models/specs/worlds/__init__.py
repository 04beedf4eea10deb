"""Worlds: what is shown, in what order, with which labels."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from models.specs.base import Many, Member, Name, Share, Spec, later
from models.specs.envelopes import Scalar
from models.specs.transforms import NamedTransform
from models.specs.worlds.sources import SourceSpec, facts


class AllLabels(Spec):
    """Every item shows its label."""

    kind: Literal["all"]
    noise: Share = 0.0
    """Share of items with a wrong label, fixed per item."""


class NoLabels(Spec):
    """No item shows a label."""

    kind: Literal["none"]


class BudgetLabels(Spec):
    """So many items show their label, a fixed choice among those of the world."""

    kind: Literal["budget"]
    count: Annotated[int, Field(ge=1, le=10_000_000)]
    balanced: bool = True
    """As many of each class, to within one where there are enough."""
    draw: Literal["nested", "free"] = "nested"
    """nested: a larger budget holds the items of a smaller one; free: each count is a draw of its own."""
    unlabelled: Literal["drop", "keep"] = "drop"
    """drop: the other items are not shown, and a pass is the labelled ones; keep: they are shown, and costs that ask
    for labels are means over the labelled items of a batch, 0 where it has none."""
    noise: Share = 0.0
    """Share of the labels that are wrong, fixed per item."""


LabelsSpec = Annotated[AllLabels | NoLabels | BudgetLabels, Field(discriminator="kind"), Member]


class IidOrder(Spec):
    """Each pass a new permutation, addressed by life and pass; endless worlds: independent items."""

    kind: Literal["iid"]


class GivenOrder(Spec):
    """Items in their own order, every pass alike."""

    kind: Literal["given"]


class TemporalOrder(Spec):
    """Every slot of a batch follows a stream of its own: its next item goes on where its last ended.

    A scene lasts as long as the source says; then the slot goes on to a new one.
    """

    kind: Literal["temporal"]


class PacedOrder(Spec):
    """Items of the first share of a ranking, drawn one by one and put back; the share follows stage time."""

    kind: Literal["paced"]
    rank: Literal["easy", "hard", "random"] = "easy"
    """What comes first: the easy, the hard, or, as the control, items at random, others for each life."""
    available: Scalar
    """The share, above 0 and up to 1; at least one item."""


OrderSpec = Annotated[IidOrder | GivenOrder | TemporalOrder | PacedOrder, Field(discriminator="kind"), Member]


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
    actor: Name | None = later(None)
    """In acting worlds the area whose output is the action, as the logits of a softmax; none: actions at random."""
    normalise: Literal["none", "frozen", "centred"] = later("none")
    """frozen: less the mean, over the standard deviation of each channel; centred: less the mean of each number of it,
    in its own units. Both of the first 4096 training items, taken before transforms and deficits, which are therefore
    not normalised away."""

    @property
    def budget(self) -> BudgetLabels | None:
        """The budget of labels, if there is one."""
        return self.labels if isinstance(self.labels, BudgetLabels) else None

    @property
    def keeps_unlabelled(self) -> bool:
        """Whether items with a label and items without are shown together."""
        return self.budget is not None and self.budget.unlabelled == "keep"

    @property
    def pass_size(self) -> int | None:
        """Items of a pass; None: endless."""
        if self.budget is not None and self.budget.unlabelled == "drop":
            return self.budget.count
        return self.whole_size

    @property
    def whole_size(self) -> int | None:
        """Items that there are, with a label or without; None: endless."""
        sizes = facts(self.source).sizes
        return self.size if sizes is None else min(self.size or sizes[self.split], sizes[self.split])

    @property
    def shared(self) -> bool:
        """Whether items belong to the world and not to the life that meets them."""
        known = facts(self.source)
        finite_subset = self.size is not None and self.draw == "fixed"
        return known.sizes is not None or known.reuse is not None or finite_subset
