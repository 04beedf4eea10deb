"""Rows of a job as the API tells them: line, whole view, arms, lives, transitions, plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from service.lifecycle import ALLOWED, TERMINAL, LifeStatus, life_counts
from service.store import events, jobs
from service.wire.times import rfc3339

Data = dict[str, Any]
Row = Mapping[str, Any]

RATE_EVENTS = 200
RATE_SECONDS = 60.0
_PLAIN = (
    "id", "kind", "name", "notes", "labels", "project", "priority", "document_hash", "created_by", "status", "desired",
    "reason", "arms", "parent", "relation", "parent_age_sp",
    "error", "version", "numerics",
)  # fmt: skip


def line(row: Row) -> Data:
    """A job in a list, from its own row alone."""
    times = {name: rfc3339(row[name]) for name in ("created_at", "started_at", "finished_at")}
    return {
        **{name: row[name] for name in _PLAIN},
        "seeds": len(row["seeds"]),
        "progress": _progress(row, None),
        **times,
        "links": links(row["id"]),
    }


def view(db: sa.Connection, now: float, row: Row) -> Data:
    """A job with its lives, what is being trained now, how fast it goes and which verbs it obeys."""
    steps = jobs.steps_of(db, row["id"])
    ended = jobs.transitions_of(db, row["id"])
    lives = [life["status"] for life in lives_of(steps, ended)]
    rate = None if row["status"] in TERMINAL else _updates_per_second(db, row)
    return {
        **line(row),
        "progress": _progress(row, rate),
        "lives": life_counts(lives),
        "now": list(_now(steps, now)),
        "warnings": row["warnings"],
        "allowed": list(ALLOWED[row["status"]]),
    }


def links(job: str) -> Data:
    """Where what belongs to a job is found."""
    here = f"/v1/jobs/{job}"
    parts = (
        "document",
        "plan",
        "arms",
        "lives",
        "transitions",
        "events",
        "series",
        "history",
        "snapshots",
        "outcomes",
        "contrasts",
    )
    return {"self": here, **{part: f"{here}/{part}" for part in parts}, "stream": f"{here}/events/stream"}


def _progress(row: Row, rate: float | None) -> Data:
    done, total = row["updates_done"], row["updates_total"]
    left = total - done if row["status"] == "running" else None
    share = 1.0 if row["status"] == "succeeded" else done / total if total else 0.0
    return {
        "updates_done": done,
        "updates_total": total,
        "total_is": row["total_is"],
        "updates_reused": row["updates_reused"],
        "fraction": round(min(1.0, share), 4),
        "updates_per_s": rate and round(rate, 1),
        "eta_s": round(left / rate) if left is not None and rate else None,
        "committed_at": rfc3339(row["committed_at"]),
    }


def _updates_per_second(db: sa.Connection, row: Row) -> float | None:
    """Updates of all workers per second in the last minute in which somebody trained; pauses are left out."""
    since = (row["committed_at"] or 0.0) - RATE_SECONDS
    recent = events.after(db, row["id"], max(0, row["last_event"] - RATE_EVENTS), RATE_EVENTS, ("history",))
    slices = [(each["at"], each["data"]) for each in recent if each["at"] > since]
    seconds, trained_to = 0.0, 0.0
    for end, data in slices:
        seconds += max(0.0, end - max(trained_to, end - data["train_seconds"]))
        trained_to = max(trained_to, end)
    return sum(data["updates"] for _, data in slices) / seconds if seconds else None


def _now(steps: Sequence[Row], now: float) -> Iterator[Data]:
    """Trajectories that a worker holds."""
    held: dict[str, Data] = {}
    for step in steps:
        if step["state"] != "open" or (step["lease_until"] or 0.0) <= now:
            continue
        offset = min(step["reached"], step["demand"])
        entry = held.setdefault(
            step["trajectory"],
            {
                "trajectory": step["trajectory"],
                "stage": stage_at(step["spans"], offset),
                "age_sp": _age(step, next(iter(step["lives"])), offset),
                "arms": 0,
                "owner": step["owner"],
                "fence": step["fence"],
                "crashes": step["crashes"],
            },
        )
        entry["arms"] += 1
    yield from held.values()


# ---- arms, lives, transitions


def arms(rows: Sequence[Row], steps: Sequence[Row]) -> list[Data]:
    """Arms with their paths, as far as these are known."""
    paths: dict[int, list[Data]] = {}
    for step in steps:
        paths.setdefault(step["arm"], []).extend(_path(step))
    return [
        {
            "index": row["idx"],
            "name": row["name"],
            "labels": row["labels"],
            "id": row["document_hash"],
            "steps": paths.get(row["idx"], []),
        }
        for row in rows
    ]


def _path(step: Row) -> Iterator[Data]:
    """One row for every stage that a step covers."""
    batch = step["regime"]["batch"]
    young, old = step["ages"]
    for span in step["spans"]:
        open_ended = step["ending"] is not None and span is step["spans"][-1]
        least = span["start"] + 1 if open_ended else span["end"]
        yield {
            "stage": span["stage"],
            "cohort": step["cohort"],
            "ordinal": step["ordinal"],
            "trajectory": step["trajectory"],
            "provisional": step["trajectory"] is None,
            "state": step["state"],
            "demand": demand(step),
            "reached": min(step["reached"] or 0, step["demand"]),
            "stop": step["stop"],
            "seeds": step["seeds"],
            "from_age": [young + span["start"] * batch, old + span["start"] * batch],
            "to_age": [young + least * batch, old + span["end"] * batch],
        }


def demand(step: Row) -> Data:
    """What the step asks of its trajectory."""
    if step["ending"] is None:
        return {"offset": step["demand"]}
    return {"until": step["ending"]["until"], "limit": step["demand"]}


def lives_of(steps: Sequence[Row], ended: Sequence[Row]) -> list[Data]:
    """Every arm x seed with where it stands, by arm and seed."""
    ends: dict[tuple[int, int], list[Row]] = {}
    for row in ended:
        ends.setdefault((row["arm"], row["seed"]), []).append(row)
    paths: dict[tuple[int, int], list[Row]] = {}
    for step in steps:
        paths.setdefault((step["arm"], step["cohort"]), []).append(step)
    found = [
        _life(path, arm, seed, ends.get((arm, seed), []))
        for (arm, _), path in paths.items()
        for seed in path[0]["seeds"]
    ]
    return sorted(found, key=lambda life: (life["arm"], life["seed"]))


def _life(path: Sequence[Row], arm: int, seed: int, ends: Sequence[Row]) -> Data:
    """One life: at the last step that it has entered."""
    step = next(each for each in reversed(path) if each["trajectory"] is not None and seed in each["seeds"])
    here = [row for row in ends if row["ordinal"] == step["ordinal"]]
    final = next((row for row in here if row["status"] != "advanced"), None)
    offset = _offset(step, here)
    status, reason = _life_status(path, step, final, offset)
    return {
        "arm": arm,
        "seed": seed,
        "status": status,
        "stage": stage_at(step["spans"], offset),
        "age_sp": _age(step, seed, offset),
        "reason": reason,
    }


def _offset(step: Row, here: Sequence[Row]) -> int:
    return int(min((row["offset"] for row in here), default=min(step["reached"], step["demand"])))


def _life_status(path: Sequence[Row], step: Row, final: Row | None, offset: int) -> tuple[LifeStatus, str | None]:
    if final is not None:
        return final["status"], final["fired"]
    if step["error"] is not None and step["state"] == "open":
        return "failed", step["error"].get("message")
    if step is path[-1] and step["state"] == "met":
        return "complete", None
    began = offset > 0 or step["ordinal"] > 0 or step["lease_until"] is not None
    return ("developing" if began else "waiting"), None


def _age(step: Row, seed: int, offset: int) -> int:
    return int(step["born"][str(seed)]) + offset * int(step["regime"]["batch"])


def stage_at(spans: Sequence[Row], offset: int) -> str:
    """The stage that an offset lies in; a border belongs to the later one."""
    begun = [span["stage"] for span in spans if span["start"] <= offset]
    return str(begun[-1] if begun else spans[0]["stage"])


def transitions(rows: Iterable[Row], names: Mapping[int, Mapping[str, str]]) -> list[Data]:
    """Ends of stages with probes by the names they have in the arm's document."""
    return [
        {
            "arm": row["arm"],
            "seed": row["seed"],
            "stage": stage_at(row["spans"], max(0, row["offset"] - 1)),
            "age_sp": row["age_sp"],
            "fired": row["fired"],
            "status": row["status"],
            "trajectory": row["trajectory"],
            "values": [{**value, "probe": _named(value["probe"], names[row["arm"]])} for value in row["values"]],
        }
        for row in rows
    ]


def _named(probe: str, names: Mapping[str, str]) -> str:
    return next((name for name, key in names.items() if key == probe), probe)


def snapshots(rows: Sequence[Row], steps: Sequence[Row]) -> list[Data]:
    """Snapshots with the ages at which each arm's lives are in them."""
    on_path: dict[str, list[Row]] = {}
    for step in steps:
        on_path.setdefault(step["trajectory"], []).append(step)
    latest: dict[str, list[str]] = {}
    for row in rows:
        latest.setdefault(row["trajectory"], []).append(row["id"])
    return [_snapshot(row, on_path[row["trajectory"]], row["id"] in latest[row["trajectory"]][-2:]) for row in rows]


def _snapshot(row: Row, steps: Sequence[Row], latest: bool) -> Data:
    first = steps[0]
    oldest = max(first["born"].values()) + row["at_offset"] * first["regime"]["batch"]
    asked = sorted({step["arm"] for step in steps if step["stop"] == row["stop"]})
    reasons = ["asked for by an arm"] if asked else []
    return {
        "id": row["id"],
        "trajectory": row["trajectory"],
        "offset": row["at_offset"],
        "stop": row["stop"],
        "stage": stage_at(first["spans"], max(0, row["at_offset"] - 1)),
        "arms": sorted({step["arm"] for step in steps}),
        "age_sp": oldest,
        "bytes": row["bytes"],
        "sha256": row["sha256"],
        "state_hash": row["state_hash"],
        "created_at": rfc3339(row["created_at"]),
        "kept_because": reasons + (["one of the last two"] if latest else []),
    }


def event(row: Row) -> Data:
    """A stored event; who and where it is about stand beside its data."""
    data = dict(row["data"])
    about = {name: data.pop(name) for name in ("arm", "seed", "stage", "age_sp", "trajectory") if name in data}
    plain = {name: row[name] for name in ("seq", "level", "type", "message")}
    return {**plain, "at": rfc3339(row["at"]), **about, "data": data}
