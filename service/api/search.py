"""Jobs found over HTTP by what is known of them, and searches that are kept under a name."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from service.api import job_views
from service.api.answers import json_answer, tagged
from service.api.bodies import body_fault, json_body, optional_body, validated
from service.api.dependencies import Cursor, Limit, RawBody, Reader, Store, Submitter
from service.api.pages import page_of
from service.store import search
from service.store.rows import Row
from service.wire.jobs import JobLine, LabelPair, Status
from service.wire.paging import Page, read_cursor, write_cursor
from service.wire.search import DocumentHash, JobFilter, MemberUse, Moment, SearchName, SearchView
from service.wire.times import rfc3339

router = APIRouter(prefix="/v1", tags=["jobs"])

_STATUSES = frozenset(get_args(Status))
Conditions = dict[str, Any]
Name = Annotated[SearchName, Path(description="Name of a search that is kept.")]


def _asked(  # noqa: PLR0913 - every condition is a parameter of the query
    status: Annotated[str | None, Query(description="One or more, by commas.")] = None,
    label: Annotated[list[LabelPair], Query(max_length=64, description="k:v; all must hold.")] = [],  # noqa: B006 - read only
    uses: Annotated[
        list[MemberUse],
        Query(max_length=16, description="Members in use: costs/denoise@V1, worlds/digits; all must be."),
    ] = [],  # noqa: B006 - read only
    name: Annotated[str | None, Query(max_length=200, description="The whole name.")] = None,
    document: Annotated[DocumentHash | None, Query(description="Beginning of a hash: the job's, or an arm's.")] = None,
    kind: Literal["schedule", "study"] | None = None,
    parent: str | None = None,
    q: Annotated[str | None, Query(max_length=200, description="Part of the name or the notes.")] = None,
    created_after: Moment | None = None,
    created_before: Moment | None = None,
    finished_after: Moment | None = None,
    finished_before: Moment | None = None,
) -> Conditions:
    """Conditions of the query, as the store takes them."""
    given: Conditions = {"name": name, "document": document, "kind": kind, "parent": parent, "q": q}
    given |= {"status": sorted(_listed(status)), "label": sorted(label), "uses": sorted(uses)}
    times = {"created_after": created_after, "created_before": created_before}
    times |= {"finished_after": finished_after, "finished_before": finished_before}
    return {name: each for name, each in given.items() if each} | {
        name: moment.timestamp() for name, moment in times.items() if moment is not None
    }


def _listed(statuses: str | None) -> set[str]:
    chosen = {each.strip() for each in statuses.split(",")} if statuses else set()
    unknown = sorted(chosen - _STATUSES)
    if unknown:
        message = f"unknown status {unknown[0]!r}; they are {', '.join(sorted(_STATUSES))}"
        raise body_fault(("query", "status"), "status", message, statuses)
    return chosen


@router.get("/jobs", responses={200: {"model": Page[JobLine]}})
def list_jobs(  # noqa: PLR0913 - every condition is a parameter of the query
    request: Request,
    caller: Reader,
    store: Store,
    limit: Limit,
    asked: Annotated[Conditions, Depends(_asked)],
    cursor: Cursor = None,
    saved: Annotated[
        SearchName | None, Query(alias="search", description="A kept search; what else is given goes before it.")
    ] = None,
    sort: Literal["-created_at", "created_at"] = "-created_at",
) -> Response:
    """Jobs of the project for which every condition holds, newest first; nothing that needs a second look-up."""
    with store.read() as db:
        kept = {} if saved is None else _filter(search.saved(db, caller.project, saved)).conditions()
        filters = kept | asked
        place = {**filters, "sort": sort}
        before, ascending = read_cursor(cursor, place), sort == "created_at"
        rows = search.list_page(db, caller.project, filters, before=before, limit=limit + 1, ascending=ascending)
    following = write_cursor(rows[limit - 1]["id"], place) if len(rows) > limit else None
    page = {"items": [job_views.line(row) for row in rows[:limit]], "next": following}
    headers = {}
    if following:
        headers["Link"] = f'<{request.url.include_query_params(cursor=following)}>; rel="next"'
    return tagged(request, page, **headers)


# ---- searches that are kept


@router.get("/searches", responses={200: {"model": Page[SearchView]}})
def list_searches(request: Request, caller: Reader, store: Store, limit: Limit, cursor: Cursor = None) -> Response:
    """Kept searches of the project, by name."""
    with store.read() as db:
        rows = [_view(row) for row in search.list_saved(db, caller.project)]
    return page_of(request, rows, lambda row: [row["name"]], limit, cursor)


@router.get("/searches/{name}", responses={200: {"model": SearchView}})
def show_search(name: Name, request: Request, caller: Reader, store: Store) -> Response:
    """One kept search."""
    with store.read() as db:
        return tagged(request, _view(search.saved(db, caller.project, name)))


_SAVED: dict[int | str, dict[str, Any]] = {
    200: {"model": SearchView, "description": "Put in the place of one that had the name"},
    201: {"model": SearchView},
}


@router.put("/searches/{name}", status_code=201, responses=_SAVED, openapi_extra=json_body(JobFilter))
def save_search(name: Name, body: RawBody, caller: Submitter, store: Store) -> Response:
    """Keep conditions under a name, for everybody in the project; `GET /v1/jobs?search=` finds by them."""
    given = optional_body(JobFilter, body)
    with store.write() as db:
        filters = given.model_dump(mode="json", exclude_none=True)
        new = search.save(db, store.now(db), caller.project, name, filters, caller.key)
        view = _view(search.saved(db, caller.project, name))
    return json_answer(view, 201 if new else 200, headers={"Location": f"/v1/searches/{name}"} if new else None)


@router.delete("/searches/{name}", status_code=204)
def forget_search(name: Name, caller: Submitter, store: Store) -> Response:
    """Keep a search no longer; the jobs it finds stay."""
    with store.write() as db:
        search.forget(db, caller.project, name)
    return Response(status_code=204)


def _filter(row: Row) -> JobFilter:
    return validated(JobFilter, row["filter"])


def _view(row: Row) -> dict[str, Any]:
    links = {"self": f"/v1/searches/{row['name']}", "jobs": f"/v1/jobs?search={row['name']}"}
    told = {name: row[name] for name in ("name", "filter", "created_by")}
    return {**told, "saved_at": rfc3339(row["saved_at"]), "links": links}
