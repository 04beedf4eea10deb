from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from build import tiny_schedule

from models.specs.document import Parsed, read
from models.specs.numerics import NumericsSpec
from service import lineage, submission
from service.errors import Conflict, NotFound, Refused
from service.settings import Settings
from service.store.access import ANYONE_HERE, Repeat
from service.store.engine import Database, migrate
from service.store.tables.access import idempotency_key
from service.store.tables.work import job, trajectory
from service.submission import About, Prepared, Submitted
from service.wire.jobs import NewJobBody

EXAMPLES = Path(__file__).parents[2] / "examples"
NUMERICS = NumericsSpec()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    migrate(settings.database_url)
    opened = Database(settings.database_url)
    yield opened
    opened.close()


def prepared(**changes: Any) -> Prepared:
    return submission.prepare(Parsed(tiny_schedule(**changes)), None, NUMERICS)


def study(**changes: Any) -> dict[str, Any]:
    return read((EXAMPLES / "cataract-study.yaml").read_bytes()).data | changes


def base() -> dict[str, Any]:
    return read((EXAMPLES / "cataract-blur.yaml").read_bytes()).data


def rows(database: Database, table: sa.Table) -> int:
    with database.read() as db:
        return int(db.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def test_an_axis_makes_arms_that_keep_their_labels() -> None:
    whole = submission.prepare(Parsed(study()), base(), NUMERICS)
    assert (whole.kind, len(whole.arms), whole.seeds) == ("study", 35, (*range(6), *range(100, 110)))
    assert whole.arms[0].labels == {"onset": "0ep", "duration": "0ep", "kind": "blur"}
    assert whole.document["base"]["name"] == "cataract-blur"


def test_the_id_of_a_study_counts_its_base_but_no_names() -> None:
    first = submission.prepare(Parsed(study()), base(), NUMERICS).document_id
    renamed = submission.prepare(Parsed(study(notes="x")), base() | {"notes": "y"}, NUMERICS).document_id
    longer = base()
    longer["stages"][0]["until"] = {"after": "190ep"}
    assert first == renamed
    assert first != submission.prepare(Parsed(study()), longer, NUMERICS).document_id


def test_a_stored_study_can_be_prepared_again_by_itself() -> None:
    first = submission.prepare(Parsed(study()), base(), NUMERICS)
    again = submission.prepare(Parsed(first.document), None, NUMERICS)
    assert again.document_id == first.document_id
    assert [arm.document_id for arm in again.arms] == [arm.document_id for arm in first.arms]


@pytest.mark.parametrize(
    ("document", "sent", "code"),
    [
        (tiny_schedule(), base(), "E23"),
        (study(base=base()), base(), "E23"),
        (study(base="other"), base(), "E16"),
    ],
)
def test_a_base_that_nobody_named_is_refused(document: dict[str, Any], sent: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as caught:
        submission.prepare(Parsed(document), sent, NUMERICS)
    assert [each["code"] for each in caught.value.more["errors"] if each["pointer"] == "/base"] == [code]


def test_a_refusal_carries_every_finding_with_its_position() -> None:
    text = b"ontogeny: '1'\nkind: schedule\nnam: x\n"
    with pytest.raises(Refused) as caught:
        submission.prepare(read(text), None, NUMERICS)
    assert caught.value.problem_code == "invalid-schedule"
    errors = caught.value.more["errors"]
    assert ("/nam", 3, 1) in [(each["pointer"], each["line"], each["column"]) for each in errors]
    assert len(errors) > 3


def test_a_job_and_the_row_of_its_key_are_stored_together(database: Database, settings: Settings) -> None:
    repeat = Repeat("", "POST", "/v1/jobs", "k", "digest")

    def submit() -> Submitted:
        return submission.submit(database, settings, ANYONE_HERE, prepared(), About(), repeat)

    first, again = submit(), submit()
    assert (first.replayed, again.replayed, first.job == again.job) == (False, True, True)
    assert (rows(database, job), rows(database, idempotency_key)) == (1, 1)
    assert first.ring
    assert again.ring == ()


def test_a_failure_half_way_stores_neither_job_nor_key(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr("service.store.access.remember", broken)
    repeat = Repeat("", "POST", "/v1/jobs", "k", "digest")
    with pytest.raises(RuntimeError, match="power cut"):
        submission.submit(database, settings, ANYONE_HERE, prepared(), About(), repeat)
    assert (rows(database, job), rows(database, trajectory), rows(database, idempotency_key)) == (0, 0, 0)


def test_the_same_document_again_makes_no_new_trajectory(database: Database, settings: Settings) -> None:
    for name in ("one", "two"):
        submission.submit(database, settings, ANYONE_HERE, prepared(name=name), About(), None)
    assert (rows(database, job), rows(database, trajectory)) == (2, 1)


def test_only_failed_and_cancelled_jobs_are_retried(database: Database, settings: Settings) -> None:
    stored = submission.submit(database, settings, ANYONE_HERE, prepared(), About(), None)
    house = submission.Door(database, settings, ANYONE_HERE, None)
    with pytest.raises(Conflict) as caught:
        lineage.retry(house, stored.job, NewJobBody())
    assert caught.value.more["allowed"] == ["cancel", "pause", "fork", "extend"]
    with pytest.raises(NotFound):
        lineage.retry(house, "job_x", NewJobBody())
