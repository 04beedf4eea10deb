"""Data sets of the operator, on the machine that holds them: `ontogeny data add|list|check|rm`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from models.specs.base import Name
from models.specs.worlds import dataset
from service.cli.output import Form, Output, complain, say, show_rows
from service.settings import Settings

app = typer.Typer(help="Register, list, check and remove data sets.", no_args_is_help=True)

_NAME: TypeAdapter[str] = TypeAdapter(Name)
Given = Annotated[str, typer.Argument(help="As documents name it: source: {kind: dataset, name: NAME}.")]


def _folder() -> Path:
    folder = Settings().data_folder
    dataset.look_under(folder)
    return folder


@app.command()
def add(
    name: Given,
    files: Annotated[list[Path], typer.Argument(help="Files of one format, or one folder.")],
    items: Annotated[str | None, typer.Option(help="Of an npz file: the array of items.")] = None,
    labels: Annotated[str | None, typer.Option(help="Of an npz file: the array of labels.")] = None,
    side: Annotated[int, typer.Option(help="Of pictures: height and width, in pixels.", min=1, max=1024)] = 32,
    colour: Annotated[bool, typer.Option("--colour", help="Of pictures: three channels instead of one.")] = False,
    licence: Annotated[str, typer.Option(help="Under which it may be used, and whom to name.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Where the name stands for something else.")] = False,
) -> None:
    """Read files, check them, and keep what they hold under a name.

    Formats: idx (also gzipped), npz, npy, CIFAR's binary batches, a folder of pictures or of wav files with a
    sub-folder for each class. Nothing is unpickled. Train, valid and test are taken as the files have them; a missing
    valid is every seventh item of train, a missing test every fifth of all, by a fixed permutation.
    """
    from models.datasets.keeping import register  # noqa: PLC0415 - the other commands read no data
    from models.datasets.reading import Wishes, read  # noqa: PLC0415

    try:
        _NAME.validate_python(name)
    except ValidationError as error:
        raise ValueError(f"{name!r} is no name: a letter, then letters, digits, '-' and '_', at most 64") from error
    whole = read(files, Wishes(items, labels, side, colour))
    entry = register(_folder(), name, whole, licence, replace=replace)
    show_rows([row(entry)], COLUMNS, Form.TABLE)


@app.command("list")
def list_(output: Output = Form.TABLE) -> None:
    """List the data sets that documents may name."""
    _folder()
    found = [dataset.registered(name) for name in dataset.names()]
    show_rows([row(entry) for entry in found if entry is not None], COLUMNS, output)


@app.command()
def check(name: Given) -> None:
    """Read a data set again and compare it with its digest."""
    from models.datasets.keeping import load  # noqa: PLC0415

    folder = _folder()
    load(folder, _entry(name).content)
    say(f"{name} is what was registered")


@app.command()
def rm(name: Given) -> None:
    """Forget a data set. Jobs that still train on it will fail, and can be retried once it is registered again."""
    from models.datasets.keeping import remove  # noqa: PLC0415

    folder = _folder()
    _entry(name)
    remove(folder, name)
    say(f"{name} is gone")


COLUMNS = ("name", "form", "channel", "shape", "classes", "train", "valid", "test", "bytes", "digest", "licence")


def row(entry: dataset.Registered) -> dict[str, object]:
    """An entry as a row of the table."""
    content = entry.content
    told = {"name": entry.name, "form": entry.form, "channel": content.channel, "shape": list(content.shape)}
    about = {"classes": content.classes, **content.sizes.model_dump(), "bytes": entry.bytes}
    return {**told, **about, "digest": content.digest[:12], "licence": entry.licence}


def _entry(name: str) -> dataset.Registered:
    entry = dataset.registered(name)
    if entry is None:
        complain(f"there is no data set {name!r}; there are: {', '.join(dataset.names()) or 'none'}")
        raise typer.Exit(3)
    return entry
