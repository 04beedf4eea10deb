"""What the catalogue's pages say of options."""

from __future__ import annotations

import pytest

from models.specs import catalogue
from service.cli.options import options


def rows(family: str, kind: str) -> dict[str, dict[str, str]]:
    entry = catalogue.entry(family, kind)
    assert entry is not None
    return {row["option"]: row for row in options(entry.schema)}


@pytest.mark.parametrize(
    ("family", "kind", "option", "takes", "default"),
    [
        ("costs", "denoise", "scope", "local | upstream", "local"),
        ("costs", "denoise", "corrupt", "number, 0 to 10", "0.25"),
        ("costs", "denoise", "at", "a name", "needed"),
        ("envelopes", "ramp", "start", "a duration, 60ep", "0sp"),
        ("envelopes", "steps", "points", "a list of [a duration, 60ep, number]", "needed"),
        ("areas", "linear", "bias", "true | false", "true"),
        ("areas", "linear", "size", "integer, 1 to 65536", "needed"),
        ("contrasts", "pair", "treat", "{name: value, ...}", "needed"),
        ("triggers", "any", "any", "a list of a trigger", "needed"),
        (
            "triggers",
            "criterion",
            "criterion",
            "{probe: a name, op: >= | <= | > | <, value: number, hold?: integer, 1 to 100}",
            "needed",
        ),
    ],
)
def test_an_option_says_what_it_takes_and_what_it_is_if_left_out(
    family: str, kind: str, option: str, takes: str, default: str
) -> None:
    row = rows(family, kind)[option]
    assert (row["takes"], row["default"]) == (takes, default)


def test_a_kind_that_needs_no_options_is_a_word_and_others_point_to_their_page() -> None:
    words = rows("costs", "denoise")["target"]["takes"].split(" | ")
    assert {"label", "input", "{kind: area, ...}"} <= set(words)


def test_every_option_of_every_member_says_what_it_takes() -> None:
    told = [
        row for family in catalogue.FAMILIES for entry in catalogue.entries(family) for row in options(entry.schema)
    ]
    assert len(told) > 400
    assert not [row for row in told if not row["takes"] or "any value" in row["takes"]]
