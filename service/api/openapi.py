"""The OpenAPI document: what FastAPI writes, with our errors, our bodies, keys, and links from answers to questions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from service.wire.problem import PROBLEM_JSON, Problem

Data = dict[str, Any]

_SCHEMAS = "#/components/schemas/{model}"
_OPEN = ("/health", "/metrics", "/openapi.json")
_OF_JOB = {
    "show_v1_jobs__job__get": "job",
    "change_v1_jobs__job__patch": "job",
    "delete_v1_jobs__job__delete": "job",
    "cancel_v1_jobs__job__cancel_post": "job",
    "pause_v1_jobs__job__pause_post": "job",
    "resume_v1_jobs__job__resume_post": "job",
    "retry_v1_jobs__job__retry_post": "job",
    "fork_v1_jobs__job__fork_post": "job",
    "extend_v1_jobs__job__extend_post": "job",
    "document_v1_jobs__job__document_get": "job",
    "plan_v1_jobs__job__plan_get": "job",
    "arms_v1_jobs__job__arms_get": "job",
    "lives_v1_jobs__job__lives_get": "job",
    "list_events_v1_jobs__job__events_get": "job",
    "stream_v1_jobs__job__events_stream_get": "job",
    "series_v1_jobs__job__series_get": "job",
    "history_v1_jobs__job__history_get": "job",
    "list_snapshots_v1_jobs__job__snapshots_get": "job",
}
_OF_SNAPSHOT = {
    "show_v1_snapshots__snapshot__get": "snapshot",
    "file_v1_snapshots__snapshot__file_get": "snapshot",
    "pictures_v1_snapshots__snapshot__pictures_get": "snapshot",
}
_OF_KEY = {"show_v1_keys__key__get": "key", "revoke_v1_keys__key__delete": "key"}
LINKS: dict[tuple[str, str, str], tuple[dict[str, str], str]] = {
    ("/v1/jobs", "post", "201"): (_OF_JOB, "/id"),
    ("/v1/jobs/{job}/fork", "post", "201"): (_OF_JOB, "/id"),
    ("/v1/jobs/{job}/extend", "post", "201"): (_OF_JOB, "/id"),
    ("/v1/jobs/{job}/retry", "post", "201"): (_OF_JOB, "/id"),
    ("/v1/jobs", "get", "200"): (_OF_JOB, "/items/0/id"),
    ("/v1/jobs/{job}/snapshots", "get", "200"): (_OF_SNAPSHOT, "/items/0/id"),
    ("/v1/keys", "post", "201"): (_OF_KEY, "/id"),
}
"""(path, method, status) -> the operations that can be asked about what the answer made, and where its id stands."""


def describe(app: FastAPI) -> None:
    """Let the app answer with this document."""

    def document() -> Data:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI) -> Data:
    whole = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas = whole["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template=_SCHEMAS)
    schemas |= problem.pop("$defs", {}) | {"Problem": problem}
    whole["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "`ont_...`; on loopback, while no key exists, none."}
    }
    for path, method, operation in _operations(whole):
        _tell_errors(operation, method)
        _hoist(operation, schemas)
        if not path.startswith(_OPEN):
            operation["security"] = [{"key": []}]
    _link(whole)
    return whole


def _operations(whole: Data) -> Iterator[tuple[str, str, Data]]:
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _tell_errors(operation: Data, method: str) -> None:
    """Every error is a problem; FastAPI's own shape is never sent."""
    answers = operation["responses"]
    if "HTTPValidationError" in str(answers.get("422")):
        del answers["422"]
    schema = {"$ref": _SCHEMAS.format(model="Problem")}
    answers["default"] = {"description": "A problem (RFC 9457).", "content": {PROBLEM_JSON: {"schema": schema}}}
    if method == "get":
        answers.setdefault("304", {"description": "Nothing has changed since the tag in `If-None-Match`."})


def _hoist(node: Any, schemas: Data) -> None:
    """Move definitions that a body brings along to where its references look for them."""
    if isinstance(node, dict):
        schemas |= node.pop("$defs", {})
    parts = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for part in parts:
        _hoist(part, schemas)


def _link(whole: Data) -> None:
    known = {operation["operationId"] for _, _, operation in _operations(whole)}
    for (path, method, status), (targets, place) in LINKS.items():
        links = {
            target: {"operationId": target, "parameters": {parameter: f"$response.body#{place}"}}
            for target, parameter in targets.items()
        }
        unknown = links.keys() - known
        if unknown:
            raise LookupError(f"no operation is called {sorted(unknown)[0]}")
        whole["paths"][path][method]["responses"][status]["links"] = links
