"""Parameters of a query: nothing misspelt is passed over, and the contract names all that there are."""

from __future__ import annotations

import httpx
import pytest
from build import tiny_schedule

from service.wire.figures import FigureQuery
from service.wire.history import HistoryQuery


@pytest.fixture
def job(api: httpx.Client) -> str:
    return str(api.post("/v1/jobs", json={"document": tiny_schedule()}).json()["id"])


@pytest.mark.parametrize(
    ("path", "name", "hint"),
    [
        ("/v1/jobs?stauts=failed", "stauts", "did you mean 'status'?"),
        ("/v1/jobs?limit=1&labels=set:pilot", "labels", "did you mean 'label'?"),
        ("/v1/jobs/{job}/lives?arms=0", "arms", "did you mean 'arm'?"),
        ("/v1/jobs/{job}/history?serie=probe.*", "serie", "did you mean 'series'?"),
        ("/v1/jobs/{job}/figures/curves?serie=probe.*", "serie", "did you mean 'series'?"),
        ("/v1/jobs/{job}?wait=5", "wait", "nothing can be given here"),
        ("/v1/catalogue?family=costs", "family", "nothing can be given here"),
    ],
)
def test_a_parameter_that_no_route_takes_is_refused_with_the_nearest(
    api: httpx.Client, job: str, path: str, name: str, hint: str
) -> None:
    answer = api.get(path.format(job=job))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-parameter")
    assert answer.json()["errors"] == [
        {
            "pointer": f"/query/{name}",
            "code": "extra_forbidden",
            "message": f"there is no parameter '{name}'",
            "suggestion": {"text": hint},
        }
    ]


def test_a_member_that_no_body_has_is_refused_with_the_nearest(api: httpx.Client, job: str) -> None:
    (fault,) = api.patch(f"/v1/jobs/{job}", json={"nmae": "x"}).json()["errors"]
    assert (fault["message"], fault["suggestion"]) == ("there is no member 'nmae'", {"text": "did you mean 'name'?"})
    body = {"jobs": [job], "serie": ["probe.*"]}
    (fault,) = api.post("/v1/history/query", json=body).json()["errors"]
    assert (fault["pointer"], fault["suggestion"]) == ("/serie", {"text": "did you mean 'series'?"})


@pytest.mark.parametrize(
    ("label", "hint"), [("set=pilot", "write set:pilot"), ("setpilot", "write set:pilot"), ("-:a", "write set:pilot")]
)
def test_a_label_that_is_none_is_answered_with_how_one_is_written(api: httpx.Client, label: str, hint: str) -> None:
    for answer in (
        api.get("/v1/jobs", params={"label": label}),
        api.post("/v1/jobs/bulk", json={"action": "cancel", "filter": {"label": [label]}}),
    ):
        (fault,) = answer.json()["errors"]
        assert fault["message"] == f"a label is key:value, its key of letters, digits and . _ / -; not {label!r}"
        assert fault["suggestion"] == {"text": hint}
        assert "pattern" not in answer.text


@pytest.mark.parametrize("points", ["1", "0", "20001", "few", "-3"])
def test_a_number_of_points_that_is_none_is_answered_with_the_bounds(api: httpx.Client, job: str, points: str) -> None:
    (fault,) = api.get(f"/v1/jobs/{job}/history?points={points}").json()["errors"]
    assert (fault["pointer"], fault["message"]) == ("/query/points", "it is 2 to 20000, or all")


def test_the_contract_names_every_parameter_of_histories_and_figures(api: httpx.Client) -> None:
    paths = api.get("/openapi.json").json()["paths"]

    def named(path: str, method: str) -> dict[str, dict[str, object]]:
        return {each["name"]: each["schema"] for each in paths[path][method]["parameters"] if each["in"] == "query"}

    history = named("/v1/jobs/{job}/history", "get")
    members = {field.alias or name for name, field in HistoryQuery.model_fields.items()}
    assert history.keys() == members - {"axis"}
    assert history["points"]["default"] == 1000
    assert history["method"]["enum"] == ["minmaxlttb", "m4", "mean", "none"]
    assert "null" not in str(history)
    for path, method in (("/v1/jobs/{job}/figures/{figure}", "get"), ("/v1/figures/{figure}", "post")):
        drawn = named(path, method)
        assert drawn.keys() >= FigureQuery.model_fields.keys() - {"history"}
        assert {"series", "arm", "from", "points"} <= drawn.keys()
