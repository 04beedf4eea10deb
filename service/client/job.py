"""A job as a client holds it: the verbs, what hangs on it, its histories."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from service.client.answers import Event, History, event_of, history_of, parameters
from service.client.connection import Connection
from service.client.documents import with_base
from service.figures.files import plotly_figure
from service.wire.figures import FigureName
from service.wire.jobs import TERMINAL
from service.wire.outcomes import Contrasts, Outcomes

Weights = np.ndarray[Any, np.dtype[np.float32]]
_MEDIA = {
    ".parquet": "application/vnd.apache.parquet",
    ".arrow": "application/vnd.apache.arrow.stream",
    ".csv": "text/csv",
    ".json": "application/json",
}


@dataclass(frozen=True)
class Arm:
    """An arm of a job, for comparisons."""

    job: str
    arm: int | str
    """Index or name."""


@dataclass(repr=False)
class Job:
    """A job as last seen; `refresh` looks again."""

    client: Connection
    state: dict[str, Any]

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.state["id"])

    @property
    def status(self) -> str:
        """Its status as last seen."""
        return str(self.state["status"])

    @property
    def finished(self) -> bool:
        """Whether the status is one that never changes."""
        return self.status in TERMINAL

    def arm(self, arm: int | str) -> Arm:
        """One of its arms, by index or name, to be compared with others."""
        return Arm(self.id, arm)

    def refresh(self, wait_seconds: int = 0) -> Job:
        """Look again; with `wait_seconds` the service answers only when something changed, or then."""
        headers = {"Prefer": f"wait={wait_seconds}"} if wait_seconds else {}
        response = self.client.request("GET", f"/v1/jobs/{self.id}", headers=headers)
        self.state = orjson.loads(response.content)
        return self

    def wait(self) -> Job:
        """Block until the job has ended; interrupting it cancels nothing."""
        while not self.finished:
            self.refresh(wait_seconds=30)
        return self

    def __repr__(self) -> str:
        told = f"{self.state.get('progress', {}).get('fraction', 0.0):.0%}"
        return f"<Job {self.id} {self.state.get('name', '')!r}: {self.status}, {told}>"

    def follow(self, after: int = 0) -> Iterator[Event]:
        """Events as they happen, until the job ends; broken connections are taken up again where they broke."""
        for frame in self.client.events(self.id, after):
            if frame.data:  # what keeps the connection alive says nothing
                yield event_of(orjson.loads(frame.data), frame.event)

    def events(self, *, after: int = 0, type: str | None = None, level: str | None = None) -> list[Event]:  # noqa: A002
        """Stored events in order; of some types or levels, several by commas."""
        rows = self.client.pages(f"/v1/jobs/{self.id}/events", limit=1000, after=after, type=type, level=level)
        return [event_of(row) for row in rows]

    def cancel(self, reason: str | None = None, *, now: bool = False) -> Job:
        """End it at the next slice boundary; with `now` the running slice is given up. What is committed stays."""
        return self._verb("cancel", {"reason": reason, "now": now or None})

    def pause(self, reason: str | None = None) -> Job:
        """Hold it at the next slice boundary."""
        return self._verb("pause", {"reason": reason})

    def resume(self, reason: str | None = None) -> Job:
        """Let a paused job go on."""
        return self._verb("resume", {"reason": reason})

    def retry(self, **about: Any) -> Job:
        """A new job that goes on from the last snapshots of a failed or cancelled one."""
        return self._new("retry", about)

    def fork(
        self,
        age: int | str,
        document: str | Path | Mapping[str, Any] | None = None,
        *,
        patch: Sequence[Mapping[str, Any]] | None = None,
        arm: int = 0,
        retrain: bool = True,
        **about: Any,
    ) -> Job:
        """A new job that is an arm of this one up to an age (samples, or `40ep`), and another from there on.

        It goes on by a whole document, or by the arm's own with edits: `[{"op": "replace", "path":
        "/stages/late/costs/naming", "value": 0.2}]`. `about`: name, notes, labels, priority.
        """
        body: dict[str, Any] = {"arm": arm, "retrain": retrain, "age" if isinstance(age, str) else "age_sp": age}
        if document is not None:
            body |= with_base(document)
        if patch is not None:
            body["patch"] = list(patch)
        return self._new("fork", {**body, **about})

    def extend(
        self, stage: str, *, until: Mapping[str, Any] | None = None, limit: str | None = None, **about: Any
    ) -> Job:
        """A new job of the same arms with one stage made longer: `until={"after": "60ep"}`, or another limit."""
        given = {"until": until, "limit": limit}
        return self._new(
            "extend", {"stage": stage, **{k: part for k, part in given.items() if part is not None}, **about}
        )

    def change(self, *, if_version: int | None = None, **members: Any) -> Job:
        """Change name, notes, labels or priority; with `if_version` only if nobody has changed it since."""
        headers = {"Content-Type": "application/json"} | ({} if if_version is None else {"If-Match": f'"{if_version}"'})
        response = self.client.request("PATCH", f"/v1/jobs/{self.id}", content=orjson.dumps(members), headers=headers)
        self.state = orjson.loads(response.content)
        return self

    def delete(self) -> None:
        """Delete it for good, with all that no other job reaches; it must have ended."""
        self.client.request("DELETE", f"/v1/jobs/{self.id}")

    def snapshots(self) -> list[dict[str, Any]]:
        """Stored cohorts on its arms' paths."""
        return list(self.client.pages(f"/v1/jobs/{self.id}/snapshots", limit=1000))

    def save_snapshot(self, snapshot: str, path: str | Path) -> Path:
        """Write a stored cohort to a file: weights and all else that its lives are, safetensors."""
        return self.client.download(f"/v1/snapshots/{snapshot}/file", Path(path))

    def weights(self, snapshot: str, area: str, *, seed: int | None = None, sense: str | None = None) -> Weights:
        """Weights from a sense to each unit of an area, of one life in a snapshot. Shape: (units, channels, h, w)."""
        asked = {"area": area, "seed": seed, "sense": sense, "units": 1024, "format": "json"}
        told = self.client.get(f"/v1/snapshots/{snapshot}/pictures", **asked)
        return np.asarray(told["values"], dtype=np.float32)

    def document(self, form: str = "submitted", arm: int = 0) -> dict[str, Any]:
        """Its document as submitted, canonical, or as one arm lives it (`resolved`)."""
        return dict(self.client.get(f"/v1/jobs/{self.id}/document", form=form, arm=arm))

    def history(self, *series: str, **query: Any) -> History:
        """Stored series; names may be globs; `over="seed"` gives mean and band, see the API for all parameters.

        `axis={"onset": "40ep"}` chooses arms by their labels, `from_` is the least x.
        """
        found = history_of(self.client.get(f"/v1/jobs/{self.id}/history", **parameters(series, query)))
        self._tell_of_missing(series, found)
        return found

    def _tell_of_missing(self, series: Sequence[str], found: History) -> None:
        """A warning for every name under which nothing is recorded, with the nearest; `*` may stand for nothing."""
        missing = {name for name in series if "*" not in name} - {trace.series for trace in found.traces}
        recorded = [row["name"] for row in self.series()] if missing else []
        for name in sorted(missing - set(recorded)):
            if recorded:
                near = get_close_matches(name, recorded, n=1)
                hint = f"did you mean {near[0]!r}?" if near else "`job.series()` lists what is recorded"
                warnings.warn(f"nothing is recorded under {name!r}; {hint}", stacklevel=3)

    def history_csv(self, *series: str, **query: Any) -> str:
        """The same as CSV; its first line is a comment that declares the thinning."""
        asked = parameters(series, {**query, "format": "csv"})
        return self.client.request("GET", f"/v1/jobs/{self.id}/history", params=asked).text

    def series(self) -> list[dict[str, Any]]:
        """Names, units and extremes of all recorded series."""
        return list(self.client.pages(f"/v1/jobs/{self.id}/series"))

    def arms(self) -> list[dict[str, Any]]:
        """Its arms with labels and paths."""
        return list(self.client.pages(f"/v1/jobs/{self.id}/arms", limit=1000))

    def plan(self) -> dict[str, Any]:
        """Paths of its arms through trajectories, and how far these are trained."""
        return dict(self.client.get(f"/v1/jobs/{self.id}/plan"))

    def transitions(self, *, arm: int | None = None, seed: int | None = None) -> list[dict[str, Any]]:
        """Stage ends with the stored values that decided them; of one arm, or of one seed's lives."""
        return list(self.client.pages(f"/v1/jobs/{self.id}/transitions", limit=1000, arm=arm, seed=seed))

    def lives(
        self, *, arm: int | None = None, seed: int | None = None, status: str | None = None
    ) -> list[dict[str, Any]]:
        """Every arm x seed with its stage, age and status; those of an arm, a seed or in a status."""
        asked = {"arm": arm, "seed": seed, "status": status}
        return list(self.client.pages(f"/v1/jobs/{self.id}/lives", limit=1000, **asked))

    def outcomes(self, seeds: str | None = None) -> Outcomes:
        """A study's outcomes, life by life and arm by arm; `complete` says whether they are final.

        They rest on the seeds that the study keeps for claims, if it does; `seeds` asks for others.
        """
        return Outcomes.model_validate(self.client.get(f"/v1/jobs/{self.id}/outcomes", seeds=seeds))

    def contrasts(self, seeds: str | None = None) -> Contrasts:
        """A study's contrasts: estimates with intervals, tests corrected for their number, warnings, verdicts."""
        return Contrasts.model_validate(self.client.get(f"/v1/jobs/{self.id}/contrasts", seeds=seeds))

    def figure(self, name: FigureName = "development", **query: Any) -> Any:
        """A figure as an object of plotly; arm, series, look, ... as at `/v1/jobs/{job}/figures/{figure}`."""
        return plotly_figure(self.drawn(name, **query))

    def drawn(self, name: FigureName, **query: Any) -> dict[str, Any]:
        """A figure as plotly JSON."""
        answer: dict[str, Any] = self.client.get(f"/v1/jobs/{self.id}/figures/{name}", **query)
        return answer

    def export(self, path: str | Path, *series: str, **query: Any) -> Path:
        """Write every recorded value to .parquet, .arrow, .csv or .json, unthinned; all series if none is named.

        `arm`, `seed` and `axis` choose lives. Parquet and Arrow keep document, versions and hashes in their metadata.
        """
        target = Path(path)
        media = _MEDIA.get(target.suffix)
        if media is None:
            raise ValueError(f"cannot tell the format from {target.name!r}; end it in one of {' '.join(_MEDIA)}")
        asked = parameters(series, {**query, "points": "all"})
        return self.client.download(f"/v1/jobs/{self.id}/history", target, params=asked, headers={"Accept": media})

    def _verb(self, verb: str, given: Mapping[str, Any]) -> Job:
        body = orjson.dumps({name: part for name, part in given.items() if part is not None})
        self.state = self.client.post(f"/v1/jobs/{self.id}/{verb}", body)
        return self

    def _new(self, verb: str, body: Mapping[str, Any]) -> Job:
        return Job(self.client, self.client.post(f"/v1/jobs/{self.id}/{verb}", orjson.dumps(body)))
