"""Environments in documents: looked up, filled in, refused; nothing is loaded because a document names it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import pytest
from build import tiny_schedule
from gymnasia import PACKAGE, balancing, operators_package, without_gymnasium

from models.specs import catalogue
from models.specs.checks import Checked, check_document
from models.specs.worlds import environments
from models.specs.worlds.gym import GymSpec

ROOT = Path(__file__).parents[3]


@pytest.fixture
def playgrounds(tmp_path: Path) -> Iterator[Any]:
    with operators_package(tmp_path) as package:
        yield package


def told(found: Checked) -> list[tuple[str, str, str, str]]:
    return [
        (each.code, each.pointer, each.message, str(each.suggestion and each.suggestion.text)) for each in found.errors
    ]


def within(**source: Any) -> dict[str, Any]:
    """The document with another source."""
    document = balancing()
    document["worlds"]["track"]["source"] = {"kind": "gym"} | source
    return document


def first(**source: Any) -> tuple[str, str, str, str]:
    return told(check_document(within(**source)))[0]


def test_an_id_stands_for_what_the_environment_shows_and_takes() -> None:
    found = check_document(balancing())
    assert found.ok, found.errors
    source = found.schedules[0].worlds["track"].source
    assert isinstance(source, GymSpec)
    assert source.content.model_dump() == {
        "package": f"gymnasium {gymnasium.__version__}",
        "actions": 2,
        "shape": (4,),
        "numbered": False,
        "limit": 500,
    }
    assert source.longest == 40
    pinned = found.schedules[0].model_dump(mode="json")
    assert check_document(pinned).schedules == found.schedules


def test_facts_of_numbers_and_of_numbered_states() -> None:
    pole = GymSpec(kind="gym", env="CartPole-v1").facts()
    assert (pole.channels, pole.actions) == ({"state": (4,), "action": (2,)}, 2)
    assert pole.factors["place"].classes == 3
    lake = GymSpec(kind="gym", env="FrozenLake-v1").facts()
    assert (lake.channels, lake.actions) == ({"place": (16,), "action": (4,)}, 4)
    assert lake.factors["place"].classes == 16


def test_a_limit_of_the_document_goes_before_that_of_the_registry() -> None:
    assert GymSpec(kind="gym", env="FrozenLake-v1").longest == 100
    assert GymSpec(kind="gym", env="FrozenLake-v1", limit=7).longest == 7
    code, pointer, message, way = first(env="CliffWalking-v1")
    assert (code, pointer, way) == ("E38", "/worlds/track/source", "give it a `limit`")
    assert message == (
        "world track: source: an episode of CliffWalking-v1 may last for ever, at most 10000 steps can be kept"
    )
    assert check_document(within(env="CartPole-v1", limit=10_001)).errors[0].code == "E30"


@pytest.mark.parametrize(
    "name", ["os:System-v1", "playgrounds:Base-v0", "CartPole", "../CartPole-v1", "a/b/CartPole-v1", "", "x" * 200]
)
def test_what_is_no_id_is_refused_and_nothing_is_loaded(name: str) -> None:
    before = set(sys.modules)
    found = told(check_document(within(env=name)))
    assert [(code, pointer) for code, pointer, *_ in found] == [("E38", "/worlds/track/source/env")]
    assert "modules are not loaded by name" in found[0][2]
    assert found[0][3] == "write it as CartPole-v1"
    assert set(sys.modules) == before


def test_what_is_no_text_is_refused_once() -> None:
    assert [(code, pointer) for code, pointer, *_ in told(check_document(within(env=7)))] == [
        ("E18", "/worlds/track/source/env")
    ]


def test_an_id_with_its_content_stated_is_looked_up_all_the_same() -> None:
    content = environments.content("CartPole-v1").model_dump(mode="json")
    assert check_document(within(env="CartPole-v1", content=content)).ok
    for name in ("CartPole-v7", "Nobody-v1"):
        code, pointer, message, _ = first(env=name, content=content)
        assert (code, pointer) == ("E38", "/worlds/track/source")
        assert "nobody has registered" in message


def test_nobodys_environment_is_refused_with_those_of_its_name() -> None:
    assert first(env="cartpole-v2")[2:] == (
        "world track: source: nobody has registered an environment 'cartpole-v2'",
        "known: CartPole-v0, CartPole-v1",
    )
    assert "pprint_registry" in first(env="Nobody-v1")[3]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Pendulum-v1", "Pendulum-v1 takes Box(-2.0, 2.0, (1,), float32); what is done must be one of a number"),
        ("Blackjack-v1", "Blackjack-v1 shows Tuple(Discrete(32), Discrete(11), Discrete(2)); what is shown must be"),
    ],
)
def test_what_cannot_be_lived_in_is_refused_with_the_reason(name: str, why: str) -> None:
    code, pointer, message, _ = first(env=name)
    assert (code, pointer) == ("E38", "/worlds/track/source")
    assert message.startswith(f"world track: source: {why}")


def test_a_package_is_let_in_by_the_operator_alone(playgrounds: Any) -> None:
    code, _, message, way = first(env="Base-v0")
    assert (code, message) == (
        "E38",
        "world track: source: Base-v0 is made by playgrounds, which this service has not let in",
    )
    assert way == "the operator lists playgrounds in ONTOGENY_GYM_PACKAGES"
    environments.let_in([PACKAGE])
    assert environments.content("Base-v0").model_dump() == {
        "package": PACKAGE,
        "actions": 3,
        "shape": (50,),
        "numbered": True,
        "limit": 9,
    }


@pytest.mark.parametrize(
    ("name", "why", "way"),
    [
        ("Careless", "goes on otherwise from the same seed", "draws from its own generator alone"),
        ("Growing", "goes on otherwise from the same seed", "draws from its own generator alone"),
        ("Seeding", "goes on otherwise from the same seed", "draws from its own generator alone"),
        ("Told", "goes on otherwise from the same seed", "draws from its own generator alone"),
        ("Continuous", "takes Box", "discrete actions"),
        ("Vast", "shows [70, 70] and takes 3 actions; more than 4096", "a smaller environment"),
        ("Dictionary", "shows Dict", "another environment"),
        ("Lacking", "cannot be made here: No module named 'physics'", "install what it asks for"),
        ("Endless", "may last for ever", "give it a `limit`"),
        ("Lasting", "may last 20000 steps", "give it a `limit`"),
    ],
)
def test_environments_in_which_no_life_could_be_continued_are_refused(
    playgrounds: Any, name: str, why: str, way: str
) -> None:
    environments.let_in([PACKAGE])
    code, pointer, message, suggestion = first(env=f"{name}-v0")
    assert (code, pointer) == ("E38", "/worlds/track/source")
    assert why in message
    assert way in suggestion


def test_a_listed_package_that_is_not_there_is_told() -> None:
    environments.let_in(["nowhere_to_play"])
    try:
        _, _, message, way = first(env="CartPole-v1")
    finally:
        environments.let_in(())
    assert "package nowhere_to_play, listed in ONTOGENY_GYM_PACKAGES, cannot be loaded" in message
    assert way == "install nowhere_to_play, or list it no more"


def test_another_version_is_another_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    pinned = check_document(balancing()).schedules[0].model_dump(mode="json")
    pinned["worlds"]["track"]["source"]["content"]["package"] = "gymnasium 1.3.0"
    ((code, pointer, message, way),) = told(check_document(pinned))
    assert (code, pointer) == ("E38", "/worlds/track/source")
    assert "is not what the document states (gymnasium 1.3.0)" in message
    assert way == "leave `content` out, or install what it states"


def test_without_the_library_its_documents_are_refused_and_all_others_are_not() -> None:
    pinned = check_document(balancing()).schedules[0].model_dump(mode="json")
    with without_gymnasium():
        for document in (balancing(), pinned):
            ((code, pointer, message, way),) = told(check_document(document))
            assert (code, pointer) == ("E38", "/worlds/track/source")
            assert message.endswith("environments are made by gymnasium, which is not installed here")
            assert way == "install ontogeny[gym] where API and workers run"
        assert check_document(tiny_schedule()).ok
        entry = catalogue.entry("worlds", "gym")
        assert entry is not None
        assert entry.kind == "gym"


def test_service_and_engine_start_without_the_library() -> None:
    script = (
        "import sys; sys.modules['gymnasium'] = None; import service.app, service.cli, models.worlds, workers.tasks"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
