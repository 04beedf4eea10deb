from __future__ import annotations

import threading
import time

import pytest
import sqlalchemy as sa

from service.store.engine import Database
from service.store.tables.access import idempotency_key

ROW = {
    "caller": "",
    "method": "POST",
    "path": "/v1/jobs",
    "value": "k",
    "body_sha256": "",
    "status": 201,
    "expires_at": 0.0,
}


def rows(database: Database) -> int:
    with database.read() as db:
        return int(db.execute(sa.select(sa.func.count()).select_from(idempotency_key)).scalar_one())


def test_a_write_that_raises_leaves_nothing(database: Database) -> None:
    def half() -> None:
        with database.write() as db:
            db.execute(sa.insert(idempotency_key).values(ROW))
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        half()
    assert rows(database) == 0


def test_a_reader_sees_what_was_committed_while_a_writer_writes(database: Database) -> None:
    with database.write() as db:
        db.execute(sa.insert(idempotency_key).values(ROW))
        assert rows(database) == 0
    assert rows(database) == 1


def test_writers_of_sqlite_take_turns_instead_of_failing(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    failed: list[BaseException] = []

    def count(name: str) -> None:
        try:
            for number in range(10):
                with database.write() as db:
                    before = int(db.execute(sa.select(sa.func.count()).select_from(idempotency_key)).scalar_one())
                    time.sleep(0.001)
                    db.execute(sa.insert(idempotency_key).values({**ROW, "value": f"{name}{number}", "status": before}))
        except sa.exc.OperationalError as error:
            failed.append(error)

    threads = [threading.Thread(target=count, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with database.read() as db:
        assert sorted(db.execute(sa.select(idempotency_key.c.status)).scalars()) == list(range(40))
    database.close()


def test_sqlite_keeps_what_it_promised(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.read() as db:
        told = {
            name: db.exec_driver_sql(f"pragma {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    database.close()


def test_the_clock_is_the_databases_own(database_url: str) -> None:
    database = Database(database_url)
    with database.read() as db:
        first = database.now(db)
        time.sleep(0.02)
        second = database.now(db)
    assert 0.01 < second - first < 5
    assert abs(second - time.time()) < 60
    database.close()
