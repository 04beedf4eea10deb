"""What a job is made of: its document, its arms, a stored cohort; and the examples to start from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import typer
import yaml

from service.cli.jobs import JobName, find
from service.cli.output import Form, Output, client, say, show_rows

DocumentForm = Literal["submitted", "canonical", "resolved"]


def document(
    context: typer.Context,
    job: JobName,
    form: Annotated[
        DocumentForm, typer.Option(help="submitted, canonical (defaults filled in), or resolved: as one arm lives it")
    ] = "submitted",
    arm: Annotated[int, typer.Option(help="Index of the arm, of the resolved form.", min=0)] = 0,
    output: Annotated[Form, typer.Option("-o", "--output", help="yaml or json")] = Form.YAML,
) -> None:
    """Print a job's document, as it can be submitted again: `ontogeny document @last > mine.yaml`."""
    if output not in (Form.YAML, Form.JSON):
        raise ValueError(f"a document is yaml or json, not {output.value}")
    found: dict[str, Any] = find(client(context), job).document(form, arm)
    if output is Form.JSON:
        sys.stdout.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        sys.stdout.write(yaml.safe_dump(found, sort_keys=False, allow_unicode=True))


def arms(context: typer.Context, job: JobName, output: Output = Form.TABLE) -> None:
    """List a job's arms with their indices, names and labels."""
    show_rows(find(client(context), job).arms(), ("index", "name", "labels"), output)


def snapshot(
    context: typer.Context,
    snapshot: Annotated[str, typer.Argument(help="An id that `ontogeny snapshots JOB` lists.", metavar="SNAPSHOT")],
    output: Annotated[Path, typer.Option("-o", "--output", help="FILE.safetensors, all of it; or .png, .json")],
    area: Annotated[str | None, typer.Option(help="Of .png and .json: the area whose weights from a sense.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of .png and .json: the life; the first if left out.")] = None,
) -> None:
    """Write a stored cohort to a file: whole, or the weights from a sense to one area as a picture or as numbers."""
    service, where = client(context), f"/v1/snapshots/{snapshot}"
    if output.suffix == ".safetensors":
        service.download(f"{where}/file", output)
    elif output.suffix in (".png", ".json"):
        if area is None:
            raise ValueError(f"name the area whose weights are wanted: --area; {output.suffix} shows those of one")
        asked = {"area": area, "format": output.suffix.removeprefix("."), "units": 1024}
        service.download(f"{where}/pictures", output, params=asked if seed is None else asked | {"seed": seed})
    else:
        raise ValueError(f"cannot tell the format from {output.name!r}; end it in .safetensors, .png or .json")
    say(f"{output} written, {output.stat().st_size:,} bytes")


def examples(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="One of them: it is printed, with its comments.")] = None,
    output: Output = Form.TABLE,
) -> None:
    """List documents to start from, or print one: `ontogeny examples quickstart > mine.yaml`."""
    service = client(context)
    if name is not None:
        sys.stdout.write(service.example_text(name))
        return
    rows = service.get("/v1/examples")["items"]
    show_rows(({**row, "id": row["name"]} for row in rows), ("name", "kind"), output)


COMMANDS = (document, arms, snapshot, examples)
