"""Files as operators have them: what is read of whole ones, what is said of broken ones."""

from __future__ import annotations

import gzip
import io
import struct
import wave
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.datasets import parts, pictures
from models.datasets.parts import Unreadable
from models.datasets.reading import Wishes, read

RANDOM = np.random.default_rng(0)


def idx(array: np.ndarray, kind: int = 8) -> bytes:
    head = bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


IMAGES = RANDOM.integers(0, 256, (3, 4, 5), dtype=np.uint8)
LABELS = np.array([2, 0, 1], np.uint8)


@pytest.mark.parametrize("zipped", [False, True])
def test_idx_pairs_are_found_by_name(tmp_path: Path, zipped: bool) -> None:
    for split in ("train", "t10k"):
        for name, array in (("images-idx3-ubyte", IMAGES), ("labels-idx1-ubyte", LABELS)):
            data = idx(array)
            (tmp_path / f"{split}-{name}{'.gz' * zipped}").write_bytes(gzip.compress(data) if zipped else data)
    whole = read([tmp_path])
    assert (whole.form, whole.channel, set(whole.parts)) == ("idx", "image", {"train", "test"})
    for part in whole.parts.values():
        assert np.array_equal(part.items, IMAGES[:, None])
        assert part.labels is not None
        assert part.labels.tolist() == [2, 0, 1]


def test_idx_numbers_are_big_endian(tmp_path: Path) -> None:
    (tmp_path / "x.idx").write_bytes(idx(np.array([[1.5, -2.0], [0.25, 3e8]], np.float32), 0x0D))
    whole = read([tmp_path / "x.idx"])
    assert whole.parts["all"].items.tolist() == [[1.5, -2.0], [0.25, 3e8]]
    assert whole.channel == "x"


def test_idx_numbers_may_have_signs_and_splits_are_told_by_names(tmp_path: Path) -> None:
    small, wide = np.array([[-3, 5], [127, -128]], np.int8), np.array([[-300, 5], [32767, -32768]], np.int16)
    (tmp_path / "train.idx").write_bytes(idx(small, 9))
    (tmp_path / "valid.idx").write_bytes(idx(wide, 11))
    read_ = {split: part.items.tolist() for split, part in read([tmp_path]).parts.items()}
    assert read_ == {"train": small.tolist(), "valid": wide.tolist()}


HUGE = bytes([0, 0, 8, 3]) + struct.pack(">3I", 1 << 20, 1 << 10, 1 << 10)
BROKEN_IDX = {
    "another format": (b"\x89PNG....", "00 00 type dimensions"),
    "too short": (idx(IMAGES)[:-1], "ends 1 bytes before"),
    "too long": (idx(IMAGES) + b"x", "goes on behind the 60 bytes"),
    "a type that is none": (bytes([0, 0, 7, 1]) + struct.pack(">I", 1) + b"x", "00 00 type dimensions"),
    "nothing in it": (idx(IMAGES[:0]), "holds nothing"),
    "too large by its head": (HUGE, "1024.0 GiB"),
    "empty": (b"", "begins with"),
}


@pytest.mark.parametrize(("data", "told"), BROKEN_IDX.values(), ids=BROKEN_IDX)
def test_a_broken_idx_file_is_told(tmp_path: Path, data: bytes, told: str) -> None:
    for path, written in ((tmp_path / "a.idx", data), (tmp_path / "b.idx.gz", gzip.compress(data))):
        path.write_bytes(written)
        with pytest.raises(Unreadable, match=told) as error:
            read([path])
        assert str(path) in str(error.value)


def test_a_torn_gzip_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.idx.gz").write_bytes(gzip.compress(idx(IMAGES))[:-9])
    with pytest.raises(Unreadable, match="no whole gzip file"):
        read([tmp_path / "a.idx.gz"])
    (tmp_path / "a.idx.gz").write_bytes(idx(IMAGES))
    with pytest.raises(Unreadable, match="no whole gzip file"):
        read([tmp_path / "a.idx.gz"])


def test_two_idx_files_for_one_place_are_refused(tmp_path: Path) -> None:
    for name in ("a.idx", "b.idx"):
        (tmp_path / name).write_bytes(idx(IMAGES))
    with pytest.raises(Unreadable, match="a second file of items of all"):
        read([tmp_path])
    (tmp_path / "b.idx").write_bytes(idx(LABELS))
    (tmp_path / "a.idx").unlink()
    with pytest.raises(Unreadable, match="labels without items"):
        read([tmp_path])


def test_npz_arrays_are_found_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x_train=IMAGES, y_train=LABELS, test_images=IMAGES, test_labels=LABELS, t=np.ones(3))
    whole = read([path])
    assert set(whole.parts) == {"train", "test"}
    assert np.array_equal(whole.parts["test"].items, IMAGES[:, None])
    np.savez(path, digit=LABELS, sound=IMAGES)
    with pytest.raises(Unreadable, match="arrays digit, sound: none is called"):
        read([path])
    whole = read([path], Wishes(items="sound", labels="digit"))
    assert np.array_equal(whole.parts["all"].items, IMAGES[:, None])
    assert np.array_equal(whole.parts["all"].labels, LABELS)
    with pytest.raises(Unreadable, match="there is no array sounds; there are digit, sound"):
        read([path], Wishes(items="sounds"))


def test_colours_that_come_last_are_brought_to_the_front(tmp_path: Path) -> None:
    coloured = RANDOM.integers(0, 256, (2, 6, 7, 3), dtype=np.uint8)
    np.save(tmp_path / "a.npy", coloured)
    items = read([tmp_path / "a.npy"]).parts["all"].items
    assert np.array_equal(items, coloured.transpose(0, 3, 1, 2))
    np.save(tmp_path / "b.npy", items)
    assert np.array_equal(read([tmp_path / "b.npy"]).parts["all"].items, items)


def test_rows_of_single_numbers_grey_pictures_and_named_labels_of_arrays(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([1.5, 2.5]))
    assert read([tmp_path / "a.npy"]).parts["all"].items.tolist() == [[1.5], [2.5]]
    grey = RANDOM.integers(0, 256, (2, 6, 7, 1), dtype=np.uint8)
    np.save(tmp_path / "b.npy", grey)
    assert np.array_equal(read([tmp_path / "b.npy"]).parts["all"].items, grey.transpose(0, 3, 1, 2))
    np.savez(tmp_path / "c.npz", x=IMAGES, y=LABELS, z=LABELS + 5)
    labels = read([tmp_path / "c.npz"], Wishes(labels="z")).parts["all"].labels
    assert labels is not None
    assert labels.tolist() == [7, 5, 6]


def lying(shape: tuple[int, ...]) -> bytes:
    """An array whose head promises another shape than it has."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return file.getvalue() + b"12345678"


def test_a_broken_npz_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.array([{"a": 1}], dtype=object), y=LABELS)
    with pytest.raises(Unreadable, match="pickled objects, which are never read"):
        read([path])
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(Unreadable, match="no whole npz file"):
        read([path])
    for inside, told in ((lying((1 << 40,)), "promises"), (b"no array", "no array")):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x.npy", inside)
        with pytest.raises(Unreadable, match=told):
            read([path])
    np.save(tmp_path / "b.npy", np.array([None]), allow_pickle=True)
    with pytest.raises(Unreadable, match="pickled objects"):
        read([tmp_path / "b.npy"])


def test_what_unpacks_to_too_much_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros((100, 1000), np.uint8))
    assert (tmp_path / "a.npz").stat().st_size < 2000
    monkeypatch.setattr("models.datasets.npz.MOST_BYTES", 50_000)
    monkeypatch.setattr(np, "load", None)
    with pytest.raises(Unreadable, match="unpacks to"):
        read([tmp_path / "a.npz"])


@pytest.mark.parametrize("head", [1, 2])
def test_cifar_records_are_label_and_planes(tmp_path: Path, head: int) -> None:
    pixels = RANDOM.integers(0, 256, (4, 3, 32, 32), dtype=np.uint8)
    labels = np.array([3, 1, 9, 0], np.uint8)
    for name, chosen in (("data_batch_1.bin", [0]), ("data_batch_2.bin", [1, 2]), ("test_batch.bin", [3])):
        coarse = [b"\7"] * (head == 2)
        rows = [b"".join([*coarse, bytes([labels[row]]), pixels[row].tobytes()]) for row in chosen]
        (tmp_path / name).write_bytes(b"".join(rows))
    names = tmp_path / {1: "batches.meta.txt", 2: "fine_label_names.txt"}[head]
    names.write_text("".join(f"class{number}\n" for number in range(10)) + "\n")
    whole = read([tmp_path])
    assert np.array_equal(whole.parts["train"].items, pixels[:3])
    assert np.array_equal(whole.parts["test"].items, pixels[3:])
    assert np.array_equal(whole.parts["train"].labels, labels[:3])
    assert whole.names == tuple(f"class{number}" for number in range(10))


def test_a_broken_cifar_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "data_batch_1.bin"
    path.write_bytes(bytes(3072))
    with pytest.raises(Unreadable, match="3072 bytes are no whole number of records"):
        read([path])
    path.write_bytes(b"\x0b" + bytes(3072))
    with pytest.raises(Unreadable, match="label 11 of 10 classes"):
        read([path])
    path.write_bytes(bytes(3073))
    (tmp_path / "test.bin").write_bytes(bytes(3074))
    with pytest.raises(Unreadable, match="of CIFAR-10 and of CIFAR-100"):
        read([tmp_path])


@pytest.mark.parametrize("name", ["data_batch_1", "test_batch", "digits.pkl", "net.pt"])
def test_pickles_are_never_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    for given in ([tmp_path / name], [tmp_path]):
        with pytest.raises(Unreadable, match="is a pickle, which is never read"):
            read(given)


def picture(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def test_pictures_are_cut_to_their_middle_and_averaged(tmp_path: Path) -> None:
    wide = np.zeros((4, 8), np.uint8)
    wide[:, 2:6] = [[0, 4, 8, 16], [4, 0, 8, 16], [100, 100, 7, 7], [100, 100, 7, 7]]
    wide[:, :2] = wide[:, 6:] = 255
    picture(tmp_path / "cat/a.png", wide)
    picture(tmp_path / "ant/b.png", np.full((2, 2), 9, np.uint8))
    whole = read([tmp_path], Wishes(side=2))
    assert whole.names == ("ant", "cat")
    part = whole.parts["all"]
    assert part.items.tolist() == [[[[9, 9], [9, 9]]], [[[2, 12], [100, 7]]]]
    assert part.labels is not None
    assert part.labels.tolist() == [0, 1]


def test_tall_pictures_in_colour_keep_their_middle_the_right_way_up(tmp_path: Path) -> None:
    tall = np.zeros((6, 2, 3), np.uint8)
    tall[2:4] = [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]]
    picture(tmp_path / "a/a.PNG", tall)
    (only,) = read([tmp_path], Wishes(side=2, colour=True)).parts["all"].items
    assert only.tolist() == [[[1, 4], [7, 10]], [[2, 5], [8, 11]], [[3, 6], [9, 12]]]


def test_pictures_may_be_coloured_and_lie_by_split(tmp_path: Path) -> None:
    red = np.zeros((2, 2, 3), np.uint8)
    red[..., 0] = 200
    for split in ("train", "val", "test"):
        picture(tmp_path / split / "red/a.png", red)
    (tmp_path / "train/blue").mkdir()
    picture(tmp_path / "train/blue/b.png", red[..., ::-1].copy())
    whole = read([tmp_path], Wishes(side=1, colour=True))
    assert {split: part.items[:, :, 0, 0].tolist() for split, part in whole.parts.items()} == {
        "train": [[0, 0, 200], [200, 0, 0]],
        "valid": [[200, 0, 0]],
        "test": [[200, 0, 0]],
    }
    assert {split: part.labels.tolist() for split, part in whole.parts.items() if part.labels is not None} == {
        "train": [0, 1],
        "valid": [1],
        "test": [1],
    }


def test_pictures_that_are_none_or_too_large_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture(tmp_path / "a/a.png", np.zeros((9, 9), np.uint8))
    monkeypatch.setattr(pictures, "MOST_PIXELS", 80)
    with pytest.raises(Unreadable, match="9 x 9 pixels"):
        read([tmp_path])
    monkeypatch.undo()
    whole = (tmp_path / "a/a.png").read_bytes()
    for broken in (b"text", whole[: len(whole) // 2]):
        (tmp_path / "a/a.png").write_bytes(broken)
        with pytest.raises(Unreadable, match=r"a\.png: no picture that can be read"):
            read([tmp_path])


def test_links_in_a_folder_are_passed_over(tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere.png"
    picture(secret, np.full((2, 2), 1, np.uint8))
    root = tmp_path / "root"
    picture(root / "a/own.png", np.full((2, 2), 2, np.uint8))
    (root / "a/link.png").symlink_to(secret)
    (root / "b").symlink_to(tmp_path)
    whole = read([root], Wishes(side=1))
    assert whole.parts["all"].items.ravel().tolist() == [2]
    assert whole.names == ("a",)


def recording(path: Path, samples: np.ndarray, rate: int = 8000, width: int = 2, channels: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def tone(hertz: float, seconds: float = 1.0, rate: int = 8000) -> np.ndarray:
    return (16384 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype("<i2")


def test_a_tone_is_loudest_in_its_band(tmp_path: Path) -> None:
    recording(tmp_path / "low/a.wav", tone(400.0))
    recording(tmp_path / "mid/b.wav", tone(1600.0, 3.0))
    recording(tmp_path / "none/c.wav", np.zeros(800, "<i2"))
    whole = read([tmp_path])
    assert (whole.form, whole.channel, whole.names) == ("recordings", "sound", ("low", "mid", "none"))
    sound = whole.parts["all"].items[:, 0]
    assert sound.shape == (3, 32, 64)
    mel = 2595 * np.log10(1 + np.array([50.0, 400.0, 1600.0, 4000.0]) / 700)
    bands = (mel[1:3] - mel[0]) / (mel[3] - mel[0]) * 33 - 1
    assert np.abs(sound[:2].argmax(axis=1) - bands[:, None]).max() <= 0.75
    # A sine of amplitude 1/2 under a Hann window of n: its bin has (n/4 . 1/2)^2 / n, its neighbours a quarter each.
    size = 256
    inside = (size / 8) ** 2 / size
    assert sound[0].max() <= np.log10(1.5 * inside)
    assert sound[0].max() >= np.log10(inside / 4)
    assert np.allclose(sound[2], -6.0)


def test_bits_and_channels_of_a_recording_do_not_matter(tmp_path: Path) -> None:
    loud = tone(500.0)
    recording(tmp_path / "a/a.wav", loud)
    recording(tmp_path / "a/b.wav", np.stack([loud, loud], axis=1), channels=2)
    recording(tmp_path / "a/c.wav", (loud // 256 + 128).astype("u1"), width=1)
    plain, stereo, coarse = read([tmp_path]).parts["all"].items
    assert np.array_equal(plain, stereo)
    assert np.abs(plain - coarse)[plain > -1].max() < 0.02


def test_recordings_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    recording(tmp_path / "a/a.wav", tone(400.0))
    recording(tmp_path / "a/b.wav", tone(400.0, rate=16000), rate=16000)
    with pytest.raises(Unreadable, match="16000 Hz, others have 8000 Hz; resample"):
        read([tmp_path])
    recording(tmp_path / "a/b.wav", np.zeros(100, "<i4"), width=4)
    with pytest.raises(Unreadable, match="32 bits"):
        read([tmp_path])
    (tmp_path / "a/b.wav").write_bytes(b"RIFF")
    with pytest.raises(Unreadable, match=r"b\.wav: no wav file that can be read"):
        read([tmp_path])


def test_what_is_no_data_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="there is no such file"):
        read([tmp_path / "nothing"])
    (tmp_path / "notes.txt").write_text("x")
    for given in ([tmp_path], [tmp_path / "notes.txt"]):
        with pytest.raises(Unreadable, match="known are idx"):
            read(given)


def test_sizes_are_asked_before_anything_is_read() -> None:
    with pytest.raises(Unreadable, match=r"4\.0 GiB, at most 2 are taken"):
        parts.afford("here", (1 << 30, 4), 1)
    parts.afford("here", (1 << 30, 2), 1)
