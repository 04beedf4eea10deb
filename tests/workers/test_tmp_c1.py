from __future__ import annotations
from typing import Any
import pytest
from build import tiny_schedule
from models.engine import stage

@pytest.fixture(autouse=True)
def _flush_often(monkeypatch):
    monkeypatch.setattr(stage, "FLUSH_SECONDS", 0.02)

ORG = tiny_schedule()["organism"] | {"optimizer": {"kind": "sgd", "lr": 0.03, "momentum": 0.9}}
AFTER = {"name": "after", "world": "school", "costs": {"naming": 0.5}, "until": {"after": "10ba"}}

def doc(until, **more):
    return tiny_schedule(seeds={"start": 0, "count": 4}, organism=ORG, stages=[
        {"name": "taught", "world": "school", "costs": {"naming": 1.0}, "until": until, **more}, AFTER])

FIXED, LONG = doc({"after": "40ba"}), doc({"after": "120ba"})
TRIG = doc({"criterion": {"probe": "acc", "op": ">=", "value": 0.7}}, limit="20ep")
PLAT = doc({"plateau": {"probe": "acc", "min_delta": 0.02, "patience": "15ba"}}, limit="20ep")
PROBE = FIXED | {"probes": {"acc": {"kind": "accuracy", "at": "head", "world": "quiz", "every": "2ba"}, "l": {"kind": "loss", "cost": "naming", "world": "quiz", "every": "3ba"}}}

def superset(a, b):
    import numpy as np
    from service.store import history
    for row in b.trajectories():
        with a.database.read() as db, b.database.read() as there:
            ours, theirs = history.read(db, row["id"]), history.read(there, row["id"])
        for path, c in theirs.items():
            o = ours[path]
            at = np.searchsorted(o.offsets, c.offsets)
            assert np.array_equal(o.offsets[at], c.offsets), path
            assert o.valid[:, at][c.valid].all(), path
            assert np.array_equal(o.values[:, at][c.valid], c.values[c.valid]), path

@pytest.mark.parametrize("first,second", [(FIXED, TRIG), (LONG, TRIG), (TRIG, LONG), (LONG, FIXED), (TRIG, PLAT), (PLAT, TRIG), (LONG, PLAT), (FIXED, PROBE), (TRIG, PROBE)])
def test_late(build, first, second):
    a, b = build(first_slice_seconds=0.03), build()
    j1 = a.submit(first); a.work_off(a.worker()); j = a.submit(second); a.work_off(a.worker())
    k = b.submit(second); b.work_off(b.worker())
    assert a.status(j) == b.status(k) == "succeeded", a.events()[-10:]
    print([r[:1] for r in a.events()][-12:])
    assert not [e for e in a.events() if e[0] == "replay.mismatch"]
    superset(a, b)
    pa, pb = a.path(j), b.path(k)
    assert [(r["trajectory"], r["stop"], r["seeds"]) for r in pa] == [(r["trajectory"], r["stop"], r["seeds"]) for r in pb]
    ha, hb = a.state_hashes(), b.state_hashes()
    for key, h in hb.items():
        assert ha[key] == h, key
    assert a.trajectories()[0]["layer"] >= 0
    print("layers", [t["layer"] for t in a.trajectories()], len(set(r[3] for r in b.transitions())))
