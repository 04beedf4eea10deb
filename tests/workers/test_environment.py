from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

from workers import environment


def test_one_thread_and_one_instruction_set_are_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment.BEFORE_TORCH:
        monkeypatch.setenv(name, "something else")
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    environment.settle()
    assert os.environ["OMP_NUM_THREADS"] == "1"
    assert os.environ["MKL_CBWR"] == "AVX2"
    assert os.environ["ATEN_CPU_CAPABILITY"] == "avx2"


def test_torch_loaded_under_other_settings_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.BEFORE_TORCH.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(sys.modules, "torch", object())
    environment.settle()
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")
    with pytest.raises(environment.TooLate, match="MKL_CBWR"):
        environment.settle()


def test_temporary_files_go_to_a_folder_of_the_worker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TMPDIR", os.environ.get("TMPDIR", tempfile.gettempdir()))
    monkeypatch.setattr(tempfile, "tempdir", tempfile.tempdir)
    environment.private_temporary_folder(tmp_path, "slot-0")
    assert Path(tempfile.gettempdir()) == tmp_path / "tmp" / "slot-0"
    assert (tmp_path / "tmp" / "slot-0").stat().st_mode & 0o777 == 0o700
