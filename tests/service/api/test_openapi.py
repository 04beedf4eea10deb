"""The whole OpenAPI document, put to the proof: no request whatever ends in a 5xx, errors are problems, answers fit.

`ONTOGENY_TEST_EXAMPLES` makes it longer: so many requests for every operation, and so many walks along the links.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import schemathesis
from build import tiny_schedule
from direct import Direct
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as how
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from simulated import Bench, Clock

from service.app import create_app
from service.settings import Settings
from service.store import access
from service.store.engine import migrate
from service.wire.problem import PROBLEM_JSON, PROBLEMS

EXAMPLES = int(os.environ.get("ONTOGENY_TEST_EXAMPLES", "8"))
HOST = "testserver"
CHECKS = (not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance)
SETTINGS = how(
    max_examples=EXAMPLES,
    stateful_step_count=6,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


def built(home: Path) -> FastAPI:
    return create_app(Settings(home=home, allowed_hosts=(HOST,), stream_seconds=0.2, requests_per_minute=10**6))


def operations() -> list[Any]:
    """Every operation with requests as the document says, and, where it takes anything, with others."""
    with tempfile.TemporaryDirectory() as home:
        paths = built(Path(home)).openapi()["paths"]
    return [
        pytest.param(path, method, mode, id=f"{method} {path} {mode.name.lower()}")
        for path, methods in paths.items()
        for method, operation in methods.items()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        if mode is GenerationMode.POSITIVE or operation.keys() & {"parameters", "requestBody"}
    ]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    home = tmp_path_factory.mktemp("contract")
    migrate(Settings(home=home).database_url)
    return built(home)


@pytest.fixture(scope="module")
def bearer(app: FastAPI) -> dict[str, str]:
    """A key that may do everything."""
    with app.state.database.write() as db:
        new = access.NewKey("fuzz", access.SCOPES)
        _, key = access.create_key(db, app.state.database.now(db), new)
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture(scope="module")
def known(app: FastAPI, bearer: dict[str, str]) -> dict[str, list[str]]:
    """Ids of what there is: jobs in several states, their snapshots, a key."""
    client = httpx.Client(transport=Direct(app), base_url=f"http://{HOST}", headers=bearer)
    bench = Bench(app.state.database, Clock())
    jobs = []
    for place, verb in enumerate((None, "cancel", "pause", None)):
        document = tiny_schedule(seeds={"start": place * 10, "count": 2})
        jobs.append(client.post("/v1/jobs", json={"document": document}).json()["id"])
        if place == 0:
            bench.run()
        if verb:
            client.post(f"/v1/jobs/{jobs[-1]}/{verb}")
    snapshots = client.get(f"/v1/jobs/{jobs[0]}/snapshots").json()["items"]
    key = client.post("/v1/keys", json={"name": "another"}).json()["id"]
    return {"job": jobs, "snapshot": [row["id"] for row in snapshots], "key": [key], "name": ["quickstart"]}


@pytest.fixture(scope="module")
def schema(app: FastAPI) -> Any:
    return schemathesis.openapi.from_asgi("/openapi.json", app)


def proved(case: Any, headers: dict[str, str]) -> None:
    """Send a request and look at the answer."""
    answer = case.call(headers=headers)
    case.validate_response(answer, checks=CHECKS)
    if answer.status_code >= 400:
        problem = orjson.loads(answer.content)
        assert answer.headers["content-type"] == [PROBLEM_JSON]
        assert PROBLEMS[problem["code"]][0] == problem["status"] == answer.status_code
        assert problem["detail"]


@pytest.mark.parametrize(("path", "method", "mode"), operations())
def test_every_request_is_answered_as_the_document_says(
    schema: Any, bearer: dict[str, str], known: dict[str, list[str]], path: str, method: str, mode: Any
) -> None:
    @SETTINGS
    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        for name, ids in known.items():
            given = (case.path_parameters or {}).get(name)
            if given is not None:  # every second time, something that is there
                number = hashlib.sha256(repr(given).encode()).digest()[0]
                case.path_parameters[name] = ids[number // 2 % len(ids)] if number % 2 else given
        proved(case, bearer)

    ask()


def test_what_an_answer_links_to_can_be_asked(schema: Any, bearer: dict[str, str]) -> None:
    machine: Any = schema.as_state_machine()

    class Walk(machine):  # type: ignore[misc]
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": bearer}

        def validate_response(self, response: Any, case: Any, **more: Any) -> None:
            case.validate_response(response, checks=CHECKS)

    run_state_machine_as_test(Walk, settings=SETTINGS)  # type: ignore[no-untyped-call]


def test_the_proof_fails_where_something_breaks(
    schema: Any, bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr("service.store.quotas.usage", broken)
    with pytest.raises(Exception, match=r"ours|[Ss]erver error"):
        proved(schema["/v1/me"]["get"].Case(), bearer)
