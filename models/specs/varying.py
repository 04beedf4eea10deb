"""Worlds that are otherwise in one stage than in the next: options of a source, of labels, of a transform."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from pydantic import ValidationError

from models.specs.base import Spec
from models.specs.envelopes import Scalar, is_constant, value
from models.specs.findings import Code, did_you_mean
from models.specs.worlds import WorldSpec


class Unvaried(ValueError):
    """An option that cannot be varied; `key` is its name in the stage."""

    def __init__(self, key: str, code: Code, message: str, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.key, self.code, self.suggestion = key, code, suggestion


def varied(world: WorldSpec, vary: Mapping[str, Scalar]) -> WorldSpec:
    """The world with these options; Unvaried if it has no such option, or not such a value."""
    if not vary:
        return world
    parts = {} if world.parts else {"source": world.source, "labels": world.labels}
    own: dict[str, Spec] = parts | {each.title: each.transform for each in world.transforms}
    changed = {name: part.model_dump(mode="json") for name, part in own.items()}
    for key, scalar in vary.items():
        holder, _, option = key.partition(".")
        if holder not in own:
            raise Unvaried(key, "E01", f"nothing called '{holder}' in its world", did_you_mean(holder, list(own)))
        known = [each for each in type(own[holder]).model_fields if each != "kind"]
        if option not in known:
            raise Unvaried(key, "E18", f"{holder} has no option '{option}'", did_you_mean(option, known))
        if not is_constant(scalar):
            raise Unvaried(key, "E30", f"{key} would change within the stage", "a number, or an index in a repeat")
        number = value(scalar, 0.0)
        changed[holder][option] = int(number) if number.is_integer() else number
    return _read(world, changed, next(iter(vary)))


def _read(world: WorldSpec, changed: Mapping[str, object], key: str) -> WorldSpec:
    transforms = [{"name": each.name, "transform": changed[each.title]} for each in world.transforms]
    beside = {name: changed[name] for name in ("source", "labels") if name in changed}
    document = world.model_dump(mode="json") | beside | {"transforms": transforms}
    try:
        return WorldSpec.model_validate_json(orjson.dumps(document))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise Unvaried(key, "E30", f"{where}: {first['msg']}") from None
