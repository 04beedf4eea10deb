"""From the files that an operator names to what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.datasets.cifar import read_cifar
from models.datasets.idx import is_idx, read_idx
from models.datasets.npz import read_npy, read_npz
from models.datasets.parts import Unreadable, Whole
from models.datasets.pictures import ENDINGS as PICTURES
from models.datasets.pictures import read_pictures
from models.datasets.recordings import ENDINGS as RECORDINGS
from models.datasets.recordings import read_recordings

_PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".joblib")
_FORMS = "idx (also gzipped), npz, npy, CIFAR's binary batches, a folder of pictures or of wav files by class"


@dataclass(frozen=True)
class Wishes:
    """How files are to be read where they leave a choice."""

    items: str | None = None
    """Array of an npz file that holds the items."""
    labels: str | None = None
    """Array of an npz file that holds the labels."""
    side: int = 32
    """Height and width that pictures are brought to, in pixels."""
    colour: bool = False


def read(paths: Sequence[Path], wishes: Wishes | None = None) -> Whole:
    """What files or one folder hold; Unreadable if they hold no data set."""
    wishes = wishes or Wishes()
    for path in paths:
        if not path.exists():
            raise Unreadable(path, "there is no such file", "name one that is there")
    if len(paths) == 1 and paths[0].is_dir():
        return _folder(paths[0], wishes)
    return _files(paths, wishes)


def _folder(root: Path, wishes: Wishes) -> Whole:
    """A folder of files of one format, or of classes."""
    files = sorted(path for path in root.iterdir() if path.is_file() and not path.is_symlink())
    data = [path for path in files if is_idx(path) or path.suffix in (".npz", ".npy", ".bin")]
    if data:
        return _files(data, wishes)
    endings = {path.suffix.lower() for depth in ("*/*", "*/*/*") for path in root.glob(depth)}
    if endings & set(PICTURES):
        return read_pictures(root, wishes.side, colour=wishes.colour)
    if endings & set(RECORDINGS):
        return read_recordings(root)
    for path in files:
        _refuse_pickle(path)
    raise Unreadable(root, "holds no files that are known", f"known are {_FORMS}")


def _files(paths: Sequence[Path], wishes: Wishes) -> Whole:
    for path in paths:
        _refuse_pickle(path)
    if all(is_idx(path) for path in paths):
        return read_idx(paths)
    if all(path.suffix == ".bin" for path in paths):
        return read_cifar(paths)
    if len(paths) == 1 and paths[0].suffix == ".npz":
        return read_npz(paths[0], wishes.items, wishes.labels)
    if len(paths) == 1 and paths[0].suffix == ".npy":
        return read_npy(paths[0])
    raise Unreadable(", ".join(path.name for path in paths), "no format that is known", f"known are {_FORMS}")


def _refuse_pickle(path: Path) -> None:
    """The python batches of CIFAR among them: reading a pickle would run what is in it."""
    batch = path.name.startswith(("data_batch", "test_batch")) and not path.suffix
    if batch or path.suffix in _PICKLES:
        remedy = "get the binary version of CIFAR" if batch else "write the arrays with numpy.savez"
        raise Unreadable(path, "is a pickle, which is never read", remedy)
