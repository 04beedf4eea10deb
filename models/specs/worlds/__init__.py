"""Worlds: what is shown, in what order, with which labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from models.specs.base import Many, Member, Name, Share, Spec, later
from models.specs.envelopes import Scalar
from models.specs.transforms import NamedTransform
from models.specs.worlds.acting import ActingSource
from models.specs.worlds.eyes import TwoEyesSpec
from models.specs.worlds.facts import Source, SourceFacts
from models.specs.worlds.linear import LinearSource
from models.specs.worlds.nature import NatureSource
from models.specs.worlds.real import RealSource
from models.specs.worlds.scenes import SceneSource
from models.specs.worlds.sequences import SequenceSource
from models.specs.worlds.social import SocialSource
from models.specs.worlds.sources import facts
from models.specs.worlds.views import ViewSource

_ROUNDING = 1e-9


class AllLabels(Spec):
    """Every item shows its label."""

    kind: Literal["all"]
    noise: Share = 0.0
    """Share of items with a wrong label, fixed per item."""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = later(0)
    """Which items these are, and which wrong labels they have."""


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
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = later(0)
    """Which of them these are, and which wrong labels they have."""


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


class Part(Spec):
    """A world and its share of what is shown."""

    share: Annotated[float, Field(gt=0.0, lt=1.0)]
    world: WorldSpec


class MixSource(Source):
    """Several worlds in turn, each in its own order under its own transforms and labels.

    Of n presentations in a row a world of share s has s n, to within one for each of the worlds.
    """

    kind: Literal["mix"]
    parts: Annotated[Many[Part], Field(min_length=2, max_length=8)]

    def facts(self) -> SourceFacts:
        """What all of them have."""
        known = [facts(part.world.source) for part in self.parts]
        shown = [part.world.labels for part in self.parts]
        told = [each.label for each, labels in zip(known, shown, strict=True) if not isinstance(labels, NoLabels)]
        first = known[0]
        return SourceFacts(
            {name: shape for name, shape in first.channels.items() if all(_has(each, name, shape) for each in known)},
            told[0] if told and all(each == told[0] for each in told) else None,
            {
                name: each
                for name, each in first.factors.items()
                if all(other.factors.get(name) == each for other in known)
            },
            min_steps=max(each.min_steps for each in known),
            max_steps=min(each.max_steps for each in known),
        )


def _has(known: SourceFacts, name: str, shape: tuple[int, ...]) -> bool:
    return known.channels.get(name) == shape


AnySource = Annotated[
    RealSource
    | LinearSource
    | NatureSource
    | SceneSource
    | SocialSource
    | ViewSource
    | SequenceSource
    | ActingSource
    | TwoEyesSpec
    | MixSource,
    Field(discriminator="kind"),
    Member,
]


class WorldSpec(Spec):
    """A named source with a split, a size, transforms, labels and an order; or a mix of other worlds."""

    source: AnySource = None  # type: ignore[assignment]  # there once a schedule is read: `_one`, `mixed`
    mix: dict[Name, Annotated[float, Field(gt=0.0, lt=1.0)]] | None = later(None, min_length=2, max_length=8)
    """Instead of a source: worlds that are shown in turn, with their shares, which sum to 1."""
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

    @model_validator(mode="after")
    def _one(self) -> WorldSpec:
        if self.mix is None:
            if self.source is None:
                raise PydanticCustomError("exclusive", "exactly one of source, mix")
            return self
        beside = sorted(self.model_fields_set - {"mix"})
        if beside:
            text = "a mix has nothing beside it ({beside}); its worlds have what is theirs"
            raise PydanticCustomError("exclusive", text, {"beside": ", ".join(beside)})
        total = sum(self.mix.values())
        if abs(total - 1.0) > _ROUNDING:
            raise PydanticCustomError("bound", "shares of a mix sum to 1, these to {total}", {"total": f"{total:g}"})
        return self

    @property
    def parts(self) -> tuple[Part, ...]:
        """The worlds it mixes; none if it is none."""
        return self.source.parts if isinstance(self.source, MixSource) else ()

    @property
    def shares_available(self) -> tuple[Scalar, ...]:
        """The shares of rankings that are available in it, by stage time."""
        own = (self.order.available,) if isinstance(self.order, PacedOrder) else ()
        return own + tuple(each for part in self.parts for each in part.world.shares_available)

    @property
    def budget(self) -> BudgetLabels | None:
        """The budget of labels, if there is one."""
        return self.labels if isinstance(self.labels, BudgetLabels) else None

    @property
    def keeps_unlabelled(self) -> bool:
        """Whether items with a label and items without are shown together."""
        parts = [part.world for part in self.parts]
        some = any(isinstance(each.labels, NoLabels) or each.keeps_unlabelled for each in parts)
        return some or (self.budget is not None and self.budget.unlabelled == "keep")

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


def mixed(worlds: Mapping[str, WorldSpec]) -> dict[str, WorldSpec]:
    """The worlds that are mixes of others, with these inside; those that name none or another mix are left out."""
    found = {}
    for name, world in worlds.items():
        parts = {each: worlds.get(each) for each in world.mix or {}}
        if world.mix is None or any(each is None or each.source is None for each in parts.values()):
            continue
        inside = tuple(Part(share=world.mix[each], world=part) for each, part in parts.items() if part is not None)
        steps = min(part.world.steps for part in inside)
        found[name] = world.model_copy(update={"source": MixSource(kind="mix", parts=inside), "steps": steps})
    return found
