"""Histories that were stored before blocks had notes of the clock are read as they were."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np
import orjson
import pytest
import sqlalchemy as sa
from alembic import command

from service.store import codec, history
from service.store.clock import seconds_at
from service.store.engine import Database, alembic_config, migrate
from service.store.recall import machine_where

LENGTH = struct.Struct("<I")
VALUES = np.arange(24, dtype=np.float32).reshape(2, 12)
SERIES = sa.text(
    "insert into series (id, trajectory, path, layer, family, name, area, unit, dtype, offset_first, offset_last, n,"
    " nonfinite, agg) values (:id, 'trj_a', :path, 0, :family, 'x', null, '1', :dtype, 1, 12, 24, 0, :agg)"
)
CHUNK = sa.text(
    "insert into history_chunk (series, offset0, offset1, rows, codec, crc32, vmin, vmax, agg, data)"
    " values (:series, 0, 8, 8, 1, :crc32, 0, 1, :agg, :data)"
)
BLOCK = sa.text(
    "insert into history_block (trajectory, layer, offset0, offset1, fence, codec, crc32, data)"
    " values ('trj_a', 0, 8, 12, 1, 1, :crc32, :data)"
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def former(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database as it was: a sealed chunk of 8 rows that took 4 s, an open block of 4 that took 1 s."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('former') / 'former.db'}"
    else:
        url = str(request.getfixturevalue("fresh_postgres"))
    command.upgrade(alembic_config(url), "0006")
    database = Database(url)
    with database.write() as db:
        for key, path, family, dtype in ((1, "cost.a", "cost", "f4"), (2, "clock.0", "clock", "f8")):
            lives = 2 if key == 1 else 1
            agg = numbers(VALUES[:lives])
            db.execute(SERIES, {"id": key, "path": path, "family": family, "dtype": dtype, "agg": agg})
            values = VALUES[:, :8] if key == 1 else np.arange(1, 9)[None] * 0.5
            data = columns(np.arange(1, 9), values)
            agg = numbers(values)
            db.execute(CHUNK, {"series": key, "crc32": zlib.crc32(data), "agg": agg, "data": data})
        data = wide(np.arange(9, 13), VALUES[:, 8:])
        db.execute(BLOCK, {"crc32": zlib.crc32(data), "data": data})
    yield database
    database.close()


def numbers(values: np.ndarray) -> bytes:
    """The ten numbers per life."""
    lives, rows = values.shape
    told = [
        rows,
        0,
        values.min(1),
        values.max(1),
        values.sum(1),
        (values**2).sum(1),
        values[:, 0],
        values[:, -1],
        1,
        rows,
    ]
    return np.stack([np.broadcast_to(each, lives) for each in told]).astype("<f8").tobytes()


def columns(offsets: np.ndarray, values: np.ndarray) -> bytes:
    told = codec.encode_offsets(offsets, codec.DEFLATE)
    return LENGTH.pack(len(told)) + told + codec.encode_values(values, None, codec.DEFLATE)


def wide(offsets: np.ndarray, values: np.ndarray) -> bytes:
    """A block of one group: index, offsets, values, then seconds in all and at each row."""
    parts = [codec.encode_offsets(offsets, codec.DEFLATE), codec.encode_values(values, None, codec.DEFLATE)]
    head = zlib.compress(orjson.dumps([{"paths": ["cost.a"], "sizes": [len(part) for part in parts]}]), 1)
    timing = codec.encode_values(np.arange(1, 5)[None] * 0.25, None, codec.DEFLATE)
    return b"".join([LENGTH.pack(len(head)), head, *parts, struct.pack("<d", 1.0), LENGTH.pack(len(timing)), timing])


def test_values_and_seconds_are_what_they_were_before_and_after_sealing(former: Database) -> None:
    migrate(former.url)
    for _ in ("open", "sealed"):
        with former.write() as db:
            found = history.read(db, "trj_a")["cost.a"]
            clock = history.clocks(db, ["trj_a"])["trj_a"]
            shown = machine_where(db, {"trj_a": history.Window()}, lambda path: True)["trj_a"]
            infos = {info.path: info.numbers for info in history.list_series(db, ["trj_a"])}
            history.seal(db, "trj_a", final=True)
        assert found.offsets.tolist() == list(range(1, 13))
        assert np.array_equal(found.values, VALUES)
        assert seconds_at(clock, np.array([0, 2, 8, 10, 12])) == pytest.approx([0.0, 1.0, 4.0, 4.5, 5.0])
        assert shown == {}
        assert infos["cost.a"].shape == (12, 2)
        assert np.isinf(infos["cost.a"][-2:]).all()


def test_a_history_goes_on_after_it_was_taken_over(former: Database) -> None:
    migrate(former.url)
    group = history.SeriesGroup(["cost.a"], np.array([13]), np.array([[[7.0, 8.0]]], np.float32), None)
    with former.write() as db:
        block = history.encode_block(12, 13, [group], history.Notes.even(13, 2.0))
        assert history.append_block(db, "trj_a", 0, 2, block)
        assert history.read(db, "trj_a")["cost.a"].values[:, -1].tolist() == [7.0, 8.0]
        info = next(each for each in history.list_series(db, ["trj_a"]) if each.path == "machine.speed")
    assert (info.n, info.unit) == (1, "updates/s")


def test_what_is_stored_in_the_new_layout_is_not_taken_back(former: Database) -> None:
    migrate(former.url)
    with pytest.raises(RuntimeError, match="use a backup"):
        command.downgrade(alembic_config(former.url), "0006")
