"""Searches that are kept: `ontogeny searches list|rm`; `ontogeny list --save NAME` keeps one."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli.output import Form, Output, client, show_rows

app = typer.Typer(help="List and remove kept searches; `ontogeny list --save NAME` keeps one.", no_args_is_help=True)


@app.command("list")
def list_(context: typer.Context, output: Output = Form.TABLE) -> None:
    """List kept searches with their conditions."""
    show_rows(client(context).searches(), ("name", "filter", "saved_at"), output)


@app.command()
def rm(context: typer.Context, name: Annotated[str, typer.Argument(help="Its name.", metavar="NAME")]) -> None:
    """Keep a search no longer; the jobs it finds stay."""
    client(context).forget_search(name)
