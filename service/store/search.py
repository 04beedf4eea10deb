"""Jobs found by what is known of them: name, labels, state, document, members in use, times; searches that are kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from models.specs.members import Use, read_use
from service.errors import NotFound
from service.store.rows import Row, fetch, fetch_one, insert_for
from service.store.tables.search import member_use, saved_search
from service.store.tables.work import arm, job

Condition = sa.ColumnElement[bool]
NOT_LISTED = ("document", "warnings")


def list_page(
    db: sa.Connection,
    project: str,
    filters: Mapping[str, Any] | None = None,
    *,
    before: str | None = None,
    limit: int = 50,
    ascending: bool = False,
) -> list[Row]:
    """Rows of jobs without documents, newest first; `before` is the last id of the page before.

    Filters, each of which may be missing: `status` (any of several), `label` (all of several `key:value`), `uses` (all
    of several `family/kind@place`), `name`, `document` (the beginning of a hash: the job's, or that of one of its
    arms), `kind`, `parent`, `q` (part of name or notes), and `created_after`, `created_before`, `finished_after`,
    `finished_before` (epoch seconds).
    """
    columns = [column for column in job.c if column.name not in NOT_LISTED]
    query = sa.select(*columns).where(job.c.project == project, *_conditions(filters or {}))
    if before is not None:
        query = query.where(job.c.id > before if ascending else job.c.id < before)
    return fetch(db, query.order_by(job.c.id.asc() if ascending else job.c.id.desc()).limit(limit))


def _conditions(filters: Mapping[str, Any]) -> list[Condition]:
    return [CONDITIONS[name](value) for name, value in filters.items() if value not in (None, [], "")]


def _using(use: Use) -> sa.Select[tuple[str]]:
    """Jobs that use a member; its empty parts stand for any."""
    asked = [member_use.c[name] == part for name, part in asdict(use).items() if part]
    return sa.select(member_use.c.job).where(*asked)


def _living_by(beginning: str) -> sa.Select[tuple[str]]:
    """Jobs with an arm whose document's hash begins so."""
    return sa.select(arm.c.job).where(_begins(arm.c.document_hash, beginning))


def _begins(column: sa.ColumnElement[str], beginning: str) -> Condition:
    """A range, which an index finds; no digit of a hash comes after g, whatever the collation."""
    return sa.and_(column >= beginning, column < beginning + "g")


def _labelled(text: str) -> Condition:
    key, _, value = text.partition(":")
    stored: sa.ColumnElement[str] = job.c.labels[key].as_string()
    return stored == value


def _told(part: str) -> Condition:
    """Jobs with these letters in their name or notes."""
    return sa.or_(*(column.icontains(part, autoescape=True) for column in (job.c.name, job.c.notes)))


def _of_document(beginning: str) -> Condition:
    return sa.or_(_begins(job.c.document_hash, beginning), job.c.id.in_(_living_by(beginning)))


CONDITIONS: Mapping[str, Callable[[Any], Condition]] = {
    "status": job.c.status.in_,
    "label": lambda pairs: sa.and_(*map(_labelled, pairs)),
    "uses": lambda members: sa.and_(*(job.c.id.in_(_using(read_use(text))) for text in members)),
    "name": job.c.name.__eq__,
    "document": _of_document,
    "kind": job.c.kind.__eq__,
    "parent": job.c.parent.__eq__,
    "q": _told,
    "created_after": job.c.created_at.__gt__,
    "created_before": job.c.created_at.__lt__,
    "finished_after": job.c.finished_at.__gt__,
    "finished_before": job.c.finished_at.__lt__,
}
"""What each filter demands of a job."""


def remember_uses(db: sa.Connection, job_id: str, uses: Collection[Use]) -> None:
    """Store which members a new job uses."""
    if uses:
        db.execute(sa.insert(member_use), [{"job": job_id, **asdict(use)} for use in sorted(uses)])


# ---- searches that are kept


def save(db: sa.Connection, now: float, project: str, name: str, filters: Mapping[str, Any], by: str | None) -> bool:
    """Keep a search under a name, in the place of one that has it; whether the name is new."""
    known = _saved(db, project, name) is not None
    row = {"filter": dict(filters), "created_by": by, "saved_at": now}
    insert = insert_for(db)(saved_search).values(project=project, name=name, **row)
    db.execute(insert.on_conflict_do_update(index_elements=["project", "name"], set_=row))
    return not known


def saved(db: sa.Connection, project: str, name: str) -> Row:
    """A kept search; NotFound if there is none."""
    row = _saved(db, project, name)
    if row is None:
        raise NotFound(f"there is no search {name!r}; `/v1/searches` lists them")
    return row


def list_saved(db: sa.Connection, project: str) -> list[Row]:
    """All kept searches of a project, by name."""
    query = sa.select(saved_search).where(saved_search.c.project == project)
    return fetch(db, query.order_by(saved_search.c.name))


def forget(db: sa.Connection, project: str, name: str) -> None:
    """Keep a search no longer; NotFound if there is none."""
    saved(db, project, name)
    db.execute(sa.delete(saved_search).where(saved_search.c.project == project, saved_search.c.name == name))


def _saved(db: sa.Connection, project: str, name: str) -> Row | None:
    query = sa.select(saved_search).where(saved_search.c.project == project, saved_search.c.name == name)
    return fetch_one(db, query)
