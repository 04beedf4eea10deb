"""Settings of the command line itself: address and key, in a file of the user or of the folder.

A flag counts first, then ONTOGENY_URL and ONTOGENY_KEY, then `ontogeny.toml` in this folder or, if there is none, the
user's file.
"""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Annotated

import typer

from service.cli.output import Form, Output, complain, say, show_rows

app = typer.Typer(help="Show and set the address and the key that the command line uses.", no_args_is_help=True)

NAMES = ("url", "key")
HERE = Path("ontogeny.toml")

Name = Annotated[str, typer.Argument(help="url or key")]


def user_file() -> Path:
    """The user's own file."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "ontogeny" / "config.toml"


def read(file: Path) -> dict[str, str]:
    """What a file sets; ValueError if it cannot be read as one of ours."""
    if not file.is_file():
        return {}
    try:
        found = tomllib.loads(file.read_text())
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file}: {error}") from error
    unknown = sorted(found.keys() - set(NAMES))
    if unknown or not all(isinstance(value, str) for value in found.values()):
        raise ValueError(f'{file}: {unknown[0] if unknown else "a value"} is none of {", ".join(NAMES)} = "text"')
    return dict(found)


def resolved(name: str) -> tuple[str, str] | None:
    """A setting and the file it comes from; flags and environment are looked at before this.

    The first file that sets anything is the only one: a folder of somebody else must not be able to send the user's key
    to an address of its own.
    """
    for file in (HERE, user_file()):
        found = read(file)
        if found:
            return (found[name], str(file)) if name in found else None
    return None


@app.command("get")
def get(
    name: Annotated[str | None, typer.Argument(help="url or key; both if left out.")] = None,
    output: Output = Form.TABLE,
) -> None:
    """Show settings and where they come from; of a key only its id."""
    rows = []
    for each in NAMES if name is None else (_known(name),):
        given = os.environ.get(f"ONTOGENY_{each.upper()}")
        value, source = (given, "environment") if given else resolved(each) or ("", "")
        rows.append({"id": each, "name": each, "value": _shown(each, value), "from": source})
    show_rows(rows, ("name", "value", "from"), output)


@app.command("set")
def set_(
    name: Name,
    value: Annotated[str, typer.Argument(help="Its value; - asks for it, so that no history keeps it.")],
    here: Annotated[bool, typer.Option("--here", help="In ontogeny.toml of this folder, not for the user.")] = False,
) -> None:
    """Set the address or the key; the file is readable by its owner only."""
    _known(name)
    if value == "-":
        value = typer.prompt(name, hide_input=name == "key")
    if name == "url" and not value.startswith(("http://", "https://")):
        complain(f"{value!r} is no address; write http://HOST:PORT")
        raise typer.Exit(2)
    file = HERE if here else user_file()
    values = {**read(file), name: value}
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".tmp")
    draft.touch(mode=0o600)
    draft.write_text("".join(f"{each} = {json.dumps(text)}\n" for each, text in sorted(values.items())))
    draft.replace(file)
    say(f"{name} is set in {file}")


def _known(name: str) -> str:
    if name not in NAMES:
        complain(f"there is no setting {name!r}; there are {', '.join(NAMES)}")
        raise typer.Exit(2)
    return name


def _shown(name: str, value: str) -> str:
    """A key by its id alone; the secret after it may itself hold what parts the two."""
    if name != "key" or not value:
        return value
    kind, _, rest = value.partition("_")
    key_id, found, _ = rest.partition("_")
    return f"{kind}_{key_id}_..." if found else "..."
