from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from buckets import bucket_server

from service.settings import Settings
from service.store.blobs import BlobLost, Blobs
from service.store.bucket import Bucket
from service.store.folder import Folder
from service.store.places import open_blobs

TRAJECTORY = "trj_" + "a" * 32


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with bucket_server() as place:
        yield place


@pytest.fixture(params=["folder", "bucket"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    place = str(tmp_path)
    if request.param == "bucket":
        place = f"{request.getfixturevalue('bucket')}/{tmp_path.name}"
    opened = open_blobs(place)
    opened.mark("ours")
    return opened


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    opened = Folder(tmp_path)
    opened.mark("ours")
    return opened


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


def test_the_same_file_may_be_put_again(blobs: Blobs) -> None:
    stored = blobs.put(TRAJECTORY, "40", 3, b"weights")
    assert blobs.put(TRAJECTORY, "40", 3, b"weights") == stored
    assert blobs.get(stored.uri, stored.sha256) == b"weights"


def test_a_large_snapshot_comes_back_whole(blobs: Blobs) -> None:
    weights = os.urandom(12 * 2**20)
    stored = blobs.put(TRAJECTORY, "41", 3, weights)
    assert blobs.get(stored.uri, stored.sha256) == weights


def test_it_can_be_had_as_a_file_of_this_machine(blobs: Blobs, tmp_path: Path) -> None:
    stored = blobs.put(TRAJECTORY, "42", 3, b"weights")
    assert blobs.file(stored.uri, tmp_path / "fetched").read_bytes() == b"weights"
    assert blobs.file(stored.uri, tmp_path / "fetched").read_bytes() == b"weights"
    blobs.delete(stored.uri)
    with pytest.raises(FileNotFoundError):
        blobs.file(stored.uri, tmp_path / "elsewhere")


def test_a_missing_file_is_lost_and_may_be_deleted_again(blobs: Blobs) -> None:
    stored = blobs.put(TRAJECTORY, "40", 3, b"weights")
    blobs.delete(stored.uri)
    blobs.delete(stored.uri)
    with pytest.raises(BlobLost, match="missing"):
        blobs.get(stored.uri, stored.sha256)


def test_a_file_of_other_content_is_not_loaded(blobs: Blobs) -> None:
    stored = blobs.put(TRAJECTORY, "40", 3, b"weights")
    with pytest.raises(BlobLost, match="damaged"):
        blobs.get(stored.uri, "0" * 64)


def test_a_torn_or_damaged_file_is_not_loaded(folder: Folder) -> None:
    stored = folder.put(TRAJECTORY, "40", 3, b"weights")
    for harm in (b"weightz", b"weig", b""):
        folder.path(stored.uri).write_bytes(harm)
        with pytest.raises(BlobLost, match="damaged"):
            folder.get(stored.uri, stored.sha256)


@pytest.mark.parametrize("uri", ["../outside", "trj/../../outside", "/etc/passwd", ".ontogeny", "trj/.."])
def test_a_name_that_leads_out_of_the_place_is_refused(blobs: Blobs, uri: str) -> None:
    with pytest.raises(ValueError, match="no snapshot of ours"):
        blobs.get(uri, "0" * 64)
    with pytest.raises(ValueError, match="no snapshot of ours"):
        blobs.delete(uri)


def test_the_first_mark_stays(blobs: Blobs) -> None:
    assert blobs.mark("theirs") == "ours"
    assert blobs.marked() == "ours"


def test_the_collector_is_offered_snapshots_of_that_age_and_nothing_else(blobs: Blobs) -> None:
    stored = blobs.put(TRAJECTORY, "40", 3, b"weights")
    time.sleep(1.1)  # the clock of a bucket counts seconds
    assert list(blobs.old(0.05)) == [stored.uri]
    assert list(blobs.old(60.0)) == []


def test_the_age_of_a_file_is_told_by_the_clock_that_stamped_it(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine whose clock is a day ahead would else collect a snapshot between its writing and its commit."""
    old, young = folder.put(TRAJECTORY, "20", 2, b"old"), folder.put(TRAJECTORY, "40", 3, b"young")
    os.utime(folder.path(old.uri), (1.0, 1.0))
    monkeypatch.setattr(time, "time", lambda: time.time_ns() / 1e9 + 86_400.0)
    assert list(folder.old(60.0)) == [old.uri]
    assert folder.path(young.uri).exists()


def test_a_folder_that_is_not_mounted_takes_no_snapshot(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="is it mounted"):
        Folder(tmp_path).put(TRAJECTORY, "40", 3, b"weights")


def test_a_bucket_that_does_not_answer_is_trouble_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setattr("service.store.bucket.TRIES", 1)
    with pytest.raises(OSError, match="does not answer"):
        Bucket("s3://snapshots").put(TRAJECTORY, "40", 3, b"weights")


def test_only_a_folder_or_a_bucket_is_a_place(tmp_path: Path) -> None:
    assert Settings(snapshots=f"file://{tmp_path}").snapshots == str(tmp_path)
    assert Settings(snapshots="s3://lab/ontogeny/").snapshots == "s3://lab/ontogeny"
    assert Settings(home=tmp_path).snapshots == str(tmp_path / "snapshots")
    for place in ("http://lab/x", "memory://x", "simplecache::s3://lab", "s3://", "s3://lab/zip://x::s3://y"):
        with pytest.raises(ValueError, match="name a folder"):
            Settings(snapshots=place)


@pytest.mark.processes
@pytest.mark.parametrize(("point", "named"), [("after_tmp", 0), ("after_rename", 1)])
def test_a_process_killed_while_writing_leaves_a_draft_or_a_whole_file(folder: Folder, point: str, named: int) -> None:
    write = f"Folder(Path({str(folder.folder)!r})).put('trj_1', '5', 1, b'x' * 9)"
    script = f"from pathlib import Path; from service.store.folder import Folder; {write}"
    run = subprocess.run([sys.executable, "-c", script], env=os.environ | {"ONTOGENY_CRASH_AT": point}, check=False)
    assert run.returncode == -signal.SIGKILL
    files = list(folder.folder.glob("*/*"))
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
