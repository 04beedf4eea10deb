from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import httpx
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from fastapi import Depends, FastAPI, Request, Response

from models.specs.plan import Span
from service.api import negotiation, problems, writers
from service.api.negotiation import Subject, etag, history_query, limits_of, respond
from service.api.shared import Shared
from service.store import history
from service.store.clock import Notes
from service.store.history import SeriesGroup
from service.store.path import ArmPath, Piece
from service.store.tables.record import history_block, history_chunk, series
from service.store.traces import chosen_arms
from service.wire.history import HistoryQuery

ARROW = negotiation.MEDIA["arrow"]
PARQUET = negotiation.MEDIA["parquet"]
ROWS = 3000


def block(start: int, end: int) -> history.EncodedBlock:
    offsets = np.arange(start + 1, end + 1)
    values = (np.sin(offsets[:, None] / 50) + np.arange(2)).astype(np.float32)
    values[offsets == 7, 1] = np.nan
    values[offsets == 8, 1] = np.inf
    group = SeriesGroup(["cost.a"], offsets, values[None], None)
    return history.encode_block(start, end, [group], Notes.even(end, (end - start) * 0.001))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    made = sa.create_engine(f"sqlite:///{tmp_path / 'history.db'}")
    series.metadata.create_all(made, tables=[series, history_block, history_chunk])
    with made.begin() as db:
        history.append_block(db, "trj_1", 0, 1, block(0, ROWS))
    yield made
    made.dispose()


class Web:
    """Asks an app over HTTP, without a server."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def get(
        self, path: str, params: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                client.headers.pop("Accept")
                asked = {"series": "cost.*"} | (params or {})
                return await client.get(path, params=asked, headers=headers)

        return asyncio.run(once())


@pytest.fixture
def web(engine: sa.Engine) -> Web:
    app = FastAPI()
    app.state.shared = Shared()
    problems.install(app)

    @app.get("/history")
    def ask(request: Request, query: Annotated[HistoryQuery, Depends(history_query)]) -> Response:
        limits = limits_of(query, 10, 200, None)
        with engine.connect() as db:
            reached = history.end_of(db, "trj_1") or 0
        spans = (Span("early", 0, 1000, 0), Span("late", 1000, 9000, 0))
        piece = Piece("trj_1", (3, 5), 10, (0, 0), (9000, 9000), reached, spans, decided=False)
        arms = [ArmPath(0, {"onset": "2ep"}, (piece,), {}), ArmPath(1, {"onset": "3ep"}, (), {})]
        return respond(request, engine.connect, Subject("job_1", chosen_arms(arms, query), False, query, limits))

    return Web(app)


def test_json_is_the_whole_answer_in_columns(web: Web) -> None:
    response = web.get("/history", params={"points": 100})
    answer = response.json()
    assert response.headers["content-type"] == "application/json"
    assert response.headers["vary"] == "Accept"
    assert list(answer) == ["query", "x", "traces", "thinning", "stages", "complete", "upto_sp", "next_after"]
    assert answer["query"]["points"] == 100
    assert answer["query"]["method"] == "minmaxlttb"
    assert answer["x"] == {"name": "age", "unit": "sp"}
    assert orjson.loads(response.headers["ontogeny-thinning"]) == answer["thinning"]
    assert answer["thinning"]["values_in"] == 2 * ROWS
    assert answer["upto_sp"] == [ROWS * 10, 0]
    one, other = answer["traces"]
    assert (one["series"], one["arm"], one["labels"], one["seed"], one["stat"]) == (
        "cost.a",
        0,
        {"onset": "2ep"},
        3,
        None,
    )
    assert len(one["x"]) == len(one["y"]) <= 102
    assert one["nonfinite"] == []
    at = [index for index, _ in other["nonfinite"]]
    assert [other["x"][index] for index in at] == [70, 80]
    assert [what for _, what in other["nonfinite"]] == ["nan", "inf"]
    assert [other["y"][index] for index in at] == [None, None]


def test_over_lives_a_trace_has_band_and_count(web: Web) -> None:
    trace = web.get("/history", params={"over": "seed", "points": 50}).json()["traces"][0]
    assert set(trace["band"]) == {"kind", "level", "few", "lo", "hi"}
    assert len(trace["band"]["lo"]) == len(trace["n"]) == len(trace["x"])
    assert trace["excluded"] == 2
    assert (trace["seed"], trace["stat"]) == (None, "mean")


def test_csv_declares_thinning_first(web: Web) -> None:
    for params, exact in (({"points": "all"}, True), ({"points": "50"}, False)):
        response = web.get("/history", params=params, headers={"Accept": "text/csv"})
        first, rest = response.text.split("\n", 1)
        assert orjson.loads(first.removeprefix("# thinning: "))["exact"] is exact
        rows = list(csv.DictReader(io.StringIO(rest)))
        if exact:
            assert len(rows) == 2 * ROWS
            assert rows[ROWS + 6] == {
                "job": "job_1", "arm": "0", "seed": "5", "trajectory": "trj_1", "series": "cost.a", "stage": "early",
                "age_sp": "70", "update": "7", "wall_s": "0.007", "value": "nan",
            }  # fmt: skip
            assert (rows[999]["stage"], rows[1000]["stage"]) == ("early", "late")
        else:
            assert set(rows[0]) == {"job", "series", "unit", "arm", "labels", "seed", "stat", "x", "value"}


@pytest.mark.parametrize("form", ["arrow", "parquet"])
def test_an_export_is_lossless_and_carries_its_question(web: Web, form: str) -> None:
    response = web.get("/history", params={"points": "all", "format": form})
    assert response.headers["content-type"] == negotiation.MEDIA[form]  # type: ignore[index]
    table = (
        pa.ipc.open_stream(response.content).read_all()
        if form == "arrow"
        else pq.read_table(io.BytesIO(response.content))
    )
    assert table.schema.field("value").type == pa.float32()
    stored = np.concatenate(_values())
    assert table["value"].to_numpy().tobytes() == stored.tobytes()
    assert table["age_sp"].to_pylist()[:2] == [10, 20]
    assert table["wall_s"].to_numpy()[ROWS - 1] == pytest.approx(ROWS * 0.001)
    about = table.schema.metadata
    assert orjson.loads(about[b"ontogeny.thinning"])["exact"] is True
    assert orjson.loads(about[b"ontogeny.query"])["points"] == "all"
    if form == "parquet":
        assert pq.ParquetFile(io.BytesIO(response.content)).num_row_groups == 1


def _values() -> list[np.ndarray]:
    offsets = np.arange(1, ROWS + 1)
    values = (np.sin(offsets[:, None] / 50) + np.arange(2)).astype(np.float32)
    values[6, 1], values[7, 1] = np.nan, np.inf
    return [values[:, 0], values[:, 1]]


@pytest.mark.parametrize("form", ["arrow", "parquet", "csv"])
def test_bands_and_empty_answers_have_a_table_too(web: Web, form: str) -> None:
    for params in (
        {"over": "seed"},
        {"series": "nothing"},
        {"series": "nothing", "points": "all"},
        {"smooth": "ewm:100"},
    ):
        response = web.get("/history", params={**params, "format": form})
        assert response.status_code == 200
        if form == "parquet":
            columns = pq.read_table(io.BytesIO(response.content)).column_names
            assert ({"lo", "hi", "n"} <= set(columns)) == ("over" in params)


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("text/html, application/xhtml+xml, */*;q=0.8", "application/json"),
        ("text/csv;q=0.5, application/json;q=0.4", "text/csv"),
        (f"{PARQUET}, application/json", PARQUET),
        (f"{ARROW};q=0, text/csv", "text/csv"),
    ],
)
def test_accept_decides_the_form(web: Web, accept: str | None, media: str) -> None:
    headers = {} if accept is None else {"Accept": accept}
    assert web.get("/history", headers=headers).headers["content-type"].startswith(media)


def test_the_parameter_outweighs_accept(web: Web) -> None:
    response = web.get("/history", params={"format": "csv"}, headers={"Accept": "application/json"})
    assert response.headers["content-type"].startswith("text/csv")


def test_a_form_that_cannot_be_given_is_406_and_lists_what_can(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    response = web.get("/history", headers={"Accept": "image/png"})
    assert response.status_code == 406
    assert "text/csv" in response.json()["detail"]
    monkeypatch.setattr(negotiation.importlib.util, "find_spec", lambda name: None)
    response = web.get("/history", params={"format": "parquet"})
    assert (response.status_code, response.json()["code"]) == (406, "not-acceptable")
    assert "ontogeny[arrow]" in response.json()["detail"]


def test_an_answer_that_is_known_is_304_until_something_is_committed(web: Web, engine: sa.Engine) -> None:
    tag = web.get("/history").headers["etag"]
    assert tag.startswith('W/"')
    known = {"If-None-Match": f'"other", {tag}'}
    response = web.get("/history", headers=known)
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["etag"] == tag
    assert web.get("/history", params={"points": 50}, headers=known).status_code == 200
    assert web.get("/history", params={"format": "csv"}, headers=known).status_code == 200
    with engine.begin() as db:
        history.seal(db, "trj_1", final=True)
    assert web.get("/history", headers=known).status_code == 304
    with engine.begin() as db:
        history.append_block(db, "trj_1", 0, 1, block(ROWS, ROWS + 5))
    assert web.get("/history", headers=known).status_code == 200


def test_a_stage_whose_end_was_decided_is_another_answer(engine: sa.Engine) -> None:
    spans, query = (Span("early", 0, 1000, 0),), HistoryQuery.model_validate({})

    def tag(*, decided: bool) -> str:
        piece = Piece("trj_1", (3,), 10, (0,), (1000,), 1000, spans, decided=decided)
        with engine.connect() as db:
            return etag(db, query, "json", [Subject("job_1", [ArmPath(0, {}, (piece,), {})], False, query)])

    assert tag(decided=False) == tag(decided=False) != tag(decided=True)


def test_a_304_decodes_nothing(web: Web, engine: sa.Engine) -> None:
    tag = web.get("/history").headers["etag"]
    with engine.begin() as db:
        db.execute(sa.update(history_block).values(data=b"broken"))
    assert web.get("/history", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"points": "1"}, "/query/points"),
        ({"points": "20001"}, "/query/points"),
        ({"points": "some"}, "/query/points"),
        ({"method": "every"}, "/query/method"),
        ({"x": "time"}, "/query/x"),
        ({"stat": "q00", "over": "seed"}, "/query/stat/0"),
        ({"level": "1", "over": "seed"}, "/query/level"),
        ({"smooth": "ewm"}, "/query/smooth"),
        ({"from": "40 epochs"}, "/query/from"),
        ({"unknown": "1"}, "/query/unknown"),
        ({"arm": "-1"}, "/query/arm/0"),
        ({"x": "stage_time"}, "/query"),
        ({"stat": "sd"}, "/query"),
        ({"band": "sd"}, "/query"),
        ({"by": "axis.onset"}, "/query"),
        ({"by": "seed", "over": "seed"}, "/query/by"),
        ({"after": "x", "smooth": "ewm:3"}, "/query"),
    ],
)
def test_a_wrong_parameter_is_named(web: Web, params: dict[str, str], pointer: str) -> None:
    response = web.get("/history", params=params)
    assert (response.status_code, response.json()["code"]) == (400, "bad-parameter")
    assert response.json()["errors"][0]["pointer"].startswith(pointer)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"from": "1st"}, "invalid-query"),
        ({"stage": "adulthood"}, "invalid-query"),
        ({"from": "1ep", "x": "wall"}, "invalid-query"),
        ({"after": "nonsense"}, "cursor-mismatch"),
        ({"over": "seed", "by": "axis.colour"}, "invalid-query"),
    ],
)
def test_a_question_without_meaning_is_refused(web: Web, params: dict[str, str], code: str) -> None:
    assert web.get("/history", params=params).json()["code"] == code


def test_durations_are_bounds_and_labels_choose_arms(web: Web) -> None:
    answer = web.get("/history", params={"from": "1ep", "to": "25ba", "seed": 3, "axis.onset": "2ep"}).json()
    assert answer["traces"][0]["x"] == [200, 210, 220, 230, 240, 250]
    assert answer["query"]["axis"] == {"onset": "2ep"}
    assert len(answer["upto_sp"]) == 1
    assert web.get("/history", params={"axis.onset": "4ep"}).json()["traces"] == []


def test_too_many_values_for_json_are_refused_with_advice(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "MAX_JSON_VALUES", 100)
    for params in ({"points": "all"}, {"points": "all", "seed": 3}, {"points": 101}):
        response = web.get("/history", params=params)
        assert (response.status_code, response.json()["code"]) == (422, "invalid-query")
        assert "at most 100" in response.json()["detail"]
        assert "text/csv" in response.json()["detail"]
    assert web.get("/history", params={"points": "all", "format": "csv"}).status_code == 200


def test_json_of_a_float_is_the_shortest_text_that_gives_the_float_again(web: Web) -> None:
    answer: dict[str, Any] = web.get("/history", params={"points": "all", "seed": 3}).json()
    assert np.array_equal(np.array(answer["traces"][0]["y"], np.float32), _values()[0])
