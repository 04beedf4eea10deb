from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from models.specs.plan import Span
from models.specs.regime import Reading
from service.store import history
from service.store.clock import Notes
from service.store.history import SeriesGroup
from service.store.listing import listed
from service.store.over_lives import smoothed, stacked
from service.store.path import ArmPath, Piece
from service.store.tables.record import history_block, history_chunk, series
from service.store.traces import Answer, TooMany, Trace, answer, chosen_arms
from service.wire.history import HistoryQuery
from service.wire.paging import CursorMismatch

BATCH = 10
ACC = "paaaaaaaaaaaa"
OTHER = "pbbbbbbbbbbbb"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sa.Connection]:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'history.db'}")
    series.metadata.create_all(engine, tables=[series, history_block, history_chunk])
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def put(
    db: sa.Connection, trajectory: str, end: int, lives: int, *, start: int = 0, plus: float = 0.0,
    stops: dict[int, int] | None = None, readings: dict[str, list[int]] | None = None, seconds: float = 1.0,
) -> None:  # fmt: skip
    """A slice: cost.a of life n at offset k is k + 1000 n + plus, probes are 0.5 more; `stops`: life -> offset."""
    wanted = {"cost.a": list(range(start + 1, end + 1)), **(readings or {})}
    groups = []
    for path, offsets in wanted.items():
        at = np.array(offsets, np.int64)
        values = at[:, None] + 1000.0 * np.arange(lives) + plus + (0.5 if path.startswith("p") else 0.0)
        valid = np.ones(values.shape, np.bool_)
        for life, stop in (stops or {}).items():
            valid[at > stop, life] = False
        groups.append(SeriesGroup([path], at, values.astype(np.float32)[None], valid[None]))
    history.append_block(db, trajectory, 0, 1, history.encode_block(start, end, groups, Notes.even(end, seconds)))


def piece(trajectory: str, ends: tuple[int, ...], origin: tuple[int, ...], **changes: Any) -> Piece:
    members: dict[str, Any] = {
        "trajectory": trajectory, "seeds": tuple(range(len(ends))), "batch": BATCH, "age_origin": origin, "ends": ends,
        "reached": max(ends), "spans": (Span("early", 0, max(ends), 0),),
    }  # fmt: skip
    return Piece(**(members | changes))


def arm(*pieces: Piece, **changes: Any) -> ArmPath:
    members: dict[str, Any] = {
        "arm": 0,
        "labels": {"onset": "1ep"},
        "probes": {"acc": ACC},
        "units": {"acc": "fraction"},
        "meanings": {"acc": "share of items named right"},
    }
    return ArmPath(**(members | {"pieces": pieces} | changes))


def ask(db: sa.Connection, *arms: ArmPath, complete: bool = True, **query: Any) -> Answer:
    return answer(db, arms, HistoryQuery.model_validate({"series": ["cost.*", "probe.*"]} | query), complete=complete)


def by_seed(found: Answer) -> dict[int | None, Trace]:
    return {trace.seed: trace for trace in found.traces}


@pytest.fixture
def two_pieces(db: sa.Connection) -> ArmPath:
    """Two lives through two trajectories; the first is shared and goes on to offset 9, beyond the arm's 6."""
    put(db, "trj_1", 9, 2, readings={ACC: [0, 3, 6, 9], OTHER: [3]})
    put(db, "trj_2", 4, 2, plus=6, readings={ACC: [0, 2, 4]})
    return arm(
        piece("trj_1", (6, 6), (0, 0), reached=9),
        piece("trj_2", (4, 4), (60, 60), spans=(Span("late", 0, 4, 0),)),
    )


def test_pieces_are_joined_by_age_and_cut_at_the_ends_of_the_arm(db: sa.Connection, two_pieces: ArmPath) -> None:
    for trace in (found := ask(db, two_pieces, series=["cost.*"], points="all")).traces:
        assert trace.x.tolist() == [10 * k for k in range(1, 11)]
        assert trace.y.tolist() == [k + 1000 * (trace.seed or 0) for k in range(1, 11)]
    assert [trace.seed for trace in found.traces] == [0, 1]
    assert found.upto_sp == [100]
    assert found.thinning == {
        "method": "none", "values_in": 20, "points_out": 20, "exact": True, "extremes": "exact", "band": None
    }  # fmt: skip


def test_probes_have_the_names_of_the_document_and_their_unit(db: sa.Connection, two_pieces: ArmPath) -> None:
    found = ask(db, two_pieces, series=["probe.*"], seed=[0])
    assert [(trace.series, trace.unit, trace.labels) for trace in found.traces] == [
        ("probe.acc", "fraction", {"onset": "1ep"})
    ]
    twice = arm(*two_pieces.pieces, probes={"acc": ACC, "test": ACC})
    assert [trace.series for trace in ask(db, twice, series=["probe.*"], seed=[0]).traces] == [
        "probe.acc",
        "probe.test",
    ]
    assert {trace.series for trace in ask(db, two_pieces).traces} == {"cost.a", "probe.acc"}
    assert ask(db, two_pieces, series=["probe.a"]).traces == []


@given(data=st.data())
def test_a_series_is_found_by_the_name_that_it_is_shown_by(data: st.DataObject) -> None:
    names = st.sampled_from(["acc", "acc2", "a", "acc.V1"])
    named = arm(probes=data.draw(st.dictionaries(names, st.sampled_from([ACC, OTHER]))))
    family = st.sampled_from([ACC, OTHER, "probe.acc", "probe.acc2", "cost", "probe"])
    path = data.draw(st.builds(lambda first, rest: first + rest, family, st.sampled_from(["", ".V1", ".acc", ".V1.x"])))
    for name in {*named.names(path), f"probe.{path}", path}:
        assert (path in named.paths(name)) == (name in named.names(path))


@pytest.mark.parametrize(
    ("wanted", "described"),
    [
        (["cost.a"], ["cost.*"]),
        (["probe.acc"], ["probe.a*"]),
        (["cost.a", "probe.acc"], ["cost.*", "probe.*"]),
        (["cost.b"], ["cost.b*"]),
    ],
)
def test_series_that_are_named_are_read_in_one_statement_for_each_window(
    db: sa.Connection, two_pieces: ArmPath, wanted: list[str], described: list[str]
) -> None:
    told: list[str] = []
    sa.event.listen(db, "before_cursor_execute", lambda *about: told.append(about[2]))
    named = ask(db, two_pieces, series=wanted)
    assert len(told) == len(two_pieces.pieces)
    matched = ask(db, two_pieces, series=described)
    assert [(trace.series, trace.seed, trace.x.tolist(), trace.y.tolist()) for trace in named.traces] == [
        (trace.series, trace.seed, trace.x.tolist(), trace.y.tolist()) for trace in matched.traces
    ]


def test_a_reading_that_only_repeats_the_end_of_the_piece_before_is_shown_once(
    db: sa.Connection, two_pieces: ArmPath
) -> None:
    trace = by_seed(ask(db, two_pieces, series=["probe.acc"]))[1]
    assert trace.x.tolist() == [0, 30, 60, 80, 100]
    assert trace.y.tolist() == [1000.5, 1003.5, 1006.5, 1008.5, 1010.5]


def test_one_life_of_what_is_sealed_is_told_as_among_all(db: sa.Connection, two_pieces: ArmPath) -> None:
    whole = {(trace.series, trace.seed): trace for trace in ask(db, two_pieces, points="all").traces}
    for name in ("trj_1", "trj_2"):
        history.seal(db, name, final=True)
    for seed in (0, 1):
        for trace in (alone := ask(db, two_pieces, points="all", seed=[seed]).traces):
            among = whole[trace.series, seed]
            assert (trace.x.tolist(), trace.y.tolist()) == (among.x.tolist(), among.y.tolist())
        assert [trace.series for trace in alone] == ["cost.a", "probe.acc"]


def test_a_reading_that_an_act_on_entry_changed_is_shown_beside_the_other(db: sa.Connection) -> None:
    put(db, "trj_1", 6, 2, readings={ACC: [0, 6]})
    put(db, "trj_2", 4, 2, plus=100, readings={ACC: [0, 4]})
    path = arm(piece("trj_1", (6, 6), (0, 0)), piece("trj_2", (4, 4), (60, 60)))
    trace = by_seed(ask(db, path, series=["probe.acc"]))[0]
    assert (trace.x.tolist(), trace.y.tolist()) == ([0, 60, 60, 100], [0.5, 6.5, 100.5, 104.5])
    mean = ask(db, path, series=["probe.acc"], over="seed").traces[0]
    assert (mean.x.tolist(), mean.y.tolist()) == ([0, 60, 60, 100], [500.5, 506.5, 600.5, 604.5])


def test_readings_that_only_another_job_asked_for_are_not_shown(db: sa.Connection) -> None:
    put(db, "trj_1", 9, 2, readings={ACC: [0, 2, 3, 5, 6, 9]})
    mine = {ACC: (Reading(first=0, every=3, last=6),)}
    path = arm(piece("trj_1", (9, 9), (0, 0), readings=mine))
    assert by_seed(ask(db, path, series=["probe.acc"]))[0].x.tolist() == [0, 30, 60]
    decided = arm(piece("trj_1", (5, 9), (0, 0), readings=mine, ending=True))
    traces = by_seed(ask(db, decided, series=["probe.acc"]))
    assert (traces[0].x.tolist(), traces[1].x.tolist()) == ([0, 30, 50], [0, 30, 60, 90])


@pytest.fixture
def unaligned(db: sa.Connection) -> ArmPath:
    """Life 0 leaves the first stage at offset 4, life 1 at 6; each goes on for 3 updates at its own age."""
    put(db, "trj_1", 6, 2, stops={0: 4})
    put(db, "trj_2", 3, 2, plus=50, seconds=3.0)
    return arm(
        piece("trj_1", (4, 6), (0, 0), ending=True),
        piece("trj_2", (3, 3), (40, 60), spans=(Span("late", 0, 3, 0),)),
    )


def test_each_life_is_read_at_its_own_age(db: sa.Connection, unaligned: ArmPath) -> None:
    found = ask(db, unaligned)
    traces = by_seed(found)
    assert traces[0].x.tolist() == [10, 20, 30, 40, 50, 60, 70]
    assert traces[1].x.tolist() == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    assert traces[0].y.tolist() == [1, 2, 3, 4, 51, 52, 53]
    assert found.upto_sp == [90]
    assert found.stages == [
        {"arm": 0, "name": "early", "start_sp": 0, "end_sp": 60, "end_is": "exact",
         "lives": [{"seed": 0, "start_sp": 0, "end_sp": 40}, {"seed": 1, "start_sp": 0, "end_sp": 60}]},
        {"arm": 0, "name": "late", "start_sp": 40, "end_sp": 90, "end_is": "exact",
         "lives": [{"seed": 0, "start_sp": 40, "end_sp": 70}, {"seed": 1, "start_sp": 60, "end_sp": 90}]},
    ]  # fmt: skip


def test_over_lives_the_count_falls_where_a_life_has_ended(db: sa.Connection, unaligned: ArmPath) -> None:
    trace = ask(db, unaligned, over="seed").traces[0]
    assert trace.x.tolist() == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    assert trace.columns["n"].tolist() == [2, 2, 2, 2, 2, 2, 2, 1, 1]
    assert trace.y.tolist()[3:] == [504, (51 + 1005) / 2, (52 + 1006) / 2, (53 + 1051) / 2, 1052, 1053]


def test_in_stage_time_lives_of_different_age_are_side_by_side(db: sa.Connection, unaligned: ArmPath) -> None:
    trace = ask(db, unaligned, over="seed", x="stage_time", stage="late").traces[0]
    assert (trace.x.tolist(), trace.y.tolist()) == ([10, 20, 30], [551, 552, 553])
    assert trace.columns["n"].tolist() == [2, 2, 2]


def test_updates_and_wall_are_axes_too(db: sa.Connection, unaligned: ArmPath) -> None:
    assert by_seed(ask(db, unaligned, x="updates"))[0].x.tolist() == [1, 2, 3, 4, 5, 6, 7]
    walls = by_seed(ask(db, unaligned, x="wall"))
    assert walls[0].x.tolist() == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 4 / 6 + 1, 4 / 6 + 2, 4 / 6 + 3])
    assert walls[1].x[-1] == pytest.approx(4.0)


def test_a_life_that_stops_early_keeps_what_it_has(db: sa.Connection) -> None:
    put(db, "trj_1", 8, 3, stops={1: 3})
    path = arm(piece("trj_1", (8, 8, 8), (0, 0, 0)), diverged=frozenset({1}))
    assert by_seed(ask(db, path))[1].x.tolist() == [10, 20, 30]
    kept = ask(db, path, over="seed").traces[0]
    assert kept.columns["n"].tolist() == [3, 3, 3, 2, 2, 2, 2, 2]
    assert (kept.y[2], kept.y[3]) == (1003, (4 + 2004) / 2)
    assert set(by_seed(ask(db, path, diverged="drop"))) == {0, 2}
    assert set(by_seed(ask(db, path, diverged="only"))) == {1}


def test_lives_of_several_cohorts_are_one_arm(db: sa.Connection) -> None:
    put(db, "trj_1", 4, 2)
    put(db, "trj_2", 4, 1, plus=5000)
    path = arm(piece("trj_1", (4, 4), (0, 0)), piece("trj_2", (4,), (0,), seeds=(7,)))
    assert list(by_seed(ask(db, path))) == [0, 1, 7]
    assert ask(db, path, over="seed").traces[0].columns["n"].tolist() == [3, 3, 3, 3]


def test_a_shared_piece_is_seen_by_every_arm_up_to_its_own_end(db: sa.Connection) -> None:
    put(db, "trj_1", 9, 1)
    arms = [
        arm(piece("trj_1", (end,), (0,), reached=9), arm=i, labels={"onset": f"{i}ep"}) for i, end in enumerate((3, 9))
    ]
    found = ask(db, *arms)
    assert [(trace.arm, len(trace.y)) for trace in found.traces] == [(0, 3), (1, 9)]
    query = HistoryQuery.model_validate({"axis": {"onset": "1ep"}})
    assert [each.arm for each in chosen_arms(arms, query)] == [1]
    assert [each.arm for each in chosen_arms(arms, HistoryQuery.model_validate({"arm": [0]}))] == [0]


def test_what_is_not_committed_is_not_answered(db: sa.Connection) -> None:
    put(db, "trj_1", 9, 1)
    found = ask(db, arm(piece("trj_1", (20,), (0,), reached=5, decided=False)), complete=False)
    assert (found.traces[0].x[-1], found.upto_sp, found.complete) == (50, [50], False)
    assert found.stages[0]["end_is"] == "bound"


@pytest.mark.parametrize("sealed", [False, True])
def test_next_after_gives_exactly_what_came_since(db: sa.Connection, sealed: bool) -> None:
    put(db, "trj_1", 5, 2, readings={ACC: [0, 5]})
    first = ask(db, arm(piece("trj_1", (20, 20), (0, 0), reached=5)))
    put(db, "trj_1", 9, 2, start=5, readings={ACC: [7]})
    if sealed:
        history.seal(db, "trj_1", final=True)
    now = arm(piece("trj_1", (20, 20), (0, 0), reached=9))
    second = ask(db, now, after=first.next_after)
    third = ask(db, now, after=second.next_after)
    whole = ask(db, now)
    assert third.traces == []
    for before, since, all_of_it in zip(first.traces, second.traces, whole.traces, strict=True):
        assert [*before.x, *since.x] == all_of_it.x.tolist()
        assert [*before.y, *since.y] == all_of_it.y.tolist()
    with pytest.raises(CursorMismatch):
        ask(db, now, after=first.next_after, x="updates")
    with pytest.raises(CursorMismatch):
        ask(db, now, after="nonsense")


def test_a_stage_is_cut_out_with_its_readings_at_both_borders(db: sa.Connection) -> None:
    put(db, "trj_1", 9, 1, readings={ACC: [0, 3, 6, 9]})
    spans = (Span("a", 0, 3, 0), Span("b", 3, 9, 0))
    path = arm(piece("trj_1", (9,), (0,), spans=spans))
    found = {trace.series: trace.x.tolist() for trace in ask(db, path, stage="b", x="stage_time").traces}
    assert found == {"cost.a": [10, 20, 30, 40, 50, 60], "probe.acc": [0, 30, 60]}
    assert {trace.series: trace.x.tolist() for trace in ask(db, path, stage="a").traces} == {
        "cost.a": [10, 20, 30],
        "probe.acc": [0, 30],
    }


def test_from_and_to_are_bounds_on_x(db: sa.Connection, two_pieces: ArmPath) -> None:
    query = HistoryQuery.model_validate({"series": ["cost.a"], "from": "3ba", "to": 70, "seed": [0]})
    limits = query.window(BATCH, None, None)
    assert limits == (30.0, 70.0)
    found = answer(db, [two_pieces], query, complete=True, limits=limits)
    assert found.traces[0].x.tolist() == [30, 40, 50, 60, 70]


def test_bands_equal_a_computation_by_hand(db: sa.Connection) -> None:
    put(db, "trj_1", 3, 3)
    path = arm(piece("trj_1", (3, 3, 3), (0, 0, 0)))
    stats = ["mean", "sd", "sem", "median", "min", "max", "n", "q25"]
    traces = {trace.stat: trace for trace in ask(db, path, over="seed", stat=stats).traces}
    at_first = {stat: float(trace.y[0]) for stat, trace in traces.items()}
    assert at_first == pytest.approx({
        "mean": 1001.0, "sd": 1000.0, "sem": 1000.0 / 3**0.5, "median": 1001.0,
        "min": 1.0, "max": 2001.0, "n": 3.0, "q25": 501.0,
    })  # fmt: skip
    reach = 4.302652729911275 * 1000.0 / 3**0.5  # t quantile 0.975 with 2 degrees of freedom
    assert traces["mean"].columns["lo"][0] == pytest.approx(1001.0 - reach)
    assert traces["mean"].columns["hi"][0] == pytest.approx(1001.0 + reach)
    assert traces["mean"].about["band"] == {"kind": "t", "level": 0.95, "few": True}
    assert "lo" not in traces["sd"].columns
    for kind, low, high in (("sd", 1.0, 2001.0), ("quantile", 51.0, 1951.0)):
        columns = ask(db, path, over="seed", band=kind).traces[0].columns
        assert (columns["lo"][0], columns["hi"][0]) == pytest.approx((low, high))
    again = [ask(db, path, over="seed", band="bootstrap").traces[0].columns["lo"].tolist() for _ in range(2)]
    assert again[0] == again[1]


def test_values_that_are_not_finite_are_counted_out_of_statistics(db: sa.Connection) -> None:
    put(db, "trj_1", 2, 2, plus=float("nan"))
    trace = ask(db, arm(piece("trj_1", (2, 2), (0, 0))), over="seed").traces[0]
    assert trace.columns["n"].tolist() == [0, 0]
    assert trace.about["excluded"] == 4
    assert np.isnan(trace.y).all()


def test_alignment_by_hand() -> None:
    curves = [(np.array([0, 4]), np.array([0.0, 8.0])), (np.array([1, 2, 6]), np.array([10.0, 20.0, 60.0]))]
    expected = {
        "exact": ([0, None, None, 8, None], [None, 10, 20, None, 60]),
        "hold": ([0, 0, 0, 8, None], [None, 10, 20, 20, 60]),
        "linear": ([0, 2, 4, 8, None], [None, 10, 20, 40, 60]),
    }
    for align, columns in expected.items():
        stack = stacked(curves, align)  # type: ignore[arg-type]
        assert stack.x.tolist() == [0, 1, 2, 4, 6]
        found = tuple([None if np.isnan(value) else value for value in column] for column in stack.y.T.tolist())
        assert found == columns


def test_smoothing_by_hand_returns_the_raw_curve_too(db: sa.Connection) -> None:
    x, y = np.array([0, 10, 30]), np.array([0.0, 8.0, 8.0])
    assert smoothed(x, y, 10.0).tolist() == [0.0, 4.0, 7.0]
    assert smoothed(x, np.array([1.0, np.nan, 5.0]), 10.0).tolist()[2] == pytest.approx(1 / 8 + 5 * 7 / 8)
    put(db, "trj_1", 4, 2)
    for over in (None, "seed"):
        trace = ask(db, arm(piece("trj_1", (4, 4), (0, 0))), smooth="ewm:10", over=over).traces[0]
        assert trace.columns["raw"][-1] - trace.columns["raw"][0] == 3
        assert trace.y[-1] < trace.columns["raw"][-1]


@given(heights=st.lists(st.floats(-10, 10), min_size=3, max_size=3), at=st.integers(0, 1999))
@settings(deadline=None, max_examples=10)
def test_thinned_answers_keep_a_spike_and_a_band_around_the_true_band(heights: list[float], at: int) -> None:
    engine = sa.create_engine("sqlite://")
    series.metadata.create_all(engine, tables=[series, history_block, history_chunk])
    offsets = np.arange(1, 2001)
    values = np.sin(offsets[:, None] / 100 + np.arange(3)).astype(np.float32)
    values[at] += 20 + np.array(heights, np.float32)
    block = history.encode_block(
        0, 2000, [SeriesGroup(["cost.a"], offsets, values[None], None)], Notes.even(2000, 200.0)
    )
    with engine.begin() as db:
        history.append_block(db, "trj_1", 0, 1, block)
        path = arm(piece("trj_1", (2000,) * 3, (0, 0, 0)))
        for method in ("minmaxlttb", "m4"):
            whole = ask(db, path, over="seed", points="all").traces[0]
            found = ask(db, path, over="seed", points=50, method=method)
            trace = found.traces[0]
            assert (at + 1) * BATCH in trace.x
            assert not found.thinning["exact"]
            assert (found.thinning["values_in"], found.thinning["points_out"]) == (2000, len(trace.x))
            assert found.thinning["band"] == "bucket envelope"
            between = (whole.x >= trace.x[0]) & (whole.x <= trace.x[-1])
            low = np.interp(whole.x, trace.x, trace.columns["lo"])
            assert np.all((low <= whole.columns["lo"] + 1e-9)[between])
        mean = ask(db, path, seed=[0], points=50, method="mean")
        assert mean.traces[0].columns["max"].max() == values[:, 0].max()
        assert mean.thinning["extremes"] == "approximate"
    engine.dispose()


def test_lives_are_put_together_by_a_label_with_a_seed_as_the_unit(db: sa.Connection) -> None:
    """Arms 0 and 1 share a label and a past: their lives of one seed are averaged, and only seeds are counted."""
    put(db, "trj_past", 2, 2)
    put(db, "trj_0", 2, 2, plus=10)
    put(db, "trj_1", 2, 2, plus=20)
    put(db, "trj_2", 4, 2, plus=5)
    past = piece("trj_past", (2, 2), (0, 0))
    arms = [
        arm(past, piece("trj_0", (2, 2), (20, 20)), arm=0, labels={"onset": "early", "dose": "1"}),
        arm(past, piece("trj_1", (2, 2), (20, 20)), arm=1, labels={"onset": "early", "dose": "2"}),
        arm(piece("trj_2", (4, 4), (0, 0)), arm=2, labels={"onset": "late", "dose": "1"}, diverged=frozenset({1})),
    ]
    found = ask(db, *arms, series=["cost.a"], over="seed", by="axis.onset", points="all", stat=["mean", "n", "sd"])
    early, n, sd, late, *_ = found.traces
    assert (early.arm, early.labels, early.about["arms"]) == (None, {"onset": "early"}, [0, 1])
    assert (late.labels, late.about["arms"]) == ({"onset": "late"}, [2])
    assert early.about["lives"] == {"total": 4, "diverged": 0, "censored": 0}
    assert late.about["lives"] == {"total": 2, "diverged": 1, "censored": 0}
    # seed means are 1, 2, 16, 17 and those plus 1000
    assert early.y.tolist() == [501.0, 502.0, 516.0, 517.0]
    assert n.y.tolist() == early.columns["n"].tolist() == [2, 2, 2, 2]
    assert sd.y == pytest.approx([1000 / np.sqrt(2)] * 4)
    assert late.y.tolist() == [506.0, 507.0, 508.0, 509.0]
    unlabelled = arm(past, arm=3, labels={})
    by_dose = ask(db, *arms, unlabelled, series=["cost.a"], over="seed", by="axis.dose").traces
    assert [trace.labels for trace in by_dose] == [{"dose": "1"}, {"dose": "2"}, {}]
    control = replace(arms[2], arm=4, labels=arms[0].labels, beside=True)
    beside = ask(db, *arms, control, series=["cost.a"], over="seed", by="axis.onset", points="all").traces
    assert [(trace.arm, trace.labels) for trace in beside][-1] == (4, arms[0].labels), (
        "a control is no arm of its label"
    )
    assert beside[0].y.tolist() == early.y.tolist()


def test_too_many_traces_are_refused_before_they_are_made(db: sa.Connection) -> None:
    put(db, "trj_1", 2, 1001, readings={ACC: [1]})
    path = arm(piece("trj_1", (2,) * 1001, (0,) * 1001))
    with pytest.raises(TooMany, match="2002 traces"):
        ask(db, path)
    assert len(ask(db, path, over="seed").traces) == 2


def test_series_are_listed_with_last_values_and_extremes(db: sa.Connection, two_pieces: ArmPath) -> None:
    rows = {row["name"]: row for row in listed(db, [two_pieces])}
    assert set(rows) == {"cost.a", "probe.acc", "machine.speed"}
    assert rows["cost.a"] == {
        "name": "cost.a", "family": "cost", "area": None, "unit": "1",
        "meaning": "value of the cost on the batch of the update, before its weight", "cadence_updates": 1, "arms": [0],
        "n": 26, "nonfinite": 0, "first_age_sp": 10, "last_age_sp": 100, "min": 1.0, "max": 1010.0, "last": 510.0,
    }  # fmt: skip
    assert (rows["probe.acc"]["unit"], rows["probe.acc"]["meaning"]) == ("fraction", "share of items named right")
    speed = rows["machine.speed"]
    assert (speed["unit"], speed["cadence_updates"], speed["n"]) == ("updates/s", None, 2)
    assert (speed["min"], speed["max"], speed["last"]) == (4.0, 9.0, 4.0)
