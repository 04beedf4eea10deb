from __future__ import annotations

import threading
import time

import pytest
import sqlalchemy as sa

from service.api.problems import _database_code
from service.store.engine import Database, again_on_conflict
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


@pytest.mark.servers
def test_of_two_transactions_that_wait_for_each_other_the_one_ended_is_run_again(postgres_url: str) -> None:
    database = Database(postgres_url)
    with database.write() as db:
        db.execute(sa.delete(idempotency_key))
        db.execute(sa.insert(idempotency_key), [{**ROW, "value": value} for value in "ab"])
    both = threading.Barrier(2)
    runs: list[str] = []

    @again_on_conflict
    def lock(order: str) -> None:
        runs.append(order)
        with database.write() as db:
            for value in order:
                db.execute(sa.select(idempotency_key).where(idempotency_key.c.value == value).with_for_update())
                if value == order[0] and len(runs) <= 2:
                    both.wait(5)

    threads = [threading.Thread(target=lock, args=(order,)) for order in ("ab", "ba")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    assert len(runs) == 3
    database.close()


@pytest.mark.servers
def test_of_two_that_insert_the_same_key_the_later_looks_again(postgres_url: str) -> None:
    database = Database(postgres_url)
    with database.write() as db:
        db.execute(sa.delete(idempotency_key))
    both = threading.Barrier(2)
    told: list[str] = []

    @again_on_conflict
    def once() -> None:
        with database.write() as db:
            there = db.execute(sa.select(idempotency_key.c.value)).first()
            if there is None:
                both.wait(5)
                db.execute(sa.insert(idempotency_key).values(ROW))
        told.append("made" if there is None else "found")

    threads = [threading.Thread(target=once) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(told) == ["found", "made"]
    database.close()


def test_a_reading_transaction_is_ended_when_it_takes_too_long(database_url: str) -> None:
    bounded = Database(database_url, read_seconds=0.3)
    endless = "with recursive c(n) as (select 1 union all select n + 1 from c) select max(n) from c"
    with pytest.raises(sa.exc.OperationalError) as ended, bounded.read() as db:
        db.execute(sa.text(endless))
    assert _database_code(ended.value) == "too-slow"
    with bounded.read() as db:
        assert db.execute(sa.text("select 1")).scalar() == 1
    bounded.close()
