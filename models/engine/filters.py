"""Transforms at their places: what they change of an item on its way from a world to the senses and costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from torch import Tensor

from models.draw import Draw
from models.protocols import Relabels, Transform, Unites
from models.specs.transforms import OnWorlds
from models.specs.transforms.fit import touched
from models.transforms import build_transform


@dataclass(frozen=True)
class Seen:
    """Items on their way."""

    senses: Mapping[str, Tensor]
    label: Tensor | None


class Filter:
    """A transform under the name that addresses its draws, on the senses that it changes.

    `channels` are the channels that feed the senses, `shapes` the shapes of the senses. Draws belong to the channel:
    two senses that share one see the same noise.
    """

    def __init__(
        self, name: str, spec: OnWorlds, channels: Mapping[str, str], shapes: Mapping[str, tuple[int, ...]]
    ) -> None:
        self._name = name
        self._transform = build_transform(spec)
        self._channels = {sense: channels[sense] for sense in touched(spec, shapes)}

    def __call__(self, seen: Seen, classes: int | None, strength_N: Tensor, draw: Draw) -> Seen:
        """What is left of the items for lives at these strengths."""
        match self._transform:
            case Relabels():
                if seen.label is None or classes is None:
                    return seen
                return replace(
                    seen, label=self._transform.relabel(seen.label, classes, strength_N, draw.at(self._name))
                )
            case Unites():
                open_to = {sense: seen.senses[sense] for sense in self._channels}
                changed = self._transform.together(open_to, strength_N, draw.at(self._name)) if open_to else {}
            case Transform():
                changed = {
                    sense: self._transform(seen.senses[sense], strength_N, draw.at(self._name, channel))
                    for sense, channel in self._channels.items()
                }
            case _:
                assert_never(self._transform)
        return replace(seen, senses={**seen.senses, **changed})
