"""The binary batches of CIFAR-10 and CIFAR-100."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.datasets.parts import Array, Part, Unreadable, Whole, afford

_PIXELS = 3 * 32 * 32
_FORMS = {1: 10, 2: 100}
"""Bytes of labels before the pixels (of two the second is the fine one) -> classes."""


def read_cifar(paths: Sequence[Path]) -> Whole:
    """Records of label and 3 x 32 x 32 pixels; files called test... are test, the others train, by their names."""
    read = {path: _records(path) for path in sorted(paths)}
    forms = {labels for labels, _ in read.values()}
    if len(forms) > 1:
        raise Unreadable(paths[0].parent, "files of CIFAR-10 and of CIFAR-100", "give those of one of them")
    (form,) = forms
    parts = {}
    for split in ("train", "test"):
        chosen = [records for path, (_, records) in read.items() if path.name.startswith("test") is (split == "test")]
        if chosen:
            records = np.concatenate(chosen)
            parts[split] = Part(records[:, form:].reshape(-1, 3, 32, 32), _labels(split, records[:, form - 1], form))
    if set(parts) == {"train"}:
        parts = {"all": parts["train"]}
    return Whole("cifar", "image", parts, _names(paths[0].parent, form))


def _records(path: Path) -> tuple[int, Array]:
    size = path.stat().st_size
    forms = [labels for labels in _FORMS if size and size % (labels + _PIXELS) == 0]
    if len(forms) != 1:
        wanted = " or ".join(str(labels + _PIXELS) for labels in _FORMS)
        raise Unreadable(path, f"{size} bytes are no whole number of records of {wanted} bytes", "get the file again")
    (form,) = forms
    afford(path, (size,), 1)
    return form, np.fromfile(path, np.uint8).reshape(-1, form + _PIXELS)


def _labels(split: str, labels: Array, form: int) -> Array:
    if int(labels.max()) >= _FORMS[form]:
        raise Unreadable(split, f"label {labels.max()} of {_FORMS[form]} classes", "get the files again")
    return labels


def _names(place: Path, form: int) -> tuple[str, ...]:
    """Of the classes, if their file lies beside."""
    path = place / {1: "batches.meta.txt", 2: "fine_label_names.txt"}[form]
    if not path.is_file() or path.stat().st_size > 1 << 16:
        return ()
    return tuple(line.strip() for line in path.read_text("utf-8").splitlines() if line.strip())
