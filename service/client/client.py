"""What can be asked of a service as a whole: documents and jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import orjson

from service.client.answers import History, history_of
from service.client.connection import Connection
from service.client.documents import read_document, with_base
from service.client.errors import NoSuchJob
from service.client.job import Arm, Job
from service.figures.files import plotly_figure
from service.wire.compare import Comparison
from service.wire.figures import FigureName

ID_LENGTH = 30


class Client(Connection):
    """A connection to a service; settings fall back to ONTOGENY_URL and ONTOGENY_KEY."""

    # ---- documents

    def check(self, document: str | Path | Mapping[str, Any]) -> dict[str, Any]:
        """Findings of a document, errors first; nothing is stored."""
        return dict(self.document("/v1/schedules/check", document))

    def plan(self, document: str | Path | Mapping[str, Any]) -> dict[str, Any]:
        """Arms, trajectories, samples with and without sharing; nothing is stored."""
        return dict(self.document("/v1/schedules/plan", document))

    def envelopes(
        self, document: str | Path | Mapping[str, Any], *, points: int = 200, arm: int = 0, to_limits: bool = False
    ) -> dict[str, Any]:
        """Weights, plasticity and overlays of an arm by age; None where a trigger or a gate decides.

        With `to_limits` as in a life that meets every limit.
        """
        asked = httpx.QueryParams({"points": points, "arm": arm, "to_limits": to_limits})
        return dict(self.document(f"/v1/schedules/envelopes?{asked}", document))

    def figure(self, name: FigureName, document: str | Path | Mapping[str, Any], **query: Any) -> Any:
        """`envelopes`, `organism`, `sharing` or `strip` of a document before anything runs, as an object of plotly."""
        return plotly_figure(self.drawn(name, document, **query))

    def drawn(self, name: FigureName, document: str | Path | Mapping[str, Any], **query: Any) -> dict[str, Any]:
        """The same as plotly JSON."""
        asked = httpx.QueryParams({key: value for key, value in query.items() if value is not None})
        return dict(self.document(f"/v1/figures/{name}?{asked}", document))

    def diff(self, a: str | Path | Mapping[str, Any] | Arm, b: str | Path | Mapping[str, Any] | Arm) -> dict[str, Any]:
        """How two lives differ, thing by thing, and from which age on: documents, or arms of jobs."""
        sides = [{"job": each.job, "arm": each.arm} if isinstance(each, Arm) else with_base(each) for each in (a, b)]
        return dict(self.post("/v1/schedules/diff", orjson.dumps(dict(zip("ab", sides, strict=True)))))

    def examples(self) -> list[str]:
        """Names of documents to start from."""
        return [each["name"] for each in self.get("/v1/examples")["items"]]

    def example(self, name: str) -> dict[str, Any]:
        """One of them, as it can be submitted; a study with its base inside."""
        document = read_document(self.example_text(name) + "\n")
        base = document.get("base")
        if document.get("kind") == "study" and isinstance(base, str):
            document["base"] = read_document(self.example_text(base) + "\n")
        return document

    def example_text(self, name: str) -> str:
        """One of them as YAML, with its comments."""
        return self.request("GET", f"/v1/examples/{name}").text

    def datasets(self) -> list[dict[str, Any]]:
        """Data sets that documents may name."""
        return list(self.pages("/v1/datasets"))

    def me(self) -> dict[str, Any]:
        """Who asks: project, scopes, quotas and what is used of them."""
        return dict(self.get("/v1/me"))

    def catalogue(self, family: str | None = None, kind: str | None = None) -> dict[str, Any]:
        """What may be asked for: families and their kinds, the members of one family, or the page of one member."""
        return dict(self.get("/".join(("/v1/catalogue", *(each for each in (family, kind) if each)))))

    def submit(
        self,
        document: str | Path | Mapping[str, Any],
        *,
        name: str | None = None,
        notes: str | None = None,
        labels: Mapping[str, str] | None = None,
        priority: int = 0,
    ) -> Job:
        """Store a document as a job and start it; a problem raises ApiError with every finding."""
        about = {"name": name, "notes": notes, "labels": dict(labels or {}), "priority": priority}
        given = {key: value for key, value in about.items() if value}
        return Job(self, self.document("/v1/jobs", document, **given))

    def dry_run(self, document: str | Path | Mapping[str, Any], **about: Any) -> dict[str, Any]:
        """Everything that `submit` would refuse, and else the plan; nothing is stored."""
        given = {key: value for key, value in about.items() if value}
        return dict(self.document("/v1/jobs?dry_run=true", document, **given))

    # ---- jobs

    def job(self, job: str) -> Job:
        """A job by id."""
        return Job(self, self.get(f"/v1/jobs/{job}"))

    def find(self, word: str) -> Job:
        """A job by id, the unique beginning of one, its name, or `@last`; NoSuchJob if that means none or several."""
        if word == "@last":
            newest = next(iter(self.jobs(limit=1)), None)
            if newest is None:
                raise NoSuchJob("there is no job yet")
            return self.job(newest["id"])
        if word.startswith("job_") and len(word) == ID_LENGTH:
            return self.job(word)
        found = list(self.jobs(name=word, limit=1000))
        if not found and word.startswith("job_"):
            found = [job for job in self.jobs(limit=1000) if job["id"].startswith(word)]
        if len(found) == 1:
            return self.job(found[0]["id"])
        told = f"{word!r} means {len(found)} jobs" if found else f"no job is called {word!r}"
        raise NoSuchJob("\n".join([told, *(f"  {job['id']}  {job['name']}  {job['status']}" for job in found[:10])]))

    def jobs(self, **filters: Any) -> Iterator[dict[str, Any]]:
        """All jobs that pass the filters, newest first, page by page.

        `status` (several by commas), `label` (`k:v`, or several), `uses` (`costs/denoise@V1`, or several), `name`,
        `document` (the beginning of a hash), `kind`, `parent`, `q` (part of name or notes), `created_after`,
        `created_before`, `finished_after`, `finished_before`; `search`: the name of a kept search.
        """
        return self.pages("/v1/jobs", **filters)

    def searches(self) -> Iterator[dict[str, Any]]:
        """Searches that are kept, by name."""
        return self.pages("/v1/searches")

    def save_search(self, name: str, /, **filters: Any) -> dict[str, Any]:
        """Keep filters of `jobs` under a name, in the place of those it had; `status`, `label` and `uses` are lists."""
        given = {key: value for key, value in filters.items() if value is not None}
        headers = {"Content-Type": "application/json"}
        answer = self.request("PUT", f"/v1/searches/{name}", content=orjson.dumps(given), headers=headers)
        return dict(orjson.loads(answer.content))

    def forget_search(self, name: str) -> None:
        """Keep a search no longer."""
        self.request("DELETE", f"/v1/searches/{name}")

    def compare(self, items: Sequence[Arm | Job], **question: Any) -> Comparison:
        """Arms held against the last of them, or that at `against`: documents, pasts, and what else is asked for.

        `series` (names or globs) asks for bands and differences paired by seed, `outcome` (the name of one that a study
        declares, or one written out) for an estimate with interval and test; see the API for all parameters.
        """
        asked = [{"job": item.id} if isinstance(item, Job) else {"job": item.job, "arm": item.arm} for item in items]
        given = {name: part for name, part in question.items() if part is not None}
        return Comparison.model_validate(self.post("/v1/compare", orjson.dumps({"items": asked, **given})))

    def history(self, jobs: Sequence[Job | str], *series: str, **query: Any) -> History:
        """Stored series of up to a hundred jobs at once; every trace names its job, else as `Job.history`."""
        asked: dict[str, Any] = {name.rstrip("_"): value for name, value in query.items() if value is not None}
        ids = [job if isinstance(job, str) else job.id for job in jobs]
        body = {"jobs": ids, **asked} | ({"series": list(series)} if series else {})
        return history_of(dict(self.post("/v1/history/query", orjson.dumps(body))))

    def bulk(
        self,
        action: str,
        ids: Sequence[str] | None = None,
        *,
        filter: Mapping[str, Any] | None = None,  # noqa: A002 - the name it has in the API
        dry_run: bool = False,
        **more: Any,
    ) -> dict[str, Any]:
        """Cancel, pause, resume or delete many jobs, by ids or by a filter; what became of each.

        `filter`: as of `save_search`. A dry run only says what would happen.
        """
        given = {"ids": None if ids is None else list(ids), "filter": filter, "dry_run": dry_run or None, **more}
        body = {name: part for name, part in given.items() if part is not None}
        return dict(self.post("/v1/jobs/bulk", orjson.dumps({"action": action, **body})))
