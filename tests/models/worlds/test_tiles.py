"""What is kept of worlds changes no bits and has a bound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.protocols import Shown
from models.worlds import tiles
from models.worlds.tiles import Tiles

rendered: list[int] = []


def render(index: Tensor) -> Shown:
    """Items that say their index: in a channel of pixels, a channel of numbers, a label and a factor."""
    rendered.extend(index[0].tolist())
    number = index[..., None]
    pixels = (number % 256).to(torch.float32)[..., None].expand(-1, -1, -1, 64) / 255.0
    return {"retina": pixels, "x": number.to(torch.float32)}, number % 7, {"place": number.to(torch.float32) / 3}


@pytest.fixture(autouse=True)
def nothing_kept(tmp_path: Path) -> Iterator[None]:
    tiles._kept.clear()
    rendered.clear()
    tiles.keep_files_under(tmp_path / "worlds")
    yield
    tiles._kept.clear()
    tiles._folder.clear()


INDEX = torch.tensor([[0, 9000, 4095, 4096], [12, 4096, 0, 2**41 + 5]])


def test_an_item_comes_back_as_it_was_rendered() -> None:
    channels, label, factors = Tiles("w", render, ["retina"]).sample(INDEX)
    assert torch.equal(channels["x"][..., 0], INDEX.to(torch.float32))
    assert torch.equal(channels["retina"], render(INDEX)[0]["retina"])
    assert label is not None
    assert torch.equal(label[..., 0], INDEX % 7)
    assert torch.equal(factors["place"][..., 0], INDEX / 3)


def test_an_item_is_rendered_once() -> None:
    Tiles("w", render, ["retina"]).sample(INDEX)
    Tiles("w", render, ["retina"]).sample(INDEX.flip(1))
    assert sorted(rendered) == sorted(set(INDEX.flatten().tolist()))
    Tiles("v", render, ["retina"]).sample(INDEX[:, :1])
    assert rendered[-2:] == [0, 12]


def test_items_of_one_piece_of_work_are_rendered_together() -> None:
    store = Tiles("w", render, ["retina"], together=4)
    channels, _, _ = store.sample(torch.tensor([[5, 12]]))
    assert channels["x"].flatten().tolist() == [5.0, 12.0]
    assert rendered == [4, 5, 6, 7, 12, 13, 14, 15]
    store.sample(torch.tensor([[6, 15]]))
    assert len(rendered) == 8


def test_pixels_take_a_byte_each_in_256_steps() -> None:
    def half(index: Tensor) -> Shown:
        return {"retina": torch.full((1, index.shape[1], 1), 0.5)}, None, {}

    channels, label, _ = Tiles("h", half, ["retina"]).sample(torch.tensor([[3]]))
    assert channels["retina"].item() == torch.tensor(128 / 255).item()
    assert label is None
    assert next(iter(tiles._kept.values())).bytes == 1


def test_tiles_unused_for_longest_are_forgotten_and_come_back_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tiles, "MEMORY_BYTES", 200)
    store = Tiles("w", render, ["retina"])
    first = store.sample(INDEX[:1])
    assert sum(tile.bytes for tile in tiles._kept.values()) <= 200
    assert list(tiles._kept)[-1][1] == 9000 // 4096
    again = store.sample(INDEX[:1])
    assert torch.equal(first[0]["x"], again[0]["x"])
    assert len(rendered) > len(set(rendered))


def test_a_finite_world_larger_than_memory_is_kept_in_files_that_others_read(monkeypatch: pytest.MonkeyPatch) -> None:
    index = torch.arange(4600)[None]
    plain = Tiles("w", render, ["retina"], 5000).sample(index)
    tiles._kept.clear()
    monkeypatch.setattr(tiles, "MEMORY_BYTES", 1000)
    filed = Tiles("w", render, ["retina"], 5000).sample(index)
    assert not tiles._kept
    assert len(list(tiles._folder[0].iterdir())) == 2
    rendered.clear()
    read = Tiles("w", render, ["retina"], 5000).sample(index[:, 1:])
    assert len(rendered) <= 1
    for name in ("retina", "x"):
        assert torch.equal(plain[0][name], filed[0][name])
        assert torch.equal(plain[0][name][:, 1:], read[0][name])
    assert torch.equal(plain[2]["place"], filed[2]["place"])


def test_an_endless_world_is_never_kept_in_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "MEMORY_BYTES", 1)
    Tiles("w", render, ["retina"]).sample(INDEX)
    assert not tiles._folder[0].exists()


def test_a_process_that_named_no_folder_has_one_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    tiles._folder.clear()
    monkeypatch.setattr(tiles, "MEMORY_BYTES", 1)
    Tiles("w", render, ["retina"], 3).sample(torch.tensor([[0, 2]]))
    assert tiles._folder[0].is_dir()
    assert tiles._folder[0].stat().st_mode & 0o077 == 0


def test_a_second_writer_of_a_file_leaves_the_first() -> None:
    folder = tiles._files() / "tile"
    tiles._write(folder, {"x": torch.tensor([1])})
    tiles._write(folder, {"x": torch.tensor([1])})
    assert [path.name for path in tiles._files().iterdir()] == ["tile"]
