"""Trajectories: what is read when, who leaves when, and that stopping anywhere changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from raising import chain, differing, one_stage, plan, raised, recorded, state, train

from models.engine import snapshot, stage
from models.engine.cohort import birth
from models.engine.stage import Orders, run
from models.errors import NoResult
from models.specs.plan import ending_id

SCHOOL_STAGE = {"name": "school", "world": "school", "costs": {"naming": 1.0}}
PERIOD = {"early": {"areas": ["a1"], "closes": "3ba", "edge": "4ba"}}


def criterion(value: float, **changes: Any) -> dict[str, Any]:
    spec = {"probe": "acc", "op": ">=", "value": value} | changes
    return SCHOOL_STAGE | {"until": {"criterion": spec}, "limit": "40ba"}


def triggered(first: dict[str, Any], **changes: Any) -> tuple[Any, Orders, str]:
    last = SCHOOL_STAGE | {"name": "after", "until": {"after": "4ba"}}
    arm = plan(organism=chain(24), stages=[first, last], **changes)
    step = arm.steps[0]
    digest = ending_id(step.demand.ending)
    return arm, Orders(step.regime, arm.probes, step.readings, endings={digest: step.demand.ending}), digest


def probe_path(orders: Orders) -> str:
    (name,) = orders.probes
    return name


def test_probes_are_read_at_entry_at_their_cadence_and_at_the_end() -> None:
    arm = plan(organism=chain(8), stages=[SCHOOL_STAGE | {"until": {"after": "12ba"}}])
    step = arm.steps[0]
    cohort = birth(step.regime, [0, 1])
    flushes = list(run(cohort, Orders(step.regime, arm.probes, step.readings, [12]), 0, 12))
    (name,) = arm.probes
    assert list(recorded(flushes, name)) == [0, 5, 10, 12]
    assert list(recorded(flushes, "cost.naming")) == list(range(1, 13))
    assert flushes[0].start == 0
    assert flushes[-1].end == 12


def test_a_run_that_stops_anywhere_goes_on_to_the_same_bits() -> None:
    regime_changes = {"critical_periods": PERIOD, "organism": chain(9) | {"optimizer": {"kind": "adam", "lr": 0.01}}}
    first = criterion(2.0)
    arm = plan(stages=[first], **regime_changes)
    step = arm.steps[0]
    digest = ending_id(step.demand.ending)
    orders = Orders(step.regime, arm.probes, step.readings, endings={digest: step.demand.ending})
    whole = birth(step.regime, [3, 4])
    flushes = list(run(whole, orders, 0, 12))
    for cut in range(1, 12):
        cohort = birth(step.regime, [3, 4])
        early = list(run(cohort, orders, 0, cut))
        cohort, meta = snapshot.load(snapshot.dump(cohort, {"cut": cut}))
        assert meta == {"cut": cut}
        late = list(run(cohort, orders, cut, 12))
        assert snapshot.state_hash(cohort) == snapshot.state_hash(whole)
        for path in ("cost.naming", "rate.a1", probe_path(orders)):
            assert recorded(early, path) | recorded(late, path) == recorded(flushes, path)


def test_where_flushes_fall_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    _, orders, digest = triggered(criterion(0.5))
    results = []
    for seconds, rows in ((1.0, 1024), (0.0, 1024), (1.0, 3)):
        monkeypatch.setattr(stage, "FLUSH_SECONDS", seconds)
        monkeypatch.setattr(stage, "MAX_ROWS", rows)
        cohort = birth(orders.regime, [0, 1, 2])
        flushes = list(run(cohort, orders, 0, 40))
        left = {seed: frozen.offset for seed, frozen in cohort.frozen[digest].items()}
        paths = ("cost.naming", probe_path(orders), "update_norm.a1")
        results.append((snapshot.state_hash(cohort), left, [recorded(flushes, path) for path in paths]))
    assert results[0] == results[1] == results[2]


def test_every_life_leaves_at_the_reading_that_satisfies_its_trigger() -> None:
    arm, orders, digest = triggered(criterion(0.5))
    cohort = birth(orders.regime, [0, 1, 2, 3])
    flushes = list(run(cohort, orders, 0, 40))
    told = recorded(flushes, probe_path(orders))
    events = {event.seed: event for flush in flushes for event in flush.transitions}
    assert len({event.offset for event in events.values()}) > 1
    for life, seed in enumerate([0, 1, 2, 3]):
        met = [offset for offset in told if offset > 0 and told[offset][life] is not None and told[offset][life] >= 0.5]
        event = events[seed]
        assert event.offset == min(met)
        assert (event.fired, event.status, event.demand) == ("/until/criterion", "advanced", digest)
        assert event.age_sp == event.offset * orders.regime.batch
        assert event.values[-1]["value"] == told[event.offset][life]
        assert all(told[offset][life] is None for offset in told if offset > event.offset)
    assert not cohort.alive_N.any()
    assert cohort.offset == max(event.offset for event in events.values())
    following = stage.enter(stage.gather(cohort, digest), arm.steps[1].regime)
    assert following.age_N.tolist() == [events[seed].age_sp for seed in following.seeds]
    assert (following.offset, following.offset_N.tolist()) == (0, [0, 0, 0, 0])
    train(following, arm.steps[1].regime, 4)


def test_a_frozen_life_is_the_life_it_would_have_been_alone() -> None:
    _, orders, digest = triggered(criterion(0.5))
    together = birth(orders.regime, [0, 1, 2])
    list(run(together, orders, 0, 40))
    for seed in (0, 1, 2):
        alone = birth(orders.regime, [seed])
        list(run(alone, orders, 0, 40))
        mine, theirs = alone.frozen[digest][seed], together.frozen[digest][seed]
        assert mine.offset == theirs.offset
        assert differing(state(mine.cohort, seed), state(theirs.cohort, seed)) == []


def test_a_trigger_hears_its_probe_at_its_own_cadence_whoever_else_reads_it() -> None:
    probe = {"kind": "accuracy", "at": "head", "world": "quiz"}
    arms = [triggered(criterion(0.5, hold=2), probes={"acc": probe | {"every": every}}) for every in ("1ba", "4ba")]
    alone: dict[str, dict[int, int]] = {}
    for _, orders, digest in arms:
        cohort = birth(orders.regime, [0, 1])
        list(run(cohort, orders, 0, 40))
        alone[digest] = {seed: frozen.offset for seed, frozen in cohort.frozen[digest].items()}
    (often, seldom) = (orders for _, orders, _ in arms)
    assert often.regime == seldom.regime
    assert often.probes == seldom.probes
    name = probe_path(often)
    readings = {name: [*often.readings[name], *seldom.readings[name]]}
    together = birth(often.regime, [0, 1])
    list(run(together, Orders(often.regime, often.probes, readings, (), {**often.endings, **seldom.endings}), 0, 40))
    ends = {digest: {seed: each.offset for seed, each in left.items()} for digest, left in together.frozen.items()}
    assert ends == alone
    assert len({tuple(left.items()) for left in alone.values()}) == 2


def test_two_probes_that_only_cadence_tells_apart_are_two_series() -> None:
    probe = {"kind": "accuracy", "at": "head", "world": "quiz"}
    probes = {"acc": probe | {"every": "3ba"}, "often": probe | {"every": "1ba"}}
    arm, orders, digest = triggered(criterion(0.5, hold=2), probes=probes)
    cohort = birth(orders.regime, [0, 1])
    flushes = list(run(cohort, orders, 0, 40))
    ends = [each.offset for each in cohort.frozen[digest].values()]
    told, often = (list(recorded(flushes, arm.probe_names[name])) for name in ("acc", "often"))
    assert all(offset % 3 == 0 for offset in [*told, *ends])
    assert often == list(range(max(ends) + 1))


@pytest.mark.parametrize(("on_limit", "status"), [("advance", "advanced"), ("censor", "censored"), ("fail", "failed")])
def test_a_life_that_meets_the_limit_ends_as_the_stage_says(on_limit: str, status: str) -> None:
    _, orders, digest = triggered(criterion(2.0) | {"limit": "7ba", "on_limit": on_limit})
    cohort = birth(orders.regime, [0, 1])
    flushes = list(run(cohort, orders, 0, 40))
    events = [event for flush in flushes for event in flush.transitions]
    assert [(event.seed, event.offset, event.fired, event.status) for event in events] == [
        (0, 7, "limit", status),
        (1, 7, "limit", status),
    ]
    assert list(recorded(flushes, probe_path(orders))) == [0, 5, 7]
    if status != "advanced":
        with pytest.raises(NoResult):
            stage.gather(cohort, digest)


def test_a_life_with_a_further_demand_goes_on_after_it_left() -> None:
    _, orders, digest = triggered(criterion(2.0) | {"limit": "4ba"})
    further = Orders(orders.regime, orders.probes, orders.readings, [9], orders.endings)
    cohort = birth(orders.regime, [0, 1])
    flushes = list(run(cohort, further, 0, 20))
    assert cohort.offset == 9
    assert len(recorded(flushes, "cost.naming")) == 9
    assert cohort.frozen[digest][0].offset == 4
    plain = raised(orders.regime, [0, 1], 9)
    assert differing(state(cohort, 1), state(plain, 1)) == []


def test_a_life_that_leaves_the_finite_numbers_reaches_no_other_and_ends_at_its_first_bad_row() -> None:
    regime = one_stage(chain(9, act="relu") | {"optimizer": {"kind": "sgd", "lr": 0.05, "momentum": 0.9}})
    healthy = birth(regime, [0, 1, 2])
    train(healthy, regime, 8)
    for cut in (None, 5):
        sick = birth(regime, [0, 1, 2])
        sick.params["area/a1/from/retina/weight"].detach()[1] = 3e38
        flushes = train(sick, regime, cut or 8)
        if cut:
            sick, _ = snapshot.load(snapshot.dump(sick, {}))
            flushes += train(sick, regime, 8 - cut)
        events = [event for flush in flushes for event in flush.transitions]
        assert [(event.seed, event.offset, event.status) for event in events] == [(1, 1, "diverged")]
        assert [row[1] for row in recorded(flushes, "cost.naming").values()] == [None] * 8
        assert sick.diverged_N.tolist() == [False, True, False]
        assert sick.age_N.tolist() == [160, 20, 160]
        for seed in (0, 2):
            assert differing(state(sick, seed), state(healthy, seed)) == []
        assert all(torch.isnan(value).all() for value in state(sick, 1).values())
    assert stage.enter(sick, regime).seeds == [0, 2]


def test_reading_probes_changes_no_bit_of_what_lives_become() -> None:
    kinds = {
        "acc": {"kind": "accuracy", "at": "head", "world": "quiz", "every": "1ba"},
        "loss": {"kind": "loss", "cost": "mend", "world": "quiz", "every": "1ba"},
        "norm": {"kind": "weight_norm", "world": "quiz", "every": "2ba"},
        "rank": {"kind": "effective_rank", "world": "quiz", "every": "2ba"},
        "angle": {"kind": "alignment", "cost": "naming", "world": "quiz", "every": "2ba"},
        "fisher": {"kind": "fisher_trace", "cost": "naming", "world": "quiz", "every": "3ba", "n": 20},
        "read": {"kind": "linear_readout", "at": "a1", "world": "quiz", "train": "school", "every": "3ba"},
    }
    costs = {
        "naming": {"kind": "cross_entropy", "at": "head", "target": "label"},
        "mend": {"kind": "denoise", "at": "a1"},
    }
    credit = [{"areas": ["a1", "a2"], "rule": "feedback_alignment"}]
    organism = chain(9, 8) | {"credit": credit}
    only = SCHOOL_STAGE | {"costs": dict.fromkeys(costs, 1.0), "until": {"after": "6ba"}}
    watched = plan(organism=organism, costs=costs, stages=[only], probes=kinds)
    regime, readings = watched.steps[0].regime, watched.steps[0].readings
    plain, seen = raised(regime, [0, 1], 6), birth(regime, [0, 1])
    flushes = train(seen, regime, 6, probes=watched.probes, readings=readings)
    assert snapshot.state_hash(plain) == snapshot.state_hash(seen)
    names = watched.probe_names
    read = {name: recorded(flushes, path) for name, path in names.items() if recorded(flushes, path)}
    assert set(read) == {"acc", "loss"}
    assert min(recorded(flushes, f"{names['angle']}.a1")[6]) > 10
    assert max(recorded(flushes, f"{names['angle']}.head")[6]) < 1e-2
    for name in ("norm", "rank", "fisher", "read"):
        assert all(0 < each < 1e4 for each in recorded(flushes, f"{names[name]}.a1")[6])


def test_a_probe_says_the_same_of_a_life_alone_and_in_company() -> None:
    _, orders, _ = triggered(criterion(2.0))
    told = {}
    for seeds in ([5], [1, 5, 2]):
        cohort = birth(orders.regime, seeds)
        flushes = list(run(cohort, orders, 0, 6))
        told[len(seeds)] = [row[seeds.index(5)] for row in recorded(flushes, probe_path(orders)).values()]
    assert told[1] == told[3]


def test_two_stages_are_two_trajectories_of_one_life() -> None:
    late = SCHOOL_STAGE | {"name": "late", "costs": {"naming": 1.0, "rebuild": 0.5}, "until": {"after": "4ba"}}
    costs = {
        "naming": {"kind": "cross_entropy", "at": "head", "target": "label"},
        "rebuild": {"kind": "autoencode", "at": "a1"},
    }
    arm = plan(organism=chain(8), costs=costs, stages=[SCHOOL_STAGE | {"until": {"after": "3ba"}}, late])
    cohort = raised(arm.steps[0].regime, [0, 1], 3)
    assert not cohort.learned
    stage.enter(cohort, arm.steps[1].regime)
    assert cohort.learned
    train(cohort, arm.steps[1].regime, 4)
    assert cohort.age_N.tolist() == [140, 140]
    (shown,) = cohort.shown.values()
    assert shown.tolist() == [140, 140]
