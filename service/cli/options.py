"""Options of a member of the catalogue in a person's words: what each takes, and what it is if left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

Data = Mapping[str, Any]


def options(schema: Data) -> Iterator[dict[str, str]]:
    """Rows of `option`, `takes`, `default` and `meaning`, from the JSON schema of a member."""
    needed, parts = schema.get("required", ()), schema.get("$defs", {})
    for name, about in schema.get("properties", {}).items():
        if name != "kind":
            yield {
                "option": name,
                "takes": takes(about, parts),
                "default": "needed" if name in needed else _default(about.get("default")),
                "meaning": " ".join(about.get("description", "").split()),
            }


def takes(about: Data, parts: Data, *, inside: bool = False) -> str:
    """What may be written: words, bounds, the kinds of a family, the members of an object one level deep."""
    if "$ref" in about:
        return _part(parts[about["$ref"].rpartition("/")[2]], parts, inside)
    if "enum" in about:
        return " | ".join(map(str, about["enum"]))
    forms = [*about.get("anyOf", ()), *about.get("oneOf", ())]
    if forms:
        said = [takes(form, parts, inside=inside) for form in forms if form.get("type") != "null"]
        return " | ".join(dict.fromkeys(word for each in said for word in each.split(" | ")))
    return _simple(about, parts, inside)


def _part(part: Data, parts: Data, inside: bool) -> str:
    """A member of a family by its kind, which has a page of its own; other objects by their members."""
    properties = part.get("properties", {})
    if "const" in properties.get("kind", {}):
        kind = str(properties["kind"]["const"])
        return kind if part.get("required", ["kind"]) == ["kind"] else f"{{kind: {kind}, ...}}"
    if part.get("title") == "Trigger":
        return "a trigger"
    if not properties:
        return takes(part, parts, inside=inside)
    if inside:
        return "an object"
    needed = part.get("required", ())
    members = (
        f"{name}{'' if name in needed else '?'}: {takes(about, parts, inside=True)}"
        for name, about in properties.items()
    )
    return f"{{{', '.join(members)}}}"


def _simple(about: Data, parts: Data, inside: bool) -> str:
    match about.get("type"):
        case "array" if "prefixItems" in about:
            said = f"[{', '.join(takes(item, parts, inside=inside) for item in about['prefixItems'])}]"
        case "array":
            said = f"a list of {takes(about.get('items', {}), parts, inside=inside).replace(' | ', ' or ')}"
        case "object":
            said = "{name: value, ...}"
        case "boolean":
            said = "true | false"
        case "integer" | "number" as plain:
            said = f"{plain}{_bounds(about)}"
        case "string" if "examples" in about:
            said = f"a duration, {about['examples'][0]}"
        case "string":
            said = "a name" if "pattern" in about else "a text"
        case _:
            said = str(about["const"]) if "const" in about else "any value"
    return said


def _bounds(about: Data) -> str:
    low, high = about.get("minimum", about.get("exclusiveMinimum")), about.get("maximum", about.get("exclusiveMaximum"))
    over = "over " if "exclusiveMinimum" in about else ""
    under = "under " if "exclusiveMaximum" in about else ""
    if low is None and high is None:
        return ""
    if high is None:
        return f", over {low:g}" if over else f", {low:g} or more"
    return f", {over}{'' if low is None else f'{low:g} '}to {under}{high:g}"


def _default(default: Any) -> str:
    if isinstance(default, dict) and "kind" in default:
        return str(default["kind"])
    if default is None:
        return "none"
    return default if isinstance(default, str) else orjson.dumps(default).decode()
