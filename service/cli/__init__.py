"""The command `ontogeny`: data on stdout, progress on stderr, exit codes that scripts can use.

0 ok, 1 error, 2 usage, 3 not found, 4 authentication, 5 conflict, 6 unreachable, 7 document refused;
watching: 0 succeeded, 10 failed, 11 cancelled, 12 paused, 130 interrupted.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from models.errors import Malformed
from service.cli import (
    backups,
    catalogue,
    comparing,
    config,
    data,
    doctor,
    documents,
    envelopes,
    figures,
    fleet,
    histories,
    jobs,
    keys,
    machine,
    outcomes,
    parts,
    searches,
    verbs,
)
from service.cli.output import complain
from service.client import ApiError, Unreachable
from service.figures.files import NoPicture

_EXIT_BY_STATUS = {400: 2, 401: 4, 403: 4, 404: 3, 409: 5, 412: 5, 422: 7, 413: 7}

app = typer.Typer(
    name="ontogeny",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Development as data: schedules of cost functions, grown.",
)


def _configured(name: str) -> str | None:
    found = config.resolved(name)
    return None if found is None else found[0]


@app.callback()
def _settings(
    context: typer.Context,
    url: Annotated[str | None, typer.Option(envvar="ONTOGENY_URL", help="Address of the service.")] = None,
    key: Annotated[str | None, typer.Option(envvar="ONTOGENY_KEY", help="API key.", show_envvar=True)] = None,
) -> None:
    context.obj = (url or _configured("url"), key or _configured("key"))


_ABOUT_DOCUMENTS = (catalogue, documents, envelopes)
_ABOUT_JOBS = (jobs, parts, verbs, histories, figures, outcomes, comparing)
for room in (machine, backups, doctor, *_ABOUT_DOCUMENTS, *_ABOUT_JOBS):
    for command in room.COMMANDS:
        app.command(context_settings={"help_option_names": ["-h", "--help"]})(command)

app.add_typer(keys.app, name="keys")
app.add_typer(data.app, name="data")
app.add_typer(config.app, name="config")
app.add_typer(fleet.app, name="fleet")
app.add_typer(searches.app, name="searches")


def main() -> None:
    """Run the command line; every known trouble becomes one message and an exit code."""
    try:
        app()
    except ApiError as error:
        complain(str(error))
        if error.status == 401:
            complain("give the key in ONTOGENY_KEY, or keep it: `ontogeny config set key -`")
        sys.exit(7 if error.code == "malformed" else _EXIT_BY_STATUS.get(error.status, 1))
    except Malformed as error:
        complain(str(error))
        sys.exit(7)
    except Unreachable as error:
        complain(str(error))
        sys.exit(6)
    except NoPicture as error:
        complain(str(error))
        sys.exit(1)
    except (FileNotFoundError, IsADirectoryError, ValueError) as error:
        complain(str(error))
        sys.exit(2)
