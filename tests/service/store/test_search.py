"""Jobs found by what is known of them, on both databases; what was stored before searches was."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from alembic import command
from build import tiny_schedule, tiny_study
from simulated import Bench, arm, step

from models.specs.document import Parsed
from models.specs.members import Use
from models.specs.numerics import NumericsSpec
from service.errors import NotFound
from service.store import creation, search
from service.store.access import ANYONE_HERE
from service.store.engine import Database, alembic_config, migrate
from service.store.tables.search import member_use
from service.submission import About, new_job, prepare

OJA, DIGITS = Use("rules", "oja", "V1"), Use("worlds", "digits", "school")


def found(bench: Bench, **filters: Any) -> list[str]:
    with bench.database.read() as db:
        return [row["name"] for row in search.list_page(db, "default", filters)]


@pytest.fixture
def three(bench: Bench) -> Bench:
    """Jobs a, b and c, a second apart."""
    about: list[dict[str, Any]] = [
        {"name": "a", "uses": frozenset({OJA, DIGITS}), "labels": {"set": "x"}, "document_hash": "sha256:aaaaaa11"},
        {"name": "b", "uses": frozenset({DIGITS}), "notes": "100% Blur", "document_hash": "sha256:aaaaaa22"},
        {"name": "c", "uses": frozenset({Use("rules", "burst", "V1")}), "labels": {"set": "x", "by": "me"}},
    ]
    for place, each in enumerate(about):
        bench.clock.pass_by(1)
        bench.submit(arm(step(place, 20)), **each)
    return bench


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, "cba"),
        ({"uses": ["rules/oja"]}, "a"),
        ({"uses": ["worlds/digits"]}, "ba"),
        ({"uses": ["worlds/digits@school", "rules/oja@V1"]}, "a"),
        ({"uses": ["worlds/digits@crib"]}, ""),
        ({"uses": ["rules/*@V1"]}, "ca"),
        ({"uses": ["rules/*"]}, "ca"),
        ({"uses": ["rules/*@V1"], "label": ["by:me"]}, "c"),
        ({"document": "sha256:aaaaaa"}, "ba"),
        ({"document": "sha256:aaaaaa2"}, "b"),
        ({"document": "sha256:0"}, "cba"),  # of their arms
        ({"name": "b"}, "b"),
        ({"name": "B"}, ""),
        ({"q": "blur"}, "b"),
        ({"q": "0%"}, "b"),
        ({"created_after": 1_000_001.5}, "cb"),
        ({"created_before": 1_000_001.5}, "a"),
        ({"finished_after": 0.0}, ""),
        ({"status": ["queued"], "q": None, "label": []}, "cba"),
    ],
)
def test_jobs_are_found_by_what_is_known_of_them(three: Bench, filters: dict[str, Any], names: str) -> None:
    assert "".join(found(three, **filters)) == names


def test_what_finished_when_is_found(three: Bench) -> None:
    three.clock.pass_by(10)
    three.run()
    assert found(three, finished_after=1_000_012.0, finished_before=1_000_014.0) == ["c", "b", "a"]
    assert found(three, finished_before=1_000_012.0) == []


def test_a_deleted_job_is_found_no_more(three: Bench) -> None:
    three.run()
    with three.database.read() as db:
        (row,) = search.list_page(db, "default", {"name": "a"})
    three.delete(row["id"])
    assert found(three, uses=["worlds/digits"]) == ["b"]
    assert {row["job"] for row in three.rows(member_use)} & {row["id"]} == set()


def test_searches_are_kept_by_project_and_forgotten(bench: Bench) -> None:
    with bench.database.write() as db:
        assert search.save(db, 1.0, "default", "mine", {"q": "a"}, None)
        assert not search.save(db, 2.0, "default", "mine", {"q": "b"}, "key")
        assert search.save(db, 3.0, "other", "mine", {"q": "c"}, None)
    with bench.database.read() as db:
        assert [row["filter"] for row in search.list_saved(db, "default")] == [{"q": "b"}]
        assert search.saved(db, "other", "mine")["filter"] == {"q": "c"}
    with bench.database.write() as db:
        search.forget(db, "default", "mine")
    with pytest.raises(NotFound, match="there is no search 'mine'"), bench.database.write() as db:
        search.forget(db, "default", "mine")


# ---- jobs that were there before


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def former_url(request: pytest.FixtureRequest, tmp_path: Any) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'former.db'}"
    return str(request.getfixturevalue("fresh_postgres"))


def test_uses_of_jobs_that_are_there_are_read_from_their_documents(former_url: str) -> None:
    study = tiny_study(0.5, 1.0, outcomes={"end": {"kind": "final", "probe": "acc", "window": "5ba"}})
    migrate(former_url)
    database = Database(former_url)
    ids = []
    for document in (tiny_schedule(), study, tiny_schedule(name="strange")):
        new = new_job(prepare(Parsed(document), None, NumericsSpec()), ANYONE_HERE, About())
        with database.write() as db:
            ids.append(creation.create(db, database.now(db), new, 32)[0])
    with database.read() as db:
        before = {tuple(row) for row in db.execute(sa.select(member_use))}
    strange = orjson.dumps({"ontogeny": "0"}).decode()
    with database.write() as db:
        db.execute(sa.text("update arm set document = :strange where job = :job"), {"strange": strange, "job": ids[2]})
    command.downgrade(alembic_config(former_url), "0008")
    migrate(former_url)
    with database.read() as db:
        after = {tuple(row) for row in db.execute(sa.select(member_use))}
        assert [row["id"] for row in search.list_page(db, "default", {"uses": ["final@end"]})] == [ids[1]]
    assert after == {row for row in before if row[0] != ids[2]}
    assert any(row[0] == ids[2] for row in before)
    database.close()
