"""Reads `docker-compose.yml` and the Dockerfiles as Docker does, and says what each service runs and with what."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}")


@dataclass(frozen=True)
class Image:
    """What a Dockerfile says of the image it makes."""

    user: str
    environment: Mapping[str, str]
    command: list[str]
    check: list[str]
    copied: list[str]
    """What of the project is in it."""


@dataclass
class Service:
    """One service: its words in the file, what it starts, what says that it is well, what it is started with."""

    given: Mapping[str, Any]
    command: list[str]
    check: list[str]
    environment: dict[str, str] = field(default_factory=dict)


def services(variables: Mapping[str, str]) -> dict[str, Service]:
    """All services, with the variables of the caller's environment put in."""
    file = yaml.safe_load(filled((ROOT / "docker-compose.yml").read_text(), variables))
    return {name: _service(given) for name, given in file["services"].items()}


def filled(text: str, variables: Mapping[str, str]) -> str:
    """The text as compose reads it: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`; KeyError without one."""

    def value(found: re.Match[str]) -> str:
        name, default = found.groups()
        return variables[name] if default is None else variables.get(name) or default

    return "\n".join(
        line if line.lstrip().startswith("#") else _VARIABLE.sub(value, line) for line in text.splitlines()
    )


def image(dockerfile: str) -> Image:
    """The lines of a Dockerfile that matter here; the last of each word counts."""
    text = (ROOT / dockerfile).read_text().replace("\\\n", " ")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]
    told = dict(lines)
    settings = [rest.partition("=") for word, rest in lines if word == "ENV"]
    return Image(
        user=told["USER"],
        environment={name: value for name, _, value in settings},
        command=json.loads(told["CMD"]),
        check=json.loads(told["HEALTHCHECK"].partition("CMD")[2]),
        copied=[each for word, rest in lines if word == "COPY" for each in rest.split()[:-1]],
    )


def _service(given: Mapping[str, Any]) -> Service:
    own = {name: str(value) for name, value in given.get("environment", {}).items()}
    check = given.get("healthcheck", {}).get("test", [])
    if "build" not in given:
        return Service(given, given.get("command", []), check, own)
    made = image(given["build"]["dockerfile"])
    return Service(given, given.get("command", made.command), check or made.check, {**made.environment, **own})
