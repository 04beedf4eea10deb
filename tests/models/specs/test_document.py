from __future__ import annotations

import time

import pytest

from models.errors import Malformed, Refused
from models.specs.document import MAX_BYTES, MAX_NODES, read


def refusal(text: bytes | str, form: str = "yaml") -> Malformed:
    with pytest.raises(Malformed) as caught:
        read(text, form)
    assert isinstance(caught.value, Refused)
    assert [each.code for each in caught.value.findings] == ["E00"]
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"), ("yes", "yes"), ("NO", "NO"),
        ("2024-01-01", "2024-01-01"), ("1_000", "1_000"), ("12:30", "12:30"),
        ("=", "="), ("0b1", "0b1"), ("null", None), ("~", None), ("", None), ("true", True), ("FALSE", False),
        ("0", 0), ("-7", -7), ("+7", 7), ("010", 10), ("0o17", 15), ("0xFf", 255),
        ("1e-3", 1e-3), ("1.", 1.0), (".5", 0.5), ("-2.5E+2", -250.0), ("1e3", 1000.0),
        ("60ep", "60ep"), ("'1'", "1"), ('"true"', "true"),
    ],
)  # fmt: skip
def test_plain_scalars_follow_the_core_schema(text: str, value: object):
    read_value = read(f"a: {text}").data["a"]
    assert read_value == value
    assert type(read_value) is type(value)


def test_keys_are_texts_whatever_they_look_like():
    assert read("values: {10: a, true: b, on: c, 0.5: d}").data == {
        "values": {"10": "a", "true": "b", "on": "c", "0.5": "d"}
    }


def test_every_member_and_item_has_a_position():
    parsed = read("a: 1\nstages:\n  - name: one\n    until: {after: 1ep}\n")
    assert parsed.positions["/stages/0/until/after"] == (4, 13)
    assert parsed.positions["/stages"] == (2, 1)
    assert parsed.positions["/stages/0"] == (3, 5)
    assert parsed.position("/stages/0/limit") == (3, 5)
    assert parsed.position("/nowhere") is None


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("a: &x 1\n", "anchor '&x'", 1, 4),
        ("a: 1\nb: *x\n", "alias '*x'", 2, 4),
        ("a: !!str 1\n", "tag 'tag:yaml.org,2002:str'", 1, 4),
        ("a: ! 1\n", "tag", 1, 4),
        ("a:\n  <<: {b: 1}\n", "merge key", 2, 3),
        ("a: 1\nb: 2\na: 3\n", "duplicate key 'a'", 3, 1),
        ("a: 1\n---\nb: 2\n", "second document", 2, 1),
        ("%YAML 1.1\n---\na: 1\n", "only YAML 1.2", 1, 1),
        ("a: 1\nb: [1, .nan]\n", "not a finite number", 2, 8),
        ("a: -.inf\n", "not a finite number", 1, 4),
        ("a: 1e999\n", "not a finite number", 1, 4),
        ("a: 9007199254740992\n", "beyond", 1, 4),
        ("a: " + "9" * 5000 + "\n", "beyond", 1, 4),
        ("[1, 2]: 3\n", "a key that is not a text", 1, 1),
        ("a: [1, 2\nb: 3\n", "not YAML", 2, 2),
        ("- 1\n", "a document is an object", 1, 1),
        ("", "a document is an object", 1, 1),
        ('a: "\\0"\n', "NUL", 1, 4),
        ("a: \0\n", "NUL", 1, 4),
    ],
)
def test_what_is_no_document_is_refused_with_its_place(text: str, message: str, line: int, column: int):
    refused = refusal(text)
    assert message in str(refused)
    assert (refused.line, refused.column) == (line, column)


def test_a_number_that_is_not_finite_is_refused_with_its_pointer():
    assert refusal("a: {b: [0, .nan]}").findings[0].pointer == "/a/b/1"


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_bytes_that_are_not_utf8_are_refused(form: str):
    assert "not UTF-8" in str(refusal(b'{"a": "\xff"}', form))
    assert "surrogate" in str(refusal("\ud800", form))


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_more_than_a_mebibyte_is_refused(form: str):
    assert "bytes" in str(refusal(b'{"a": "' + b"x" * MAX_BYTES + b'"}', form))


@pytest.mark.parametrize("form", ["yaml", "json"])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_nesting_is_refused_quickly(form: str, opening: str):
    began = time.monotonic()
    assert "nested deeper than 32" in str(refusal('{"a":' + opening * 150_000, form))
    assert time.monotonic() - began < 5.0


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_many_nodes_are_refused(form: str):
    assert f"more than {MAX_NODES} nodes" in str(refusal('{"a":[' + "0," * MAX_NODES + "0]}", form))


def test_a_yaml_bomb_is_refused_at_its_first_anchor():
    bomb = "a: &a [x, x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True)
    )
    assert refusal(bomb).line == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": NaN}', "NaN is not a finite number"),
        ('{"a": -Infinity}', "-Infinity is not a finite number"),
        ('{"a": 1e999}', "not a finite number"),
        ('{"a": 1, "a": 2}', "duplicate key 'a'"),
        ('{"a": ' + "9" * 5000 + "}", "beyond"),
        ('{"a": "\\ud800"}', "surrogate"),
        ('{"a\\u0000": 1}', "NUL"),
        ('{"a": 1} x', "not JSON"),
        ('{"a": 010}', "not JSON"),
        ("[]", "a document is an object"),
        ("", "not JSON"),
    ],
)
def test_json_is_held_to_the_same_rules(text: str, message: str):
    assert message in str(refusal(text, "json"))


def test_a_text_of_escaped_quotes_does_not_slow_the_depth_check():
    began = time.monotonic()
    refusal('"' + '\\"' * 400_000, "json")
    assert time.monotonic() - began < 5.0


def test_json_and_yaml_give_the_same_data():
    text = '{"a": {"b": [1, 2.5, true, null, "x"], "c": "[{"}}'
    assert read(text, "json").data == read(text).data
