from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from service.store.blobs import BlobLost, Blobs

TRAJECTORY = "trj_" + "a" * 32


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path)


def test_what_was_put_is_got_under_a_name_that_tells_stop_fence_and_content(blobs: Blobs) -> None:
    stored = blobs.put(TRAJECTORY, "40", 3, b"weights")
    assert stored.uri == f"{TRAJECTORY}/40-3-{stored.sha256[:12]}.safetensors"
    assert stored.bytes == 7
    assert blobs.get(stored.uri, stored.sha256) == b"weights"


def test_a_zombies_file_never_overwrites_that_of_the_next_fence(blobs: Blobs) -> None:
    first, second = blobs.put(TRAJECTORY, "40", 3, b"old"), blobs.put(TRAJECTORY, "40", 4, b"new")
    again = blobs.put(TRAJECTORY, "40", 3, b"woken late")
    assert len({first.uri, second.uri, again.uri}) == 3
    assert blobs.get(second.uri, second.sha256) == b"new"


def test_a_damaged_file_is_not_loaded(blobs: Blobs) -> None:
    stored = blobs.put(TRAJECTORY, "40", 3, b"weights")
    blobs.path(stored.uri).write_bytes(b"weightz")
    with pytest.raises(BlobLost, match="damaged"):
        blobs.get(stored.uri, stored.sha256)


def test_a_missing_file_is_lost_and_may_be_deleted_again(blobs: Blobs) -> None:
    stored = blobs.put(TRAJECTORY, "40", 3, b"weights")
    blobs.delete(stored.uri)
    blobs.delete(stored.uri)
    with pytest.raises(BlobLost, match="missing"):
        blobs.get(stored.uri, stored.sha256)


@pytest.mark.parametrize("uri", ["../outside", "trj/../../outside", "/etc/passwd"])
def test_a_name_that_leads_out_of_the_folder_is_refused(blobs: Blobs, uri: str) -> None:
    with pytest.raises(ValueError, match="no snapshot of ours"):
        blobs.path(uri)


def test_only_old_files_are_offered_to_the_collector(blobs: Blobs) -> None:
    stored = blobs.put(TRAJECTORY, "40", 3, b"weights")
    old = blobs.put(TRAJECTORY, "20", 2, b"weights")
    os.utime(blobs.path(old.uri), (1.0, 1.0))
    assert list(blobs.old(60.0)) == [old.uri]
    assert blobs.path(stored.uri).exists()


@pytest.mark.processes
@pytest.mark.parametrize(("point", "named"), [("after_tmp", 0), ("after_rename", 1)])
def test_a_process_killed_while_writing_leaves_a_draft_or_a_whole_file(tmp_path: Path, point: str, named: int) -> None:
    write = f"Blobs(Path({str(tmp_path)!r})).put('trj_1', '5', 1, b'x' * 9)"
    script = f"from pathlib import Path; from service.store.blobs import Blobs; {write}"
    run = subprocess.run([sys.executable, "-c", script], env=os.environ | {"ONTOGENY_CRASH_AT": point}, check=False)
    assert run.returncode == -signal.SIGKILL
    files = list(tmp_path.glob("*/*"))
    assert len(files) == 1
    assert [file.suffix for file in files].count(".safetensors") == named
    assert files[0].stat().st_size == 9


def test_an_unknown_crash_point_is_refused() -> None:
    run = subprocess.run(
        [sys.executable, "-c", "import service.store.crash"],
        env=os.environ | {"ONTOGENY_CRASH_AT": "nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "after_claim" in run.stderr
