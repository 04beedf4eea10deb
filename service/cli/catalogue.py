"""What may be asked for, as the service tells it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from service.cli.options import options
from service.cli.output import Form, Output, client, complain, out, show_one, show_rows

Data = dict[str, Any]


def catalogue(
    context: typer.Context,
    family: Annotated[str | None, typer.Argument(help="costs, rules, areas, worlds, ...; all if left out.")] = None,
    kind: Annotated[str | None, typer.Argument(help="One member: its page.")] = None,
    output: Output = Form.TABLE,
) -> None:
    """Show what may be asked for: families, the members of one, or a member's formula, options and source."""
    answer = client(context).catalogue(family, kind)
    if kind is not None:
        if output is Form.TABLE:
            _page(answer)
        else:
            show_one(answer, output)
        return
    if output is Form.ID:
        complain("members have no ids; -o jsonl tells all there is, one a line")
        raise typer.Exit(2)
    rows = [each for item in answer["items"] for each in (item["kinds"] if family is None else [item])]
    if family is None:
        named = [item["family"] for item in answer["items"] for _ in item["kinds"]]
        rows = [{"family": name, **row} for name, row in zip(named, rows, strict=True)]
    show_rows(rows, ("family", "kind", "summary"), output)


def _page(member: Data) -> None:
    """What a member's page says, and its options with their defaults."""
    out.print(f"{member['family']} {member['kind']}", style="bold", markup=False)
    out.print(member["summary"], markup=False)
    for title, text in member["sections"].items():
        out.print(f"\n{title}", style="bold", markup=False)
        out.print("\n".join(f"    {line}" for line in text.splitlines()), markup=False)
    out.print("\nOptions", style="bold")
    show_rows(options(member["schema"]), ("option", "takes", "default", "meaning"), Form.TABLE)


COMMANDS = (catalogue,)
