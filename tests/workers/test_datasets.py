"""Lives that grow up on a data set of the operator: the same bits everywhere, or no life at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from registering import register_scans, schooled

from models.specs.worlds import dataset
from models.worlds.dataset import _kept
from workers.tasks import advance


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    before = list(dataset._folder)
    dataset.look_under(tmp_path / "data")
    yield tmp_path / "data"
    dataset._folder[:] = before


def grown(build: Any, document: dict[str, Any]) -> Any:
    _kept.cache_clear()
    house = build()
    house.job = house.submit(document)
    worker = house.worker()
    while advance(worker):
        pass
    return house


def test_a_life_on_a_data_set_grows_and_is_the_same_again(build: Any, folder: Path) -> None:
    register_scans(folder)
    first, second = (grown(build, schooled({"kind": "dataset", "name": "scans"})) for _ in range(2))
    assert first.status(first.job) == "succeeded"
    assert [row["id"] for row in first.trajectories()] == [row["id"] for row in second.trajectories()]
    assert first.history() == second.history()


def test_a_trajectory_is_another_where_the_content_is(build: Any, folder: Path) -> None:
    keys = []
    for inverted in (False, True):
        register_scans(folder, inverted=inverted)
        house = grown(build, schooled({"kind": "dataset", "name": "scans"}))
        keys.append([row["id"] for row in house.trajectories()])
    assert not set(keys[0]) & set(keys[1])


def test_a_file_that_has_changed_ends_the_trajectory_with_the_reason(build: Any, folder: Path) -> None:
    digest = register_scans(folder).content.digest
    path = folder / f"{digest}.npz"
    kept = bytearray(path.read_bytes())
    kept[5000] ^= 1
    path.write_bytes(kept)
    house = grown(build, schooled({"kind": "dataset", "name": "scans"}))
    assert house.status(house.job) == "failed"
    (row,) = house.trajectories()
    assert [each["code"] for each in row["error"]["findings"]] == ["E38"]
    assert "register the data set again" in row["error"]["message"]
