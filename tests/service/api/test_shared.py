"""Answers that many ask for at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.api.shared import Said, Shared


def test_of_many_who_ask_the_same_one_has_it_made() -> None:
    shared, made, asked = Shared(), [], threading.Barrier(8)

    def make() -> Said:
        made.append(threading.get_ident())
        return Said(b"curves", {"X-Made": str(len(made))})

    def ask(_: int) -> Said:
        asked.wait()
        return shared.answer("tag", make)

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(ask, range(8)))
    assert len(made) == 1
    assert said == [Said(b"curves", {"X-Made": "1"})] * 8


def test_another_tag_is_another_answer() -> None:
    shared = Shared()
    assert [shared.answer(tag, lambda tag=tag: Said(tag.encode(), {})).content for tag in "aba"] == [b"a", b"b", b"a"]


def test_no_more_is_kept_than_so_many_bytes() -> None:
    shared, made = Shared(kept_bytes=10), []

    def said(tag: str, content: bytes) -> bytes:
        return shared.answer(tag, lambda: made.append(tag) or Said(content, {})).content

    assert said("small", b"12345") == said("small", b"") == b"12345"
    assert said("large", b"x" * 11) == b"x" * 11
    assert said("large", b"y" * 11) == b"y" * 11
    assert said("other", b"123456") == b"123456"
    assert said("small", b"new") == b"new"
    assert made == ["small", "large", "large", "other", "small"]


def test_who_meets_an_error_keeps_it_to_himself() -> None:
    shared = Shared()

    def refuse() -> Said:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        shared.answer("tag", refuse)
    assert shared.answer("tag", lambda: Said(b"now", {})).content == b"now"
