"""How the command line speaks: tables for people, JSON, JSON lines, CSV, YAML and ids for programs."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import orjson
import typer
import yaml
from rich.console import Console
from rich.table import Table

from service.client import Client

out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 240)
err = Console(stderr=True, highlight=False)


class Form(StrEnum):
    """Forms of output."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    YAML = "yaml"
    ID = "id"


Output = Annotated[Form, typer.Option("-o", "--output", help="table, json, jsonl, csv, yaml or id")]


def client(context: typer.Context) -> Client:
    """The client of this call's settings."""
    url, key = context.obj
    return Client(url, key)


def complain(message: str) -> None:
    """An error for a person, on stderr."""
    err.print(message, style="red", markup=False)


def say(message: str) -> None:
    """Progress for a person, on stderr."""
    err.print(message, markup=False)


def label_of(text: str) -> tuple[str, str]:
    """Key and value of `key:value`; a usage error for what is none."""
    key, found, value = text.partition(":")
    if not found or not key:
        complain(f"a label is key:value, such as set:pilot; not {text!r}")
        raise typer.Exit(2)
    return key, value


def show_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], form: Form) -> None:
    """Rows in the form asked for; tables and CSV show the columns named, the others all there is."""
    items = list(rows)
    match form:
        case Form.JSON:
            _write(orjson.dumps(items, option=orjson.OPT_INDENT_2))
        case Form.JSONL:
            _write(b"\n".join(map(orjson.dumps, items)))
        case Form.YAML:
            _write(yaml.safe_dump(items, sort_keys=False).encode())
        case Form.ID:
            if any("id" not in item for item in items):
                raise ValueError("these have no ids; -o jsonl tells all there is, one a line")
            _write("\n".join(str(item["id"]) for item in items).encode())
        case Form.CSV:
            writer = csv.writer(sys.stdout)
            writer.writerows([columns, *([_cell(item, column) for column in columns] for item in items)])
        case _:
            _show_table(items, columns)


def _show_table(items: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        whole = any(column in item for item in items)
        table.add_column(column if whole else column.rpartition(".")[2])
    for item in items:
        table.add_row(*(_cell(item, column) for column in columns))
    out.print(table)
    if not items:
        say("none")


def show_one(item: Mapping[str, Any], form: Form) -> None:
    """One object in the form asked for; as a table, one member a line."""
    if form in (Form.TABLE, Form.CSV):
        rows = [
            {"member": key, "value": _plain(value)} for key, value in item.items() if value not in (None, "", [], {})
        ]
        show_rows(rows, ("member", "value"), form)
    elif form is Form.JSON:
        _write(orjson.dumps(item, option=orjson.OPT_INDENT_2))
    elif form is Form.YAML:
        _write(yaml.safe_dump(dict(item), sort_keys=False).encode())
    else:
        show_rows([item], (), form)


def _cell(item: Mapping[str, Any], column: str) -> str:
    if column in item:
        return _plain(item[column])
    value: Any = item
    for step in column.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return _plain(value)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping) and all(not isinstance(part, (list, dict)) for part in value.values()):
        return " ".join(f"{key}={_plain(part)}" for key, part in value.items())
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _write(data: bytes) -> None:
    text = data.decode().rstrip("\n")
    sys.stdout.write(f"{text}\n" if text else "")
