"""What a registered data set is, and that nothing else passes for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from models.datasets import keeping
from models.datasets.parts import Part, Unreadable, Whole, assembled
from models.engine.feed import world_digest
from models.errors import Refused
from models.specs.worlds import WorldSpec, dataset
from models.specs.worlds.dataset import DatasetSpec
from models.worlds import build_world
from models.worlds.dataset import _kept

PIXELS = np.random.default_rng(0).integers(0, 256, (70, 1, 3, 3), dtype=np.uint8)
CLASSES = np.arange(70) % 5


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    before = list(dataset._folder)
    dataset.look_under(tmp_path)
    _kept.cache_clear()
    yield tmp_path
    dataset._folder[:] = before
    _kept.cache_clear()


def whole(items: np.ndarray = PIXELS, labels: np.ndarray | None = CLASSES, names: tuple[str, ...] = ()) -> Whole:
    return Whole("npz", "image", {"all": Part(items, labels)}, names)


def test_parts_that_are_missing_are_cut_by_a_fixed_permutation() -> None:
    parts = assembled(whole())
    assert {name: len(part.items) for name, part in parts.items()} == {"train": 48, "valid": 8, "test": 14}
    rows = np.concatenate([part.items for part in parts.values()])
    assert {row.tobytes() for row in rows} == {row.tobytes() for row in PIXELS}
    sorted_by_class = assembled(whole(PIXELS, np.sort(CLASSES)))
    assert sorted_by_class["test"].labels is not None
    assert len(set(sorted_by_class["test"].labels.tolist())) >= 4
    again = assembled(whole())
    assert all(np.array_equal(again[name].items, parts[name].items) for name in parts)


def test_parts_that_are_there_stay_as_they_are() -> None:
    given = {"train": Part(PIXELS[:40]), "valid": Part(PIXELS[40:50]), "test": Part(PIXELS[50:])}
    parts = assembled(Whole("npz", "image", given))
    assert all(np.array_equal(parts[name].items, given[name].items) for name in given)
    halved = assembled(Whole("npz", "image", {"train": Part(PIXELS[:42]), "test": Part(PIXELS[42:])}))
    assert [len(halved[name].items) for name in ("train", "valid", "test")] == [36, 6, 28]


BAD = {
    "not finite": (np.where(PIXELS > 9, np.inf, PIXELS), CLASSES, "not finite"),
    "complex": (PIXELS.astype(np.complex64), CLASSES, "type complex64"),
    "labels too few": (PIXELS, CLASSES[:-1], "70 items but 69 labels"),
    "labels below zero": (PIXELS, CLASSES - 1, "classes -1 to 3"),
    "labels too many": (PIXELS, CLASSES * 10_000, "number them from 0"),
    "labels of two": (PIXELS, np.stack([CLASSES, CLASSES], 1), "one class an item"),
    "items too few": (PIXELS[:9], CLASSES[:9], "too few to set aside"),
    "nothing": (PIXELS[:0], CLASSES[:0], "0 items"),
}


@pytest.mark.parametrize(("items", "labels", "told"), BAD.values(), ids=BAD)
def test_what_is_no_data_set_is_told(items: np.ndarray, labels: np.ndarray, told: str) -> None:
    with pytest.raises(Unreadable, match=told):
        assembled(whole(items, labels))


def test_parts_that_do_not_fit_together_are_told() -> None:
    with pytest.raises(Unreadable, match=r"items of test: uint8 \[1, 2, 3\], in train uint8 \[1, 3, 3\]"):
        assembled(Whole("npz", "image", {"train": Part(PIXELS), "test": Part(PIXELS[:, :, 1:])}))
    with pytest.raises(Unreadable, match="give labels for all parts or for none"):
        assembled(Whole("npz", "image", {"train": Part(PIXELS, CLASSES), "test": Part(PIXELS)}))
    with pytest.raises(Unreadable, match="a train and a test part"):
        assembled(Whole("npz", "image", {"test": Part(PIXELS)}))


def test_a_registered_set_is_shown_item_by_item(folder: Path) -> None:
    entry = keeping.register(folder, "faces", whole(names=("a", "b", "c", "d", "e", "f")), "CC0")
    assert (entry.content.classes, entry.content.shape, entry.licence) == (6, (1, 3, 3), "CC0")
    assert dataset.registered("faces") == entry
    source = DatasetSpec.model_validate({"kind": "dataset", "name": "faces"})
    parts = assembled(whole())
    for split in ("train", "valid", "test"):
        world = build_world(source, split)
        index = torch.tensor([[3, 0], [7, 3]])
        channels, label, factors = world.sample(torch.tensor([0, 9]), index)
        expected = torch.from_numpy(parts[split].items)[index].unsqueeze(2) / 255.0
        assert torch.equal(channels["image"], expected)
        assert label is not None
        assert torch.equal(label[:, :, 0], torch.from_numpy(parts[split].labels)[index])
        assert factors == {}


def test_a_large_set_is_shown_as_a_small_one_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keeping.register(folder, "some", whole())
    world, index = DatasetSpec(kind="dataset", name="some"), torch.arange(9)[None]
    small = build_world(world, "train").sample(torch.tensor([0]), index)[0]["image"]
    _kept.cache_clear()
    monkeypatch.setattr("models.worlds.dataset._FEW", 0)
    large = build_world(world, "train")
    assert large._items.dtype == torch.uint8
    assert torch.equal(large.sample(torch.tensor([0]), index)[0]["image"], small)


def test_a_set_may_be_as_long_as_its_numbers(folder: Path) -> None:
    pixels = np.arange(200_000, dtype=np.uint8).reshape(500, 1, 20, 20)
    content = keeping.register(folder, "long", Whole("npz", "image", {"all": Part(pixels)})).content
    assert {split: len(part.items) for split, part in keeping.load(folder, content).items()} == {
        "train": 343,
        "valid": 57,
        "test": 100,
    }


def test_labels_may_be_numbers_or_missing(folder: Path) -> None:
    numbers = np.stack([CLASSES, CLASSES / 2], 1)
    keeping.register(folder, "angles", whole(PIXELS.astype(np.float64) / 7, numbers))
    keeping.register(folder, "one", whole(PIXELS, numbers[:, 1]))
    keeping.register(folder, "bare", whole(PIXELS, None))
    shown = {}
    for name, width in (("angles", 2), ("one", 1), ("bare", None)):
        source = DatasetSpec.model_validate({"kind": "dataset", "name": name})
        known = source.facts().label
        assert (known and known.width) == width
        shown[name] = build_world(source, "train").sample(torch.tensor([0]), torch.arange(3)[None])
    assert shown["bare"][1] is None
    assert shown["angles"][1] is not None
    assert shown["angles"][1].shape == (1, 3, 1, 2)
    assert shown["one"][1] is not None
    assert shown["one"][1].tolist() == shown["angles"][1][..., 1].tolist()
    items = assembled(whole(PIXELS.astype(np.float64) / 7))["train"].items[:3]
    assert torch.equal(shown["angles"][0]["image"][0, :, 0], torch.from_numpy(items))


def test_a_name_keeps_its_content_unless_told_otherwise(folder: Path) -> None:
    first = keeping.register(folder, "faces", whole())
    assert keeping.register(folder, "faces", whole()) == first
    other = whole(PIXELS[::-1].copy())
    with pytest.raises(Unreadable, match="registered already, with other content"):
        keeping.register(folder, "faces", other)
    second = keeping.register(folder, "faces", other, replace=True)
    assert second.content.digest != first.content.digest
    assert keeping.load(folder, first.content)["train"].items.shape == (48, 1, 3, 3)


def test_content_stays_as_long_as_a_name_stands_for_it(folder: Path) -> None:
    digest = keeping.register(folder, "one", whole()).content.digest
    keeping.register(folder, "two", whole())
    assert keeping.remove(folder, "one")
    assert (folder / f"{digest}.npz").exists()
    assert keeping.remove(folder, "two")
    assert list(folder.iterdir()) == []
    assert not keeping.remove(folder, "two")


def test_the_digest_is_of_everything_and_of_nothing_else(folder: Path) -> None:
    def digest(items: np.ndarray = PIXELS, labels: np.ndarray | None = CLASSES) -> str:
        return keeping.register(folder, "x", whole(items, labels), replace=True).content.digest

    changed = PIXELS.copy()
    changed[3, 0, 1, 1] ^= 1
    relabelled = CLASSES.copy()
    relabelled[0] = 3
    every = [digest(), digest(changed), digest(PIXELS, relabelled), digest(PIXELS, None), digest(PIXELS.astype(float))]
    assert len(set(every)) == len(every)
    assert digest() == digest(PIXELS, CLASSES.astype(np.uint8)) == every[0]


def broken(path: Path, how: str) -> None:
    with np.load(path) as kept:
        arrays = {name: kept[name] for name in kept.files}
    match how:
        case "one pixel":
            arrays["test_items"][0, 0, 0, 0] ^= 1
        case "one label":
            arrays["valid_labels"][0] = (arrays["valid_labels"][0] + 1) % 5
        case "a missing split":
            del arrays["test_items"]
        case "more than was registered":
            arrays["more"] = np.zeros(1 << 20)
    np.savez(path, **arrays)
    if how == "torn":
        path.write_bytes(path.read_bytes()[:-40])
    if how == "gone":
        path.unlink()


@pytest.mark.parametrize(
    "how", ["one pixel", "one label", "a missing split", "more than was registered", "torn", "gone"]
)
def test_a_changed_file_never_passes(folder: Path, how: str) -> None:
    content = keeping.register(folder, "faces", whole()).content
    broken(folder / f"{content.digest}.npz", how)
    with pytest.raises(Unreadable, match="register the data set again"):
        keeping.load(folder, content)
    with pytest.raises(Refused, match="E38"):
        build_world(DatasetSpec.model_validate({"kind": "dataset", "name": "faces"}), "train")


def test_a_broken_entry_is_told(folder: Path) -> None:
    keeping.register(folder, "faces", whole())
    (folder / "faces.json").write_text("{}")
    with pytest.raises(ValueError, match="the entry of data set faces cannot be read"):
        dataset.registered("faces")
    (folder / "faces.json").write_bytes(b" " * (dataset.MANIFEST_BYTES + 1))
    with pytest.raises(ValueError, match="larger than"):
        dataset.registered("faces")


def test_the_digest_is_part_of_every_address(folder: Path) -> None:
    def spec() -> WorldSpec:
        return WorldSpec.model_validate({"source": {"kind": "dataset", "name": "faces"}}, strict=False)

    keeping.register(folder, "faces", whole())
    first = spec()
    keeping.register(folder, "faces", whole(PIXELS[::-1].copy()), replace=True)
    second = spec()
    assert first.source != second.source
    assert world_digest(first) != world_digest(second)
    kept = json.loads(first.model_dump_json())
    assert WorldSpec.model_validate(kept, strict=False) == first
