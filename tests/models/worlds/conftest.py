"""A data set of the operator, for every test of worlds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from models.datasets.keeping import register
from models.datasets.parts import Part, Whole
from models.specs.worlds import dataset


@pytest.fixture(scope="session")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data set `tiny`: 400 random pictures of 5 x 4, three classes."""
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (400, 1, 5, 4), dtype=np.uint8)
    classes = random.integers(0, 3, 400)
    register(folder, "tiny", Whole("npz", "image", {"all": Part(pictures, classes)}))
    return folder


@pytest.fixture(autouse=True)
def operators_data(registered: Path) -> Iterator[Path]:
    """Where worlds look for data sets: whoever starts a service in this process has them look elsewhere."""
    before = list(dataset._folder)
    dataset.look_under(registered)
    yield registered
    dataset._folder[:] = before
