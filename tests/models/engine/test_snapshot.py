"""A cohort as a file."""

from __future__ import annotations

import json

import pytest
from raising import chain, one_stage, raised

from models.engine import snapshot
from models.engine.cohort import Frozen, Readings
from models.errors import SnapshotMismatch


def cohort():
    return raised(one_stage(chain(9) | {"optimizer": {"kind": "adam", "lr": 0.01}}), [3, 1], 2)


def test_everything_comes_back_bit_for_bit() -> None:
    first = cohort()
    first.frozen = {"e1": {1: Frozen(first.take([1]), "censored", 2)}}
    first.readings = {"p1": Readings([0, 2], [first.age_N.astype("float32"), first.age_N.astype("float32") * 2])}
    second, meta = snapshot.load(snapshot.dump(first, {"key": "k"}))
    assert meta == {"key": "k"}
    assert snapshot.state_hash(first) == snapshot.state_hash(second)
    assert (second.seeds, second.offset, second.entered) == ([3, 1], 2, True)
    assert second.readings["p1"].offsets == [0, 2]
    assert second.readings["p1"].values[1].tolist() == [80.0, 80.0]
    frozen = second.frozen["e1"][1]
    assert (frozen.status, frozen.offset) == ("censored", 2)
    assert snapshot.state_hash(frozen.cohort) == snapshot.state_hash(first.take([1]))


def test_the_file_has_exactly_one_metadata_key() -> None:
    data = snapshot.dump(cohort(), {})
    length = int.from_bytes(data[:8], "little")
    assert list(json.loads(data[8 : 8 + length])["__metadata__"]) == ["ontogeny"]


def test_a_snapshot_of_another_numerics_class_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = snapshot.dump(cohort(), {})
    other = snapshot.numerics_class() | {"capability": "avx512"}
    monkeypatch.setattr(snapshot, "numerics_class", lambda: other)
    with pytest.raises(SnapshotMismatch, match="avx2"):
        snapshot.load(data)


def test_the_hash_is_of_the_lives_not_of_what_was_read_of_them() -> None:
    first = cohort()
    before = snapshot.state_hash(first)
    first.readings = {"p1": Readings([0], [first.age_N.astype("float32")])}
    assert snapshot.state_hash(first) == before
    first.params["area/a1/bias"].detach()[0, 0, 0] += 1e-7
    assert snapshot.state_hash(first) != before
