from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sqlalchemy.orm import Session

from service.store import aggregates, history, recall
from service.store.chunks import MAX_ROWS, MAX_VALUES
from service.store.clock import Notes, seconds_at
from service.store.columns import Columns, Conflict, joined
from service.store.engine import Database
from service.store.history import EncodedBlock, SeriesGroup, Window
from service.store.recall import machine_where
from service.store.tables.record import history_block, history_chunk, series

TRAJECTORY = "trj_a"
PROBE = "p0123456789ab"
LIVES = 3
TABLES = [series, history_block, history_chunk]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    made = sa.create_engine(f"sqlite:///{tmp_path / 'history.db'}")
    sa.event.listen(made, "connect", lambda connection, record: connection.execute("pragma foreign_keys=ON"))
    series.metadata.create_all(made, tables=TABLES)
    yield made
    made.dispose()


def value_of(offset: np.ndarray, which: int, life: int) -> np.ndarray:
    """A value that only the trajectory decides, however it is cut into slices."""
    return np.sin(offset * (which + 1) * 0.01 + life).astype(np.float32)


def recorded(start: int, end: int, *, lives: int = LIVES, every: int = 5, seconds: float = 1.0) -> EncodedBlock:
    """A slice: two costs at every update, a probe every few; its last life at odd readings only."""
    every_update = np.arange(start + 1, end + 1)
    readings = np.array([k for k in range(0 if start == 0 else start + 1, end + 1) if k % every == 0], np.int64)
    groups = []
    for paths, offsets in ((["cost.naming", "rate.V1"], every_update), ([f"{PROBE}.V1"], readings)):
        which = [len(path) for path in paths]
        values = np.stack([np.stack([value_of(offsets, w, n) for n in range(lives)], axis=1) for w in which])
        valid = None
        if len(paths) == 1:
            valid = np.ones(values.shape, np.bool_)
            valid[:, offsets // every % 2 == 0, lives - 1] = False
        groups.append(SeriesGroup(paths, offsets, values, valid))
    return history.encode_block(start, end, groups, Notes.even(end, seconds))


def append(engine: sa.Engine, *borders: int, **how: int) -> None:
    for start, end in pairwise(borders):
        with engine.begin() as db:
            block, described = recorded(start, end, **how), {f"{PROBE}.V1": history.Described("1", "V1")}
            assert history.append_block(db, TRAJECTORY, 0, 1, block, described)


def count(engine: sa.Engine, table: sa.Table) -> int:
    with engine.connect() as db:
        return int(db.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def read(engine: sa.Engine, *paths: str, **how: object) -> dict[str, Columns]:
    with engine.connect() as db:
        return history.read(db, TRAJECTORY, paths or ("*",), **how)  # type: ignore[arg-type]


def recorded_series(db: sa.Connection) -> list[history.SeriesInfo]:
    """All but what no two runs agree in."""
    return [info for info in history.list_series(db, [TRAJECTORY]) if info.family != "machine"]


def digests(engine: sa.Engine) -> dict[str, str]:
    with engine.connect() as db:
        return history.digests(db, TRAJECTORY)


def test_what_was_appended_is_read_with_its_lives_and_blanks(engine: sa.Engine) -> None:
    append(engine, 0, 7, 20)
    found = read(engine)
    assert set(found) == {"cost.naming", "rate.V1", f"{PROBE}.V1"}
    cost = found["cost.naming"]
    assert cost.offsets.tolist() == list(range(1, 21))
    assert cost.values.dtype == np.float32
    assert np.array_equal(cost.values[2], value_of(cost.offsets, len("cost.naming"), 2))
    probe = found[f"{PROBE}.V1"]
    assert probe.offsets.tolist() == [0, 5, 10, 15, 20]
    assert probe.valid[2].tolist() == [False, True, False, True, False]
    assert probe.valid[:2].all()


def test_a_block_is_appended_once(engine: sa.Engine) -> None:
    append(engine, 0, 10)
    with engine.begin() as db:
        assert not history.append_block(db, TRAJECTORY, 0, 2, recorded(0, 10, seconds=9.0))
    assert count(engine, history_block) == 1
    assert read(engine)["cost.naming"].rows == 10


@pytest.mark.parametrize(("start", "end"), [(0, 9), (5, 15), (11, 15), (0, 11)])
def test_a_block_that_does_not_continue_the_history_is_refused(engine: sa.Engine, start: int, end: int) -> None:
    append(engine, 0, 10)
    before = digests(engine)
    with engine.begin() as db, pytest.raises(history.NotContiguous):
        history.append_block(db, TRAJECTORY, 0, 2, recorded(start, end))
    assert digests(engine) == before


def test_the_same_interval_with_other_values_is_refused(engine: sa.Engine) -> None:
    append(engine, 0, 10)
    with engine.begin() as db, pytest.raises(history.NotContiguous):
        history.append_block(db, TRAJECTORY, 0, 2, recorded(0, 10, lives=4))


def test_a_sealed_block_is_not_appended_again(engine: sa.Engine) -> None:
    append(engine, 0, 10)
    with engine.begin() as db:
        assert history.seal(db, TRAJECTORY, final=True) == 1
    with engine.begin() as db, pytest.raises(history.NotContiguous):
        history.append_block(db, TRAJECTORY, 0, 2, recorded(0, 10))
    append(engine, 10, 20)
    assert read(engine)["cost.naming"].rows == 20


@given(cuts=st.sets(st.integers(1, 59), max_size=6), seals=st.sets(st.integers(0, 6)))
@settings(deadline=None, max_examples=30)
def test_neither_slices_nor_seals_change_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, cuts: set[int], seals: set[int]
) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path_factory.mktemp('cuts') / 'history.db'}")
    series.metadata.create_all(engine, tables=TABLES)
    borders = [0, *sorted(cuts), 60]
    for number, (start, end) in enumerate(pairwise(borders)):
        append(engine, start, end)
        if number in seals:
            with engine.begin() as db:
                history.seal(db, TRAJECTORY, final=True)
    whole = sa.create_engine("sqlite://")
    series.metadata.create_all(whole, tables=TABLES)
    append(whole, 0, 60)
    assert digests(engine) == digests(whole)
    with engine.connect() as one, whole.connect() as other:
        for left, right in zip(recorded_series(one), recorded_series(other), strict=True):
            assert np.allclose(left.numbers, right.numbers, rtol=1e-12)
            assert (left.path, left.n, left.nonfinite, left.offset_last) == (
                right.path,
                right.n,
                right.nonfinite,
                right.offset_last,
            )
    engine.dispose()
    whole.dispose()


def test_either_form_gives_the_same_answer_in_every_window(engine: sa.Engine) -> None:
    append(engine, 0, 13, 40)
    windows = [Window(), Window(after=0), Window(after=12, upto=14), Window(after=40), Window(upto=0)]
    fresh = [read(engine, window=window) for window in windows]
    with engine.begin() as db:
        assert history.seal(db, TRAJECTORY, final=True) == 2
    assert count(engine, history_block) == 0
    append(engine, 40, 41)
    sealed = [read(engine, window=window) for window in windows]
    assert set(fresh[3]) == set()
    assert fresh[4][f"{PROBE}.V1"].offsets.tolist() == [0]
    for before, after in zip(fresh[1:3] + fresh[4:], sealed[1:3] + sealed[4:], strict=True):
        for path, columns in before.items():
            assert columns.digest() == after[path].between(-1, int(columns.offsets[-1])).digest()


def test_globs_and_lives_choose(engine: sa.Engine) -> None:
    append(engine, 0, 10)
    with engine.begin() as db:
        history.seal(db, TRAJECTORY, final=True)
    assert set(read(engine, "cost.*")) == {"cost.naming"}
    assert set(read(engine, "*.V1")) == {"rate.V1", f"{PROBE}.V1"}
    assert set(read(engine, "cost", "rate.V")) == set()
    assert set(read(engine, "clock*", "cost.namin[g]")) == set()
    some = read(engine, "cost.*", lives=[2])["cost.naming"]
    assert np.array_equal(some.values, read(engine, "cost.*")["cost.naming"].values[2:])


def test_a_crash_while_sealing_leaves_everything_as_it_was(engine: sa.Engine) -> None:
    append(engine, 0, 10, 20)
    before = digests(engine)

    class Crash(Exception):
        pass

    def crash(conn: object, cursor: object, statement: str, *rest: object) -> None:
        if statement.startswith("DELETE FROM history_block"):
            raise Crash

    sa.event.listen(engine, "before_cursor_execute", crash)
    with pytest.raises(Crash), engine.begin() as db:
        history.seal(db, TRAJECTORY, final=True)
    sa.event.remove(engine, "before_cursor_execute", crash)
    assert (count(engine, history_block), count(engine, history_chunk)) == (2, 0)
    assert digests(engine) == before
    with engine.begin() as db:
        assert history.seal(db, TRAJECTORY, final=True) == 2
        assert history.seal(db, TRAJECTORY, final=True) == 0
    assert digests(engine) == before


@pytest.mark.parametrize(("at_once", "statements", "sealed_before"), [(500, 1, 1), (1, 3, 2)])
def test_what_is_sealed_while_it_is_read_is_read_all_the_same(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, at_once: int, statements: int, sealed_before: int
) -> None:
    append(engine, 0, 10, 20)
    before = digests(engine)
    monkeypatch.setattr(recall, "_PARAMETERS", at_once)
    told: list[str] = []

    def seal(conn: object, cursor: object, statement: str, *rest: object) -> None:
        if "UNION ALL" not in statement:
            return
        told.append(statement)
        if len(told) == sealed_before:
            with engine.begin() as db:
                history.seal(db, TRAJECTORY, final=True)

    sa.event.listen(engine, "before_cursor_execute", seal)
    found = digests(engine)
    sa.event.remove(engine, "before_cursor_execute", seal)
    assert len(told) == statements
    assert (count(engine, history_block), found) == (0, before)


def test_sealing_waits_for_enough_rows(engine: sa.Engine) -> None:
    append(engine, 0, MAX_ROWS - 1)
    with engine.begin() as db:
        assert history.open_trajectories(db) == [(TRAJECTORY, MAX_ROWS - 1)]
        assert history.seal(db, TRAJECTORY) == 0
    append(engine, MAX_ROWS - 1, MAX_ROWS)
    with engine.begin() as db:
        assert history.seal(db, TRAJECTORY) == 2
        assert history.open_trajectories(db) == []


def test_sealing_waits_for_enough_values(engine: sa.Engine) -> None:
    enough = MAX_VALUES // 64
    append(engine, 0, enough - 1, lives=64, every=100)
    with engine.begin() as db:
        assert history.seal(db, TRAJECTORY) == 0
    append(engine, enough - 1, enough, lives=64, every=100)
    with engine.begin() as db:
        assert history.seal(db, TRAJECTORY) == 2


def test_no_chunk_is_larger_than_a_chunk_may_be(engine: sa.Engine) -> None:
    append(engine, 0, 10_000, every=1000)
    before = digests(engine)
    with engine.begin() as db:
        history.seal(db, TRAJECTORY, final=True)
        chunks = db.execute(
            sa.select(history_chunk)
            .join(series, series.c.id == history_chunk.c.series)
            .where(series.c.path == "cost.naming")
        ).all()
    assert [(row.offset0, row.offset1, row.rows) for row in chunks] == [
        (0, 4096, 4096),
        (4096, 8192, 4096),
        (8192, 10_000, 1808),
    ]
    assert digests(engine) == before
    values = read(engine, "cost.naming")["cost.naming"].values
    assert [row.vmax for row in chunks] == [
        float(values[:, a:b].max()) for a, b in ((0, 4096), (4096, 8192), (8192, 10_000))
    ]


def test_the_list_of_series_is_right_before_and_after_sealing(engine: sa.Engine) -> None:
    append(engine, 0, 10, 20)
    for _ in range(2):
        with engine.begin() as db:
            listed = {info.path: info for info in history.list_series(db, [TRAJECTORY])}
            history.seal(db, TRAJECTORY, final=True)
        assert set(listed) == {"cost.naming", "rate.V1", f"{PROBE}.V1", "machine.speed"}
        cost, probe = listed["cost.naming"], listed[f"{PROBE}.V1"]
        assert (cost.family, cost.name, cost.area, cost.dtype) == ("cost", "naming", None, "f4")
        assert (listed["rate.V1"].area, probe.family, probe.name, probe.area) == ("V1", "probe", PROBE, "V1")
        assert (cost.offset_first, cost.offset_last, cost.n) == (1, 20, 60)
        assert (probe.offset_first, probe.offset_last, probe.n) == (0, 20, 12)
        numbers = aggregates.by_name(probe.numbers)
        assert numbers["last_offset"].tolist() == [20, 20, 15]
        assert numbers["first_offset"].tolist() == [0, 0, 5]
        assert numbers["last"][2] == value_of(np.array([15]), len(f"{PROBE}.V1"), 2)[0]


def test_aggregates_equal_hand_computation_and_count_what_is_not_finite() -> None:
    values = np.array([[1.0, np.nan, 3.0, np.inf], [5.0, 5.0, 5.0, 5.0]], np.float32)
    valid = np.array([[True, True, True, True], [False, False, False, False]])
    numbers = aggregates.aggregate(Columns("a", np.array([1, 2, 3, 4]), values, valid))
    first, second = (dict(zip(aggregates.NAMES, column, strict=True)) for column in numbers.T)
    assert first == {
        "n": 4, "nonfinite": 2, "min": 1, "max": 3, "sum": 4, "sumsq": 10,
        "first": 1, "last": np.inf, "first_offset": 1, "last_offset": 4, "min_offset": 1, "max_offset": 3,
    }  # fmt: skip
    assert (second["n"], second["min"], second["max"]) == (0, np.inf, -np.inf)
    assert aggregates.extremes(numbers) == {"vmin": 1.0, "vmax": 3.0}
    assert np.array_equal(aggregates.load(aggregates.dump(numbers)), numbers, equal_nan=True)


special = st.sampled_from([0.0, 1.0, 1.0, -2.0, 3.5, np.nan, np.inf, -np.inf])


@given(
    values=hnp.arrays(np.float32, st.tuples(st.integers(1, 3), st.integers(1, 12)), elements=special), data=st.data()
)
def test_aggregates_of_parts_joined_are_those_of_the_whole(values: np.ndarray, data: st.DataObject) -> None:
    valid = data.draw(hnp.arrays(np.bool_, values.shape))
    whole = Columns("a", np.arange(1, values.shape[1] + 1), values, valid)
    cut = data.draw(st.integers(1, values.shape[1]))
    parts = [aggregates.aggregate(whole.between(after, upto)) for after, upto in ((0, cut), (cut, None))]
    expected = aggregates.aggregate(whole)
    for found in (aggregates.join(*parts), aggregates.join(*parts[::-1])):
        assert np.array_equal(found, expected, equal_nan=True)


def test_training_seconds_add_up_over_slices_and_are_no_part_of_the_values(engine: sa.Engine) -> None:
    for start, end, seconds in ((0, 10, 2.0), (10, 20, 4.0), (20, 30, 1.0)):
        with engine.begin() as db:
            history.append_block(db, TRAJECTORY, 0, 1, recorded(start, end, seconds=seconds))
    for sealed in (False, True):
        with engine.begin() as db:
            clock = history.clocks(db, [TRAJECTORY])[TRAJECTORY]
            assert history.seal(db, TRAJECTORY, final=True) == (0 if sealed else 3)
        assert seconds_at(clock, np.array([0, 10, 15, 20, 30])) == pytest.approx([0.0, 2.0, 4.0, 6.0, 7.0])
    with engine.begin() as db:
        history.append_block(db, TRAJECTORY, 0, 1, recorded(30, 40, seconds=3.0))
        assert history.clocks(db, [TRAJECTORY])[TRAJECTORY].values[0, -1] == 10.0
        history.seal(db, TRAJECTORY, final=True)
        clock = history.clocks(db, [TRAJECTORY])[TRAJECTORY]
        assert seconds_at(clock, np.array([5, 20, 25, 30, 40])) == pytest.approx([1.0, 6.0, 6.5, 7.0, 10.0])
    assert history.Columns.digest(read(engine)["cost.naming"])


def test_speed_and_memory_are_read_listed_and_no_part_of_the_values(engine: sa.Engine) -> None:
    for start, end, fast in ((0, 10, 2.0), (10, 20, 4.0)):
        notes = Notes(np.array([start + 4, end]), np.array([4 / fast, 10 / fast]), np.array([100.0 + start, np.nan]))
        with engine.begin() as db:
            history.append_block(db, TRAJECTORY, 0, 1, history.encode_block(start, end, [], notes))
    for _ in ("open", "sealed"):
        with engine.begin() as db:
            everything = machine_where(db, {TRAJECTORY: Window(after=4, upto=14)}, lambda path: True)[TRAJECTORY]
            infos = {info.path: info for info in history.list_series(db, [TRAJECTORY])}
            history.seal(db, TRAJECTORY, final=True)
        speed, memory = everything["machine.speed"], everything["machine.memory"]
        assert (speed.offsets.tolist(), speed.values.tolist()) == ([10, 14], [[2.0, 4.0]])
        assert (memory.offsets.tolist(), memory.values.tolist()) == ([14], [[110.0]])
        assert {path: (info.unit, info.n, info.nonfinite) for path, info in infos.items()} == {
            "machine.speed": ("updates/s", 4, 0),
            "machine.memory": ("MiB", 2, 0),
        }
        assert aggregates.by_name(infos["machine.speed"].numbers)["max"].tolist() == [4.0]
        assert aggregates.by_name(infos["machine.memory"].numbers)["last"].tolist() == [110.0]
    assert read(engine) == {}


def test_a_block_whose_notes_do_not_end_with_it_is_refused() -> None:
    with pytest.raises(ValueError, match="end of the block, offset 10"):
        history.encode_block(0, 10, [], Notes.even(9, 1.0))


def test_a_replay_adds_a_probe_in_a_layer_of_its_own(engine: sa.Engine) -> None:
    append(engine, 0, 20)
    late = "pffffffffffff"
    offsets = np.array([0, 10, 20])
    values = np.ones((1, 3, LIVES), np.float32)
    block = history.encode_block(0, 20, [SeriesGroup([late], offsets, values, None)], Notes.even(20, 2.0))
    with engine.begin() as db:
        marked = history.marks(db, [TRAJECTORY])
        assert history.append_block(db, TRAJECTORY, 1, 2, block, {late: history.Described("fraction", "V1")})
        assert history.marks(db, [TRAJECTORY]) != marked
        assert history.end_of(db, TRAJECTORY, 1) == 20
        found = {info.path: (info.unit, info.area) for info in history.list_series(db, [TRAJECTORY])}
        assert (found[late], found["rate.V1"]) == (("fraction", "V1"), ("1", "V1"))
    before = digests(engine)
    with engine.begin() as db:
        assert history.seal(db, TRAJECTORY, final=True) == 2
        assert history.end_of(db, TRAJECTORY, 1) == 20
    assert digests(engine) == before
    assert read(engine, late)[late].offsets.tolist() == [0, 10, 20]


def finer(offsets: list[int], wrong: float = 0.0) -> EncodedBlock:
    """The probe of `recorded` at other offsets."""
    at = np.array(offsets)
    values = np.stack([value_of(at, len(f"{PROBE}.V1"), n) for n in range(LIVES)], axis=1)[None] + np.float32(wrong)
    return history.encode_block(0, 20, [SeriesGroup([f"{PROBE}.V1"], at, values, None)], Notes.even(20, 2.0))


@pytest.mark.parametrize("seal_first", [False, True])
@pytest.mark.parametrize("seal_after", [False, True])
def test_rows_of_several_layers_are_put_together_by_offset(
    engine: sa.Engine, seal_first: bool, seal_after: bool
) -> None:
    append(engine, 0, 20)
    with engine.begin() as db:
        if seal_first:
            history.seal(db, TRAJECTORY, final=True)
        history.append_block(db, TRAJECTORY, 1, 2, finer([3, 10, 13]))
        if seal_after:
            history.seal(db, TRAJECTORY, final=True)
    probe = read(engine, "p*")[f"{PROBE}.V1"]
    assert probe.offsets.tolist() == [0, 3, 5, 10, 13, 15, 20]
    assert probe.valid[2].tolist() == [False, True, True, True, True, True, False]
    assert np.array_equal(probe.values[0], value_of(probe.offsets, len(f"{PROBE}.V1"), 0))


def test_two_values_for_one_offset_are_never_chosen_between(engine: sa.Engine) -> None:
    append(engine, 0, 20)
    with engine.begin() as db:
        history.append_block(db, TRAJECTORY, 1, 2, finer([10], wrong=0.5))
    with pytest.raises(Conflict):
        read(engine)


def test_a_nan_equals_itself_when_pieces_overlap() -> None:
    part = Columns("a", np.array([1]), np.array([[np.nan]]), np.array([[True]]))
    assert joined([part, part]).rows == 1


def test_what_nobody_wants_is_forgotten(engine: sa.Engine) -> None:
    append(engine, 0, 10)
    with engine.begin() as db:
        history.append_block(db, "trj_b", 0, 1, recorded(0, 5))
        history.seal(db, TRAJECTORY, final=True)
        history.forget(db, [TRAJECTORY])
        assert set(history.marks(db, [TRAJECTORY, "trj_b"])) == {"trj_b"}
    assert count(engine, history_chunk) == 0


def test_a_damaged_block_is_not_read(engine: sa.Engine) -> None:
    append(engine, 0, 10)
    with engine.begin() as db:
        data = bytearray(db.execute(sa.select(history_block.c.data)).scalar_one())
        data[-30] ^= 1
        db.execute(sa.update(history_block).values(data=bytes(data)))
    with pytest.raises(Exception, match="checksum"):
        read(engine)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"offsets": np.array([2, 2])}, "ascend"),
        ({"offsets": np.array([0, 1])}, "not in"),
        ({"offsets": np.array([9, 11])}, "not in"),
        ({"values": np.zeros((1, 3, 2), np.float32)}, "values for"),
        ({"values": np.zeros((1, 2, 2), np.int32)}, "float32"),
        ({"valid": np.ones((1, 2, 1), np.bool_)}, "mask"),
        ({"paths": ["x" * 201]}, "longer"),
    ],
)
def test_groups_that_are_not_what_they_must_be_are_refused(change: dict[str, object], says: str) -> None:
    members = {
        "paths": ["cost.a"], "offsets": np.array([6, 7]), "values": np.zeros((1, 2, 2), np.float32),
        "valid": None,
    }  # fmt: skip
    with pytest.raises(ValueError, match=says):
        history.encode_block(5, 10, [SeriesGroup(**(members | change))], Notes.even(10, 1.0))  # type: ignore[arg-type]


def test_an_empty_slice_still_moves_the_end(engine: sa.Engine) -> None:
    append(engine, 0, 5)
    with engine.begin() as db:
        history.append_block(db, TRAJECTORY, 0, 1, history.encode_block(5, 9, [], Notes.even(9, 1.0)))
        assert history.end_of(db, TRAJECTORY) == 9
        history.seal(db, TRAJECTORY, final=True)
        assert history.end_of(db, TRAJECTORY) == 9
        assert history.clocks(db, [TRAJECTORY])[TRAJECTORY].values[0, -1] == 2.0
    append(engine, 9, 12)


def test_a_session_does_as_well_as_a_connection(engine: sa.Engine) -> None:
    for start in (0, 10):
        with Session(engine) as session, session.begin():
            history.append_block(session, TRAJECTORY, 0, 1, recorded(start, start + 10))
    with Session(engine) as session, session.begin():
        assert history.seal(session, TRAJECTORY, final=True) == 2
        assert history.read(session, TRAJECTORY)["cost.naming"].rows == 20


def test_readings_of_some_lives_beside_the_regular_ones_are_one_series() -> None:
    regular, ending = np.array([5, 10]), np.array([7])
    groups = [
        SeriesGroup([PROBE], regular, np.ones((1, 2, 2), np.float32), None),
        SeriesGroup([PROBE], ending, np.ones((1, 1, 2), np.float32), np.array([[[True, False]]])),
        SeriesGroup([PROBE], np.array([15]), np.ones((1, 1, 2), np.float32), None),
    ]
    block = history.encode_block(0, 20, groups, Notes.even(20, 20.0))
    assert [(gain.path, gain.offset_last, gain.numbers[0].tolist()) for gain in block.gains] == [
        (PROBE, 15, [4.0, 3.0])
    ]


def test_it_is_the_same_on_every_database(database: Database) -> None:
    for start, end in ((0, 10), (10, 25)):
        with database.write() as db:
            assert history.append_block(db, TRAJECTORY, 0, 1, recorded(start, end))
    with database.write() as db:
        assert not history.append_block(db, TRAJECTORY, 0, 2, recorded(10, 25, seconds=5.0))
    with database.read() as db:
        fresh, marked = history.digests(db, TRAJECTORY), history.marks(db, [TRAJECTORY])
    with database.write() as db:
        assert history.seal(db, TRAJECTORY, final=True) == 2
        assert history.open_trajectories(db) == []
    with database.read() as db:
        assert (history.digests(db, TRAJECTORY), history.marks(db, [TRAJECTORY])) == (fresh, marked)
        assert history.clocks(db, [TRAJECTORY])[TRAJECTORY].values[0, -1] == 2.0
    with database.write() as db:
        history.forget(db, [TRAJECTORY])
    with database.read() as db:
        assert history.marks(db, [TRAJECTORY]) == {}
