"""What can be sent that is wrong, and what each got: `python -m benchmarks.inputs [--quick]`.

Every input goes to an application with an empty database of its own, on which one job has been submitted. What is
required of each is an answer of a status and a code, with words and, for a document, with the place of the mistake.
"""

from __future__ import annotations

import asyncio
import copy
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import structlog

from benchmarks.chaos.load import document as sound
from benchmarks.report import start
from service.app import create_app
from service.settings import Settings
from service.store import access
from service.store.engine import migrate

JSON, YAML = "application/json", "application/yaml"
JOBS = "/v1/jobs"
Document = dict[str, Any]


@dataclass(frozen=True)
class Input:
    """One request and the answer that is required; `{job}` in a path is the job that is there."""

    sent: str
    status: int
    code: str
    method: str = "POST"
    path: str = JOBS
    body: bytes | Document | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Got:
    """What an input got."""

    given: Input
    status: int
    code: str
    told: str
    """The first mistake: place and words; else the detail."""

    @property
    def ok(self) -> bool:
        """Whether it is what is required."""
        return (self.status, self.code) == (self.given.status, self.given.code) and bool(self.told)


def document(change: Callable[[Document], object]) -> Document:
    """A sound document, changed."""
    changed = copy.deepcopy(sound(1, 10))
    change(changed)
    return changed


def _edit(path: str, value: Any) -> Document:
    """A sound document with another value at a place; `...` takes it away."""

    def change(found: Document) -> None:
        *before, last = path.split("/")
        place: Any = found
        for name in before:
            place = place[int(name) if name.isdigit() else name]
        if value is ...:
            del place[last]
        else:
            place[last] = value

    return document(change)


def bodies() -> Iterator[Input]:
    """Bodies that are no document."""
    text = json.dumps(sound(1, 10))
    json_, yaml_ = {"Content-Type": JSON}, {"Content-Type": YAML}
    anchors = b"a: &a [x]\nb: *a\n"
    unreadable: dict[str, tuple[bytes, Mapping[str, str]]] = {
        "nothing": (b"", json_),
        "half an object": (b'{"document": ', json_),
        "a list": (b"[]", json_),
        "a number": (b"7", json_),
        "bytes that are no UTF-8": (b"\xff\xfe\x00", yaml_),
        "a YAML list": (b"- 1\n", yaml_),
        "a YAML anchor and alias": (anchors, yaml_),
        "a YAML bomb": (b"a: &a [x, x]\n" + b"b: &b [*a, *a, *a, *a]\n" * 9, yaml_),
        "a YAML tag that builds an object": (b"a: !!python/object/apply:os.system [id]\n", yaml_),
        "a YAML key twice": (b"a: 1\na: 2\n", yaml_),
        "a JSON key twice": (b'{"name": "a", "name": "b"}', json_),
        "NaN": (text.replace("0.002", "NaN").encode(), json_),
        "1e999": (text.replace("0.002", "1e999").encode(), json_),
        "100 000 brackets": (b"[" * 100_000, json_),
        "30 000 nodes": (json.dumps({"document": {"notes": [0] * 30_000}}).encode(), json_),
        "a number of 5000 digits": (b'{"priority": ' + b"9" * 5000 + b"}", json_),
        "a NUL in a text": (b'{"name": "a\\u0000b"}', json_),
    }
    for sent, (body, headers) in unreadable.items():
        yield Input(sent, 400, "malformed", body=body, headers=headers)
    yield Input("2 MiB", 413, "too-large", body=b'{"name": "' + b"x" * 2**21 + b'"}', headers=json_)
    yield Input("text/plain", 415, "unsupported-media-type", body=b"{}", headers={"Content-Type": "text/plain"})
    yield Input("a pickle", 415, "unsupported-media-type", body=b"\x80\x04K\x01.", headers={"Content-Type": "a/pickle"})


def documents() -> Iterator[Input]:
    """Documents that cannot run."""
    wrong = {
        "a misspelt member": _edit("stages/0/cost", {}),
        "a member of a future version": _edit("ontogeny", "9"),
        "no stages": _edit("stages", []),
        "no organism": _edit("organism", ...),
        "an unknown kind of area": _edit("organism/areas/hidden/kind", "quantum"),
        "an area of size 0": _edit("organism/areas/hidden/size", 0),
        "a size in words": _edit("organism/areas/hidden/size", "many"),
        "an area of 10 million units": _edit("organism/areas/hidden/size", 10_000_000),
        "a cost at an area that is not there": _edit("costs/naming/at", "placo"),
        "a stage in a world that is not there": _edit("stages/0/world", "scool"),
        "a world that is a path": _edit("worlds/school/source", "../../etc/passwd"),
        "a world that is a URL": _edit("worlds/school/source", "http://evil.example/x"),
        "a stage that never ends": _edit("stages/0/until", ...),
        "a trigger without a limit": _edit("stages/3/limit", ...),
        "a trigger on a probe that is not there": _edit("stages/3/until/criterion/probe", "none"),
        "a negative duration": _edit("stages/0/until/after", "-5ba"),
        "a duration of 5000 digits": _edit("stages/0/until/after", "9" * 5000 + "ba"),
        "a weight as text": _edit("stages/0/costs/naming", "1.0"),
        "a name of 10 000 characters": _edit("name", "x" * 10_000),
        "seeds below 0": _edit("seeds/start", -1),
        "two stages of one name": _edit("stages/1/name", "s0"),
    }
    for sent, given in wrong.items():
        yield Input(sent, 422, "invalid-schedule", body=given)
    yield Input("10 000 lives for ever", 422, "too-costly", body=_edit("stages/0/until/after", "9000000000ba"))
    yield Input("a size of 2**63", 400, "malformed", body=_edit("organism/areas/hidden/size", 2**63))


def members() -> Iterator[Input]:
    """Members beside the document, verbs and headers."""
    good = sound(2, 10)
    beside: dict[str, dict[str, Any]] = {
        "an unknown member": {"nmae": "x"},
        "a name that is a number": {"name": 5},
        "a label that is a number": {"labels": {"a": 5}},
        "a priority in words": {"priority": "high"},
        "a priority of 100 000": {"priority": 100_000},
        "a document that is a text": {"document": "x"},
    }
    for sent, more in beside.items():
        yield Input(sent, 422, "invalid-body", body={"document": good, **more})
    job = "/v1/jobs/{job}"
    yield Input("retry of a job that runs", 409, "invalid-transition", path=f"{job}/retry", body={})
    yield Input("delete of a job that runs", 409, "invalid-transition", "DELETE", job)
    yield Input("a patch with an unknown member", 422, "invalid-body", "PATCH", job, {"status": "succeeded"})
    yield Input("a patch of an old version", 412, "stale", "PATCH", job, {"name": "x"}, {"If-Match": '"999"'})
    yield Input("a fork at no age", 422, "invalid-body", path=f"{job}/fork", body={})
    yield Input("a verb that is none", 404, "not-found", path=f"{job}/explode")
    yield Input("a method that is none", 405, "method-not-allowed", "PUT", JOBS)
    yield Input("a media type nobody has", 406, "not-acceptable", "GET", f"{job}/history", headers={"Accept": "a/b"})


def addresses() -> Iterator[Input]:
    """Paths and parameters."""
    for sent, path, code in (
        ("a NUL in the query", f"{JOBS}?q=%00", "bad-parameter"),
        ("a NUL in the path", f"{JOBS}/job_%00", "bad-parameter"),
        ("a limit of 0", f"{JOBS}?limit=0", "bad-parameter"),
        ("a limit in words", f"{JOBS}?limit=all", "bad-parameter"),
        ("a state that is none", f"{JOBS}?status=tired", "bad-parameter"),
        ("a time in words", f"{JOBS}?created_after=yesterday", "bad-parameter"),
        ("a label without a value", f"{JOBS}?label=a", "bad-parameter"),
        ("a cursor of other signs", f"{JOBS}?cursor=%F0%9F%90%8D", "cursor-mismatch"),
        ("an arm of 30 digits", f"{JOBS}/{{job}}/history?arm={'9' * 30}", "bad-parameter"),
        ("an x that is none", f"{JOBS}/{{job}}/history?x=weight", "bad-parameter"),
        ("a bound in words", f"{JOBS}/{{job}}/history?from=soon", "bad-parameter"),
        ("0 points", f"{JOBS}/{{job}}/history?points=0", "bad-parameter"),
    ):
        yield Input(sent, 400, code, "GET", path)
    for sent, path in (
        ("a job that is not there", f"{JOBS}/job_nobody"),
        ("a path as a job", f"{JOBS}/..%2f..%2fetc%2fpasswd"),
        ("a path as an example", "/v1/examples/..%2f..%2fpyproject"),
        ("a path as a snapshot", "/v1/snapshots/..%2fontogeny.db/file"),
        ("an address that is none", "/v1/nothing"),
        ("SQL as a job", f"{JOBS}/x'%20or%201=1--"),
    ):
        yield Input(sent, 404, "not-found", "GET", path)


def strangers() -> Iterator[Input]:
    """Callers who may not."""
    good = sound(3, 10)
    yield Input("another Host", 421, "unknown-host", "GET", JOBS, headers={"Host": "evil.example"})
    yield Input("another Origin", 403, "forbidden-origin", body=good, headers={"Origin": "http://evil.example"})
    yield Input("no key", 401, "unauthenticated", "GET", JOBS, headers={"Authorization": ""})
    yield Input("half a key", 401, "unauthenticated", "GET", JOBS, headers={"Authorization": "Bearer ont_x"})
    yield Input("a key of the basic kind", 401, "unauthenticated", "GET", JOBS, headers={"Authorization": "Basic eDp5"})
    yield Input("a key without the scope", 403, "forbidden-scope", body=good, headers={"Authorization": "{reader}"})
    again = {"Idempotency-Key": "once"}
    yield Input("a key of a request with another body", 422, "idempotency-key-reused", body=good, headers=again)


INPUTS = (*bodies(), *documents(), *members(), *addresses(), *strangers())


async def tried(inputs: tuple[Input, ...] = INPUTS) -> list[Got]:
    """What each got."""
    with tempfile.TemporaryDirectory(prefix="ontogeny-inputs-") as home:
        settings = Settings(home=Path(home))
        migrate(settings.database_url)
        app = create_app(settings)
        keys = {scope: _key(app.state.database, scope) for scope in (("read",), access.SCOPES)}
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {keys[access.SCOPES]}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8714", headers=headers) as client:
            made = await client.post(JOBS, json=sound(0, 10), headers={"Idempotency-Key": "once"})
            names = {"job": made.json()["id"], "reader": f"Bearer {keys['read',]}"}
            got = [await _ask(client, each, names) for each in inputs]
            left = (await client.get(JOBS)).json()["items"]
        app.state.database.close()
    assert [each["id"] for each in left] == [names["job"]], "what is refused leaves nothing behind"
    return got


def _key(database: Any, scopes: Any) -> str:
    with database.write() as db:
        return access.create_key(db, database.now(db), access.NewKey("inputs", scopes))[1]


async def _ask(client: httpx.AsyncClient, given: Input, names: Mapping[str, str]) -> Got:
    headers = {name: value.format(**names) if value.startswith("{") else value for name, value in given.headers.items()}
    how: dict[str, Any] = {"content": given.body} if isinstance(given.body, bytes) else {"json": given.body}
    how = {} if given.body is None else how
    answer = await client.request(given.method, given.path.replace("{job}", names["job"]), headers=headers, **how)
    try:
        problem = answer.json()
    except ValueError:
        return Got(given, answer.status_code, "", "")
    faults = problem.get("errors") or [{}]
    place, words = faults[0].get("pointer", ""), faults[0].get("message") or problem.get("detail", "")
    return Got(given, answer.status_code, problem.get("code", ""), f"{place} {words}".strip())


def main() -> int:
    """Run it."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=sys.stderr))
    report = start("inputs")
    got = asyncio.run(tried())
    print("| sent | got | with the words |\n|---|---|---|")
    for each in got:
        told = each.told.replace("|", "\\|").replace("\n", " ")
        print(f"| {each.given.sent} | {each.status} `{each.code}` | {told[:110]}{'...' if len(told) > 110 else ''} |")
        if not each.ok:
            print(f"OTHERWISE THAN REQUIRED: {each.given.status} {each.given.code}: {each.told}")
    print()
    report.add("inputs_tried", len(got), "inputs", ">= 80")
    report.add("inputs_answered_5xx", sum(each.status >= 500 for each in got), "inputs", "== 0")
    report.add("inputs_answered_otherwise", sum(not each.ok for each in got), "inputs", "== 0")
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
