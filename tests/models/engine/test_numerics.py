"""The numerics class is what the process really is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from models.engine.numerics import arithmetic, configure, numerics_class
from models.errors import SnapshotMismatch
from models.specs.numerics import NumericsSpec


def test_this_process_is_of_the_declared_class() -> None:
    configure()
    assert numerics_class() == NumericsSpec().model_dump(mode="json")
    assert torch.get_num_threads() == 1


def test_a_process_that_was_started_otherwise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")
    with pytest.raises(SnapshotMismatch, match="MKL_CBWR=AVX2"):
        configure()


def test_a_process_that_loaded_numpy_before_has_one_thread_of_its_blas_all_the_same() -> None:
    asked = (
        "import numpy, os; from workers.environment import settle; settle();"
        "from models.engine.numerics import configure; configure();"
        "from threadpoolctl import threadpool_info;"
        "print([each['num_threads'] for each in threadpool_info() if each['user_api'] == 'blas'])"
    )
    unset = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    told = subprocess.run(
        [sys.executable, "-c", asked],
        env=unset,
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert set(json.loads(told)) <= {1}


def test_subnormal_numbers_are_zero_inside_and_come_back_outside() -> None:
    tiny = torch.full((9,), 1e-39)
    with arithmetic():
        assert not (tiny * 0.5).any()
    assert (tiny * 0.5).all()


def test_processors_with_and_without_avx512_are_told_apart() -> None:
    asked = "from models.engine.numerics import arithmetic_digest; print(arithmetic_digest())"
    digests = {
        subprocess.run(
            [sys.executable, "-c", asked],
            env={**os.environ, "ONEDNN_MAX_CPU_ISA": limit},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for limit in ("DEFAULT", "AVX2")
    }
    wider = "avx512f" in Path("/proc/cpuinfo").read_text()
    assert len(digests) == (2 if wider else 1)
