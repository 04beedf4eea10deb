"""Every page without JavaScript: what it says, what it loads, what it refuses."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
import sqlalchemy as sa
from build import tiny_schedule, tiny_study
from fastapi import FastAPI
from simulated import Bench, Clock

from service.pages.jobs import PARTS
from service.store.tables.work import job as job_table

Document = dict[str, Any]

STUDY: Document = tiny_study(0.5, 2.0, seeds=3, name="rates") | {
    "outcomes": {"final": {"kind": "final", "probe": "acc", "window": "5ba"}},
    "contrasts": [
        {"name": "stronger", "kind": "pair", "outcome": "final", "treat": {"weight": "2"}, "control": {"weight": "0.5"}}
    ],
    "analysis": {"resamples": 100},
}


@pytest.fixture
def bench(app: FastAPI) -> Bench:
    """Somebody who trains what was submitted, in simulation."""
    return Bench(app.state.database, Clock())


def submit(api: httpx.Client, document: Document, **about: Any) -> str:
    answer = api.post("/v1/jobs", json={"document": document, **about})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


class Page(HTMLParser):
    """What a page loads and whether it runs what is written into it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.inline: list[str] = []
        self.labelled: set[str] = set()
        self.ids: set[str] = set()
        self._script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids |= {given["id"] or ""} if "id" in given else set()
        self.inline += [f"{tag} {name}" for name in given if name.startswith("on")]
        if tag in ("script", "img", "iframe") or (tag == "link" and given.get("rel") in ("stylesheet", "icon")):
            self.loads.append(given.get("src") or given.get("href") or "")
        self._script = tag == "script"
        self.links += [given["href"] or ""] if tag == "a" and "href" in given else []

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            self.inline.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._script = False


def read(api: httpx.Client, path: str, status: int = 200) -> str:
    answer = api.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-eval" not in policy
    return answer.text


def pages(api: httpx.Client, bench: Bench) -> list[str]:
    study, single = submit(api, STUDY), submit(api, tiny_schedule())
    bench.run()
    families = [each["family"] for each in api.get("/v1/catalogue").json()["items"]]
    return [
        "/",
        f"/jobs/{study}",
        f"/jobs/{single}",
        *(f"/jobs/{job}/{part}" for part in PARTS for job in (study, single)),
        f"/jobs/{study}/lives/1/2",
        f"/jobs/{single}/lives/0/0",
        "/state",
        "/submit",
        "/submit?example=cataract-study",
        f"/submit?job={study}",
        f"/submit?fork={single}&arm=0&age=200",
        "/catalogue",
        *(f"/catalogue/{family}" for family in families),
        "/compare",
        f"/compare?item={study}:0&item={study}:1&item={single}",
        "/docs",
        "/login",
    ]


def test_pages_load_only_what_is_here_and_run_nothing_that_is_written_into_them(
    api: httpx.Client, bench: Bench
) -> None:
    loaded: set[str] = set()
    for path in pages(api, bench):
        page = Page(read(api, path))
        assert page.inline == [], path
        assert all(urlsplit(each).netloc == "" and each.startswith("/assets/") for each in page.loads), path
        assert page.loads, path
        loaded |= set(page.loads)
    assert {api.get(each).status_code for each in loaded} == {200}


def test_no_link_of_a_page_leads_nowhere(api: httpx.Client, bench: Bench) -> None:
    seen: set[str] = set()
    for path in pages(api, bench):
        page = Page(read(api, path))
        for link in page.links:
            target = urlsplit(urljoin(path, link))
            assert target.netloc == "", f"{path} leads to {link}"
            if not target.path.startswith("/catalogue") and link not in seen:
                seen.add(link)
                assert api.get(target.path + (f"?{target.query}" if target.query else "")).status_code == 200, link
            elif target.fragment and target.path == path:
                assert target.fragment in page.ids, link


# ---- what they say


def test_the_list_tells_the_state_of_every_job(api: httpx.Client, bench: Bench) -> None:
    done = submit(api, tiny_schedule(), name="first", labels={"set": "pilot"})
    bench.run()
    waiting = submit(api, tiny_schedule(clock={"batch": 10}), name="second")
    text = read(api, "/")
    assert text.index(waiting) < text.index(done)
    assert 'data-status="succeeded"' in text
    assert 'data-status="queued"' in text
    assert ">first</a>" in text
    assert "pilot" in text


def test_the_address_of_the_list_holds_filters_and_order(api: httpx.Client, bench: Bench) -> None:
    done = submit(api, tiny_schedule(), name="first", labels={"set": "pilot"})
    bench.run()
    waiting = submit(api, tiny_schedule(), name="second")
    submit(api, STUDY)

    def shown(query: str) -> list[str]:
        text = read(api, f"/?{query}")
        return [job for job in (done, waiting) if f'data-job="{job}"' in text]

    assert shown("kind=schedule") == [done, waiting]
    assert shown("label=set:pilot") == [done]
    assert shown("q=second") == [waiting]
    assert shown("status=failed") == []
    assert shown("uses=costs/cross_entropy@head&kind=schedule") == [done, waiting]
    assert shown("uses=rules/oja") == []
    assert shown("created_before=2020-01-01") == []
    assert api.put("/v1/searches/pilots", json={"label": ["set:pilot"]}).status_code == 201
    assert shown("search=pilots") == [done]
    assert "No job is like that" in read(api, "/?status=failed")
    oldest_first = read(api, "/?sort=created_at")
    assert oldest_first.index(done) < oldest_first.index(waiting)


def test_kept_searches_stand_above_the_list_and_filters_can_be_kept(api: httpx.Client) -> None:
    assert "data-keeps" not in read(api, "/")
    assert "data-keeps" in read(api, "/?uses=worlds/digits")
    api.put("/v1/searches/mine", json={"uses": ["worlds/digits"]})
    text = read(api, "/?search=mine")
    assert '<a href="?search=mine" aria-current="true">mine</a>' in text
    assert 'data-forgets="mine"' in text
    assert "data-keeps" not in text
    assert '<option value="costs/denoise">' in text


def test_all_kept_searches_stand_above_the_list(api: httpx.Client) -> None:
    for number in range(55):
        api.put(f"/v1/searches/mine-{number}", json={"status": ["failed"]})
    page = read(api, "/")
    assert all(f">mine-{number}</a>" in page for number in range(55))


def test_a_search_for_an_unknown_member_says_what_there_is(api: httpx.Client) -> None:
    assert "near it: denoise" in read(api, "/?uses=costs/denoize", 400)


def test_a_long_list_goes_on_on_the_next_page(api: httpx.Client) -> None:
    jobs = [submit(api, tiny_schedule(), name=f"job {number}") for number in range(52)]
    first = read(api, "/")
    (following,) = (link for link in Page(first).links if "cursor=" in link)
    second = read(api, f"/{following}")
    assert [f'data-job="{job}"' in first for job in jobs] == [False] * 2 + [True] * 50
    assert [f'data-job="{job}"' in second for job in jobs] == [True] * 2 + [False] * 50


def test_a_job_tells_its_state_without_javascript(api: httpx.Client, bench: Bench) -> None:
    job = submit(api, STUDY, notes="why it is done")
    bench.slice(3)
    text = read(api, f"/jobs/{job}")
    for words in ("rates", "running", "why it is done", "2 arms", "3 lives", "weight=0.5", "early", "late", "sha256:"):
        assert words in text, words
    assert f"ontogeny figure development {job}" in text
    assert f"curl -sN http://localhost:8714/v1/jobs/{job}/events/stream" in text


def test_a_failed_job_says_of_its_arms_why(api: httpx.Client, app: FastAPI) -> None:
    found = submit(api, tiny_study(*range(1, 9), name="eight"))
    faults = [{"arm": arm, "trajectory": "trj_0", "message": f"worker {arm} died"} for arm in range(8)]
    with app.state.database.write() as db:
        values = {"status": "failed", "error": {"arms": faults}}
        db.execute(sa.update(job_table).where(job_table.c.id == found).values(values))
    text = read(api, f"/jobs/{found}")
    assert "weight=1: worker 0 died" in text
    assert "worker 5 died" not in text
    assert "and 3 more arms" in text


def test_a_job_offers_the_verbs_that_it_obeys(api: httpx.Client, bench: Bench) -> None:
    job = submit(api, tiny_schedule())
    before = read(api, f"/jobs/{job}")
    bench.run()
    after = read(api, f"/jobs/{job}")
    assert 'data-verb="pause"' in before
    assert 'data-verb="delete"' not in before
    assert 'data-verb="delete"' in after
    assert 'data-verb="pause"' not in after
    assert f'href="/submit?fork={job}&amp;arm=0' in after
    assert "data-stream" in before
    assert "data-stream" not in after  # it has ended: nothing will follow


def test_parts_of_a_job_are_pages_and_pieces(api: httpx.Client, bench: Bench) -> None:
    job = submit(api, STUDY)
    bench.run()
    whole, bare = read(api, f"/jobs/{job}/outcomes"), read(api, f"/jobs/{job}/outcomes?bare=1")
    assert "<html" in whole
    assert "<html" not in bare
    for text in (whole, bare):
        assert "stronger" in text
        assert f"/v1/jobs/{job}/figures/outcomes" in text
    assert "early" in read(api, f"/jobs/{job}/transitions")
    assert "name: rates" in read(api, f"/jobs/{job}/document")
    assert "job.created" in read(api, f"/jobs/{job}/events")
    assert read(api, f"/jobs/{job}/lives").count('data-status="complete"') == 6


def test_a_view_is_kept_in_the_address_of_a_job(api: httpx.Client, bench: Bench) -> None:
    job = submit(api, STUDY)
    bench.run()
    text = read(api, f"/jobs/{job}?arm=1&series=probe.acc&life=2&log=true")
    assert "/figures/development?series=probe.acc&amp;arm=1&amp;log=true&amp;life=2" in text


def test_comparing_tells_how_documents_differ(api: httpx.Client, bench: Bench) -> None:
    job = submit(api, STUDY)
    bench.run()
    text = read(api, f"/compare?item={job}:0&item={job}:1")
    assert "weight=0.5 minus weight=2, paired by seed" in text
    assert "/stages/late/costs/naming" in text
    assert "part at age 200 sp" in text
    assert "left out" in read(api, "/compare?" + "&".join([f"item={job}:0"] * 5))


def test_the_catalogue_tells_formula_options_and_source(api: httpx.Client) -> None:
    text = read(api, "/catalogue/costs")
    for words in ("cross_entropy", "Formula", "Reference", "denoise", "corrupt", "required"):
        assert words in text, words
    capabilities = read(api, "/catalogue/rules")
    assert "<th>out</th>" in capabilities


def test_a_page_that_has_not_changed_is_304(api: httpx.Client) -> None:
    first = api.get("/catalogue")
    assert api.get("/catalogue", headers={"If-None-Match": first.headers["etag"]}).status_code == 304


# ---- what they refuse


def test_words_of_users_are_no_markup(api: httpx.Client, bench: Bench) -> None:
    evil = "<script>alert(1)</script>"
    job = submit(api, tiny_schedule(notes=evil), name=evil, notes=evil, labels={"a": evil})
    bench.run()
    here = (f"/jobs/{job}", f"/jobs/{job}/document", f"/submit?job={job}", f"/compare?item={job}")
    for path in ("/", f"/?q={evil}", *here):
        text = read(api, path)
        assert evil not in text, path
        assert Page(text).inline == [], path


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/jobs/job_00000000000000000000000000", 404, "Not found"),
        ("/?status=sleeping", 400, "unknown status"),
        ("/?sort=colour", 400, "sort"),
        ("/catalogue/rainbows", 404, "no family"),
        ("/submit?example=none", 404, "no example"),
        ("/compare?item=job_00000000000000000000000000:0", 404, "Not found"),
    ],
)
def test_what_is_refused_is_told_on_a_page(api: httpx.Client, path: str, status: int, words: str) -> None:
    text = read(api, path, status)
    assert words in text
    assert 'href="/"' in text
