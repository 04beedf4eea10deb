"""What a file of values carries along, so that it can be understood and repeated without the service.

The document, the arms with the hashes of theirs, how every life ended, what every series means, the trajectories with
their numerics class and the hash of their last state, and the versions that wrote it.
"""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from service.api import job_views
from service.api.stage_ends import fixed_ends
from service.store import jobs, snapshots
from service.store.listing import listed
from service.store.path import ArmPath

PACKAGES = ("ontogeny", "numpy", "pyarrow")


def provenance(db: sa.Connection, row: Mapping[str, Any], paths: Sequence[ArmPath]) -> dict[str, Any]:
    """Of a job and those of its arms that are written."""
    job = row["id"]
    chosen = {path.arm for path in paths}
    arms = [arm for arm in jobs.arms_of(db, job) if arm["idx"] in chosen]
    steps = [step for step in jobs.steps_of(db, job) if step["arm"] in chosen]
    ended = [end for end in jobs.transitions_of(db, job) if end["arm"] in chosen]
    named = {arm["idx"]: arm["probe_names"] for arm in arms}
    return {
        "job": job_views.line(row),
        "document": row["document"],
        "arms": [
            {"arm": arm["idx"], **{name: arm[name] for name in ("name", "labels", "document_hash")}} for arm in arms
        ],
        "transitions": job_views.transitions(ended, named) + fixed_ends(steps, ended),
        "series": [{name: each[name] for name in ("name", "unit", "meaning")} for each in listed(db, paths)],
        "trajectories": _trajectories(steps, snapshots.of_job(db, job)),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Of what writes files."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):  # ours may run from a checkout
            found[name] = importlib.metadata.version(name)
    return found


def _trajectories(steps: Sequence[Mapping[str, Any]], kept: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    last = {row["trajectory"]: row for row in kept if row["complete"]}
    found = {}
    for step in steps:
        name = step["trajectory"]
        if name is not None and name not in found:
            state = last.get(name)
            about = {"trajectory": name, "key": step["key"], "seeds": step["lives"], "reached": step["reached"]}
            stands = {} if state is None else {"state_hash": state["state_hash"], "state_at": state["at_offset"]}
            found[name] = about | {"numerics": step["numerics"]} | stands
    return list(found.values())
