"""The page in a real browser, on a real service that trains: quiet, alone with its host, live, zoomed, by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from build import tiny_schedule, tiny_study
from running import ROOT, Service
from watching import Browser, browser

from service.client import Job
from service.figures.look import DARK, LIGHT

pytestmark = pytest.mark.processes

FIGURE = "document.querySelector('[data-live-figure] .drawing')"
ENVELOPES = "document.querySelector('[data-figure*=envelopes] .drawing')"


@pytest.fixture(scope="module")
def window(service: Service) -> Iterator[Browser]:
    with browser(service.client.url) as opened:
        yield opened


@pytest.fixture(autouse=True)
def quiet(window: Browser) -> Iterator[None]:
    """Whatever a test does: the console says nothing, and nobody but the service is asked."""
    window.complaints()
    window.in_look("light")
    yield
    asked = window.seen()
    assert asked
    assert [url for url in asked if not url.startswith(window.url + "/")] == []
    assert window.complaints() == []


@pytest.fixture(scope="module")
def grown(service: Service) -> Job:
    """A small study that has ended."""
    more: dict[str, Any] = {
        "outcomes": {"final": {"kind": "final", "probe": "acc", "window": "5ba"}},
        "contrasts": [{"name": "by-weight", "kind": "trend", "outcome": "final", "axis": "weight"}],
        "analysis": {"resamples": 100},
    }
    return service.client.submit(tiny_study(0.5, 1.0, 2.0, seeds=3, name="rates", **more)).wait()


def growing(service: Service, name: str, passes: int = 20_000) -> Job:
    """A job that goes on for a while."""
    stages: list[dict[str, Any]] = [
        {"name": "early", "world": "school", "costs": {"naming": 1.0}, "until": {"after": "2ep"}},
        {"name": "late", "world": "school", "costs": {"naming": 0.5}, "until": {"after": f"{passes}ep"}},
    ]
    return service.client.submit(tiny_schedule(name=name, stages=stages))


def curve(window: Browser, name: str) -> list[Any]:
    """The x of a curve of the job's figure, as drawn."""
    found = window.js(f"return ({FIGURE}.data ?? []).find((each) => each.name === {name!r})?.x")
    return list(found or [])


def drawn(window: Browser, figure: str = FIGURE) -> Any:
    window.js(f"{figure}?.scrollIntoView({{block: 'center'}})")
    return window.until(lambda: window.js(f"return Boolean({figure}?.data)"), "the figure is drawn")


# ---- one job


def test_strip_and_curves_lie_on_one_axis(window: Browser, grown: Job) -> None:
    window.open(f"/jobs/{grown.id}")
    drawn(window)
    axes = window.js(f"return [...new Set({FIGURE}.data.map((each) => each.xaxis))]")
    assert axes == ["x"]
    panels = window.js(f"return {FIGURE}.data.map((each) => [each.name, each.yaxis])")
    assert {"weight naming", "acc", "naming"} <= {name for name, _ in panels}
    assert dict(panels)["weight naming"] != dict(panels)["acc"]
    # what is drawn at one age has one place on the screen, in the strip and in the curves
    lefts = window.js(
        f"return [...{FIGURE}.querySelectorAll('.cartesianlayer .subplot')].length"
        f" ? [...new Set(Object.keys({FIGURE}._fullLayout._plots).map((id) =>"
        f" {FIGURE}._fullLayout._plots[id].xaxis._offset))] : []"
    )
    assert len(lefts) == 1


def test_a_curve_grows_while_it_trains_and_a_zoom_survives(window: Browser, service: Service) -> None:
    job = growing(service, "zoomed")
    window.open(f"/jobs/{job.id}")
    drawn(window)
    window.until(lambda: len(curve(window, "acc")) >= 2, "two readings are drawn")
    window.js(f"Plotly.relayout({FIGURE}, {{'xaxis.range': [0, 30000]}})")
    window.until(lambda: "to=30000" in window.driver.current_url, "the address holds the window")
    before = max(curve(window, "acc"))
    window.until(lambda: max(curve(window, "acc"), default=0) > before, "the curve has grown")
    assert window.js(f"return {FIGURE}.layout.xaxis.range") == [0, 30000]
    window.until(lambda: "running" in window.text("[data-live=state] .status"), "the status has followed")
    window.driver.refresh()
    drawn(window)
    window.until(lambda: window.js(f"return {FIGURE}.layout.xaxis.range") == [0, 30000], "the address restores it")
    window.find("[data-unzoom]").click()
    window.until(lambda: window.js(f"return {FIGURE}.layout.xaxis.range[1]") > 30000, "the whole life is back")
    job.cancel()


def test_a_long_life_is_shown_as_far_as_it_is_lived(window: Browser, service: Service) -> None:
    job = growing(service, "long")
    window.open(f"/jobs/{job.id}")
    drawn(window)
    window.until(lambda: len(curve(window, "acc")) >= 2, "two readings are drawn")
    planned = window.js(f"return {FIGURE}.layout.xaxis.range[1]")
    window.find("[data-lived]").click()
    window.until(lambda: window.js(f"return {FIGURE}.layout.xaxis.range[1]") < planned / 10, "what is lived is shown")
    assert "to=" in window.driver.current_url
    job.cancel()


def test_verbs_are_obeyed_and_said(window: Browser, service: Service) -> None:
    job = growing(service, "held")
    window.open(f"/jobs/{job.id}")
    window.until(lambda: "running" in window.text("[data-live=state]"), "it runs")
    window.press("p")
    window.until(lambda: window.text("[data-live=state] .status") == "paused", "it is paused")
    assert "paus" in window.find("#said").get_attribute("textContent")
    assert job.refresh().status == "paused"
    window.until(lambda: window.driver.find_elements("css selector", "[data-verb=resume]"), "resume is offered")
    window.press("p")
    window.until(lambda: job.refresh().status in ("queued", "running"), "it goes on")
    window.js("window.confirm = () => true")
    window.until(lambda: window.click("[data-verb=cancel]"), "cancel is offered")
    window.until(lambda: window.text("[data-live=state] .status") == "cancelled", "it is cancelled")


IN_SIGHT = """
const section = document.getElementById(arguments[0]).parentElement;
const filled = [...section.querySelectorAll('.include')].every((each) => each.querySelector('details, table, .soft'));
const figures = [...section.querySelectorAll('.drawing')].filter((each) => each.checkVisibility());
return filled && figures.every((each) => each.data);
"""


@pytest.mark.parametrize("part", ["outcomes", "organism", "transitions", "lives", "events", "document"])
def test_every_part_comes_into_sight(window: Browser, grown: Job, part: str) -> None:
    window.open(f"/jobs/{grown.id}")
    window.js("document.getElementById(arguments[0]).scrollIntoView()", part)
    window.until(lambda: window.js(IN_SIGHT, part), f"{part} is there")


def test_contrasts_stand_beside_their_outcomes(window: Browser, grown: Job) -> None:
    window.open(f"/jobs/{grown.id}/outcomes")
    assert "by-weight" in window.text("table")
    drawn(window, "document.querySelector('[data-figure$=outcomes] .drawing')")


def test_a_table_stands_behind_the_figure(window: Browser, grown: Job) -> None:
    window.open(f"/jobs/{grown.id}")
    drawn(window)
    window.find("[data-live-figure] details.table summary").click()
    rows = window.until(lambda: window.js("return document.querySelectorAll('.plot .rows tbody tr').length"), "rows")
    assert rows > 20
    assert window.js("return document.querySelector('.plot .rows tr').innerText").split() == [
        "panel", "curve", "x", "y", "note",
    ]  # fmt: skip


def test_controls_change_figure_and_address(window: Browser, grown: Job) -> None:
    window.open(f"/jobs/{grown.id}?arm=0&arm=2")
    drawn(window)
    names = window.js(f"return {FIGURE}.data.map((each) => each.name)")
    assert "weight=0.5" in " ".join(filter(None, names))
    window.js("document.querySelector('[name=log]').click()")
    window.until(lambda: "log=true" in window.driver.current_url, "the address says so")
    window.until(
        lambda: window.js(f"return Object.values({FIGURE}.layout).some((each) => each?.type === 'log')"), "log axes"
    )
    window.js("document.querySelector('[name=life]').value = '1';"
              "document.querySelector('[name=life]').dispatchEvent(new Event('change', {bubbles: true}))")  # fmt: skip
    window.until(
        lambda: window.js(f"return {FIGURE}.data.some((each) => each.name?.startsWith('life 1'))"), "the life in ink"
    )


def test_dark_paper_is_drawn_dark(window: Browser, grown: Job) -> None:
    window.open(f"/jobs/{grown.id}")
    drawn(window)
    assert window.js(f"return {FIGURE}.layout.paper_bgcolor") == LIGHT.paper
    window.in_look("dark")
    window.until(lambda: window.js(f"return {FIGURE}.layout.paper_bgcolor") == DARK.paper, "a dark figure")
    red, green, blue = (int(DARK.paper[place : place + 2], 16) for place in (1, 3, 5))
    assert window.js("return getComputedStyle(document.body).backgroundColor") == f"rgb({red}, {green}, {blue})"


# ---- the list, the keyboard, comparing


def test_the_list_is_worked_by_keyboard(window: Browser, grown: Job, service: Service) -> None:
    other = service.client.submit(tiny_schedule(name="beside")).wait()
    window.open("/")
    window.until(lambda: window.js("return document.querySelectorAll('tr[data-row]').length >= 2"), "rows")
    window.press("j")
    assert window.js("return document.querySelector('tr.here').dataset.job") == other.id
    window.press("x")
    window.press("j")
    assert window.js("return document.querySelector('tr.here').dataset.job") != other.id
    window.press("k")
    assert window.js("return document.querySelector('tr.here').dataset.job") == other.id
    window.press("j")
    window.press("x")
    assert window.text(".selection").startswith("2 selected")
    window.press("?")
    assert window.js("return document.getElementById('keys').open")
    window.js("document.getElementById('keys').close()")
    window.press("/")
    assert window.js("return document.activeElement.id") == "search"
    window.js("document.activeElement.blur()")
    window.press("c")
    window.until(lambda: "/compare?item=" in window.driver.current_url, "comparing")
    drawn(window, "document.querySelector('[data-figure*=bands] .drawing')")
    window.press("s")
    window.until(lambda: window.driver.current_url.endswith("/submit"), "submitting")
    drawn(window, ENVELOPES)


def test_a_search_is_kept_and_forgotten(window: Browser, service: Service, grown: Job) -> None:
    window.open("/?uses=outcomes/final")
    window.find("[data-keeps] [name=name]").send_keys("with-finals")
    window.find("[data-keeps] button").click()
    window.until(lambda: "search=with-finals" in window.driver.current_url, "the kept search")
    assert window.js("return [...document.querySelectorAll('tr[data-job]')].length") == 1
    assert [each["filter"] for each in service.client.searches()] == [{"uses": ["outcomes/final"]}]
    window.find("[data-forgets=with-finals]").click()
    window.until(lambda: not window.driver.find_elements("css selector", ".searches"), "nothing is kept")
    assert list(service.client.searches()) == []


def test_the_list_is_live_and_shows_last_values(window: Browser, service: Service, grown: Job) -> None:
    window.open("/?series=probe.acc")
    window.until(
        lambda: window.driver.find_elements("css selector", f'[data-last="{grown.id}"] .spark polyline'), "spark"
    )
    job = growing(service, "comes-up", 3)
    window.until(lambda: job.id in window.driver.page_source, "the new job is listed by itself", 30)
    window.until(
        lambda: (
            window.js("return document.querySelector(`[data-job='${arguments[0]}'] .status`).innerText", job.id)
            == "succeeded"
        ),
        "and its end is told",
        90,
    )


# ---- submitting


def test_a_mistake_is_told_at_its_line_while_one_writes(window: Browser) -> None:
    window.open("/submit?example=quickstart")
    window.until(lambda: window.text("#verdict").startswith("It can run"), "it can run")
    drawn(window, ENVELOPES)
    number = 1 + (ROOT / "examples/quickstart.yaml").read_text().split("\n").index(
        '    until: {criterion: {probe: quiz-acc, op: ">=", value: 0.99, hold: 3}}'
    )
    window.js("const t = document.getElementById('document');"
              "t.value = t.value.replace('probe: quiz-acc, op', 'probe: quizz, op');"
              "t.dispatchEvent(new Event('input'))")  # fmt: skip
    window.until(lambda: window.text("#verdict") == "1 mistake", "the mistake")
    assert "quizz" in window.text("#findings")
    assert f"line {number}" in window.text("#findings")
    assert window.js("return document.querySelector('.gutter .error').textContent") == str(number)
    assert not window.find("#submission button").is_enabled()
    window.js("document.getElementById('document').value = document.getElementById('document').defaultValue")


def test_a_mistake_in_the_base_is_told_at_its_line_of_the_base(window: Browser) -> None:
    window.open("/submit?example=song-study")
    window.until(lambda: window.text("#verdict").startswith("It can run"), "it can run")
    row = window.js(
        "const t = document.getElementById('base'); t.value = t.value.replace('kind: linear', 'kind: linnear');"
        "t.dispatchEvent(new Event('input'));"
        "return 1 + t.value.split('\\n').findIndex((line) => line.includes('linnear'))"
    )
    window.until(lambda: f"line {row} of the base" in window.text("#findings"), "the line")
    assert window.js("return document.querySelector('.base .gutter .error').textContent") == str(row)
    window.click("#findings button:enabled")
    chosen = "const t = document.activeElement; return t.value.slice(t.selectionStart, t.selectionEnd)"
    assert "linnear" in window.js(chosen)
    window.js("document.getElementById('base').value = document.getElementById('base').defaultValue")


def test_what_is_refused_is_told_to_all(window: Browser, grown: Job) -> None:
    window.open("/")
    window.press("c")
    assert window.text("#said.notice").startswith("Select two to four")
    window.open(f"/jobs/{grown.id}")
    window.js("document.querySelector('[data-verb=delete]').dataset.verb = 'pause'")
    window.click("[data-verb=pause]")
    window.until(lambda: "succeeded" in window.text("#said.notice"), "why not")
    assert any("409" in each for each in window.complaints())


def test_the_list_tells_of_lives_that_were_lost(window: Browser, service: Service) -> None:
    organism = tiny_schedule()["organism"] | {"optimizer": {"kind": "sgd", "lr": 1e30}}
    organism["areas"]["V1"]["act"] = "none"
    lost = service.client.submit(tiny_schedule(name="lost", organism=organism)).wait()
    window.open("/")
    window.until(lambda: window.text(f"[data-fates='{lost.id}']") == "2 diverged", "lives that diverged")


def test_a_study_is_planned_and_submitted_from_the_page(window: Browser, service: Service) -> None:
    window.open("/submit?example=cataract-study")
    window.until(lambda: "44 % saved by sharing" in window.text("#plan"), "the plan")
    assert window.js("return document.getElementById('arm').options.length") == 35
    drawn(window, "document.querySelector('[data-figure*=sharing] .drawing')")
    window.open("/submit?example=members.costs.mse")
    window.until(lambda: window.find("#submission button").is_enabled(), "it can be submitted")
    window.find("#submission [name=name]").send_keys("from the page")
    window.find("#submission [name=labels]").send_keys("by:hand, set:one")
    window.find("#submission button").click()
    window.until(lambda: "/jobs/job_" in window.driver.current_url, "the job's page")
    job = service.client.job(window.driver.current_url.rpartition("/")[2])
    assert (job.state["name"], job.state["labels"]) == ("from the page", {"by": "hand", "set": "one"})
    job.wait()


# ---- the rest


@pytest.mark.parametrize("path", ["/catalogue", "/catalogue/rules", "/login", "/compare"])
def test_other_pages_are_quiet(window: Browser, path: str) -> None:
    window.open(path)
    assert window.text("h1")


def test_the_door_takes_a_form_and_tells_of_an_unknown_key(window: Browser) -> None:
    window.open("/login?next=/submit")
    window.find("#key").send_keys("ont_unknown\n")
    window.until(lambda: "unknown" in window.text("[role=alert]"), "it is refused")
    assert window.js("return document.querySelector('[name=next]').value") == "/submit"
    assert all("401" in each for each in window.complaints())


def test_the_contract_is_shown_from_local_files(window: Browser) -> None:
    window.open("/docs")
    window.until(lambda: window.driver.find_elements("css selector", "#swagger-ui .opblock"), "Swagger UI")


SIZES = """
return [...document.querySelectorAll('.drawing')].filter((each) => each.data)
  .map((each) => [each.offsetHeight, Number(each.querySelector('.main-svg').getAttribute('height'))]);
"""


def test_figures_keep_their_height_when_the_window_changes(window: Browser, grown: Job) -> None:
    window.open(f"/jobs/{grown.id}")
    drawn(window)
    before = window.js(SIZES)
    assert before
    assert all(place == figure for place, figure in before)
    try:
        window.driver.set_window_size(1000, 900)
        wide = f"return {FIGURE}._fullLayout.width === {FIGURE}.offsetWidth"
        window.until(lambda: window.js(wide), "the figure is as wide as its place")
        assert window.js(SIZES)[0] == before[0]
    finally:
        window.driver.set_window_size(1280, 1000)


def test_a_telephone_scrolls_figures_and_nothing_else(window: Browser, grown: Job) -> None:
    metrics = {"width": 400, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    window.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        for path in ("/", f"/jobs/{grown.id}", "/submit", "/catalogue/costs", f"/compare?item={grown.id}", "/login"):
            window.open(path)
            assert window.js("return document.documentElement.scrollWidth <= innerWidth"), path
        window.open(f"/jobs/{grown.id}")
        drawn(window)
        assert window.js(f"return {FIGURE}.offsetWidth") == window.js(f"return {FIGURE}.layout.meta.least_px") > 400
    finally:
        window.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("width", [800, 1920])
def test_nothing_sticks_out_of_a_narrow_or_a_wide_window(window: Browser, grown: Job, width: int) -> None:
    window.driver.set_window_size(width, 1000)
    try:
        for path in ("/", f"/jobs/{grown.id}", "/submit", "/catalogue/rules"):
            window.open(path)
            assert window.js("return document.documentElement.scrollWidth <= innerWidth"), path
    finally:
        window.driver.set_window_size(1280, 1000)
