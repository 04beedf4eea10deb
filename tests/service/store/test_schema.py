from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from service.store.engine import Database, SchemaOutdated, alembic_config, migrate, require_revision
from service.store.tables import access, fleet, metadata, record, search, work

KNOWN = (access, fleet, record, search, work)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url = str(request.getfixturevalue("empty_postgres"))
    command.downgrade(alembic_config(url), "base")
    return url


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    opened = Database(empty_url)
    yield opened
    opened.close()


def tables_of(database: Database) -> set[str]:
    with database.read() as db:
        return set(sa.inspect(db).get_table_names()) - {"alembic_version"}


def differences(database: Database) -> list[Any]:
    with database.read() as db:
        return list(compare_metadata(MigrationContext.configure(db, opts={"compare_type": True}), metadata))


def test_the_migrations_make_the_tables_of_the_code_up_down_and_up_again(empty_url: str, empty: Database) -> None:
    migrate(empty_url)
    assert differences(empty) == []
    command.downgrade(alembic_config(empty_url), "base")
    assert tables_of(empty) == set()
    migrate(empty_url)
    assert differences(empty) == []
    assert tables_of(empty) == {table.name for table in metadata.sorted_tables}


def test_migrating_again_changes_nothing(empty_url: str, empty: Database) -> None:
    migrate(empty_url)
    migrate(empty_url)
    assert differences(empty) == []


def test_a_database_of_another_revision_is_refused(empty_url: str, empty: Database) -> None:
    with pytest.raises(SchemaOutdated, match="run `ontogeny migrate`"):
        require_revision(empty)
    migrate(empty_url)
    require_revision(empty)
    with empty.write() as db:
        db.execute(sa.text("update alembic_version set version_num = 'another'"))
    with pytest.raises(SchemaOutdated, match="revision another"):
        require_revision(empty)


def test_a_migration_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'half.db'}"
    database = Database(url)
    with database.write() as db:
        db.execute(sa.text("create table trajectory (id integer)"))
    with pytest.raises(sa.exc.OperationalError, match="already exists"):
        migrate(url)
    assert tables_of(database) == {"trajectory"}
    database.close()
