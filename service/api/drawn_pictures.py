"""What the figure `pictures` is drawn from: weights of one life, read from the snapshots on its path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from service.api.drawn_jobs import DrawnJob, Row
from service.api.schedules import invalid_query
from service.api.weights import Fields, NoPicture, Wanted, fields_of, mosaic
from service.figures.pictures import Album, Page
from service.store import snapshots

AREAS, UNITS, MOST_CELLS = 4, 64, 120_000
"""So many areas without a wish, units of one and weights of one are drawn; more ages than fit are left out evenly."""


@dataclass(frozen=True)
class Leaf:
    """A snapshot as one life passed it."""

    age_sp: int
    stage: str
    id: str
    path: Path


def albums_of(job: DrawnJob) -> list[Album]:
    """For every area that is asked for and sees a sense its pictures by age; Refused if there can be none."""
    arm, asked = job.chosen[0], job.query
    seed = job.row["seeds"][0] if asked.life is None else asked.life
    if seed not in job.row["seeds"]:
        raise invalid_query("/query/life", f"no life has seed {seed}", f"one of {job.row['seeds'][:20]}")
    leaves = list(_leaves(job, arm, seed))
    organism = next(each["document"]["organism"] for each in job.arms if each["idx"] == arm)
    albums = []
    for area in organism["areas"] if asked.area is None else (asked.area,):
        try:
            albums += [album] if (album := _album(leaves, organism, Wanted(area, seed, asked.sense, UNITS))) else []
        except NoPicture as error:
            if asked.area is not None:
                raise invalid_query(error.pointer, str(error), error.suggestion) from None
    return albums[:AREAS]


def _leaves(job: DrawnJob, arm: int, seed: int) -> Iterator[Leaf]:
    """Snapshots on the life's path, by age; those whose file is gone are passed over: it is made again when needed."""
    stored: dict[str, list[Mapping[str, Any]]] = {}
    for row in snapshots.of_job(job.db, job.row["id"]):
        stored.setdefault(row["trajectory"], []).append(row)
    ends = {(row["stage"], row["seed"]): row["age_sp"] for row in job.transitions() if row["arm"] == arm}
    last = -1
    for step in job.steps:
        if step["arm"] != arm or seed not in step["seeds"]:
            continue
        for row in stored.get(step["trajectory"], ()):
            age = _age(row, step, seed, ends)
            if age is None or age <= last or job.file is None:
                continue
            try:
                path = job.file(row["uri"])
            except OSError:
                continue
            last = age
            yield Leaf(age, step["spans"][-1]["stage"] if step["spans"] else "", row["id"], path)


def _age(row: Mapping[str, Any], step: Row, seed: int, ends: Mapping[tuple[str, int], int]) -> int | None:
    """The life's age in a snapshot; None if the life has left the trajectory before.

    Of a stage that a trigger ends the last snapshot holds every life at the age at which it left.
    """
    age = int(step["born"][str(seed)] + row["at_offset"] * step["regime"]["batch"])
    end = ends.get((step["spans"][-1]["stage"], seed)) if step["spans"] else None
    if step["stop"] is not None and row["stop"] == step["stop"]:
        return age if end is None else min(age, end)
    return age if end is None or age <= end else None


def _album(leaves: Sequence[Leaf], organism: Mapping[str, Any], wanted: Wanted) -> Album | None:
    if not leaves:
        return None
    first = fields_of(leaves[0].path, organism, wanted)
    chosen = _evenly(leaves, max(2, MOST_CELLS // max(1, first.values.size)))
    found = [first, *(fields_of(leaf.path, organism, wanted) for leaf in chosen[1:])]
    notes = [f"{UNITS} of {first.units_in_all} units of {wanted.area}"] if first.units_in_all > UNITS else []
    if len(chosen) < len(leaves):
        notes.append(f"{len(chosen)} of {len(leaves)} snapshots, evenly by number")
    return Album(
        area=wanted.area,
        sense=first.sense,
        seed=first.seed,
        scale=max(fields.scale for fields in found),
        pages=[_page(leaf, fields) for leaf, fields in zip(chosen, found, strict=True)],
        notes=tuple(notes),
    )


def _evenly(leaves: Sequence[Leaf], most: int) -> list[Leaf]:
    """The first, the last, and those between at even steps."""
    if len(leaves) <= most:
        return list(leaves)
    return [leaves[round(place)] for place in np.linspace(0, len(leaves) - 1, most)]


def _page(leaf: Leaf, fields: Fields) -> Page:
    sheet = mosaic(fields.values)
    rows = [[None if np.isnan(cell) else float(f"{cell:.4g}") for cell in row] for row in sheet.tolist()]
    norms = np.linalg.norm(fields.values.reshape(len(fields.values), -1), axis=1)
    return Page(leaf.age_sp, leaf.stage, leaf.id, rows, [float(f"{norm:.6g}") for norm in norms])
