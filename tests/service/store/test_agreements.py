from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from simulated import Bench, arm, step

from models.specs.numerics import NumericsSpec
from service.store import agreements
from service.store.agreements import Disagreement, agree, require_same_bits, require_same_place
from service.store.blobs import MARK
from service.store.engine import Database
from service.store.folder import Folder

NUMERICS = NumericsSpec()


def names(database: Database) -> list[str]:
    with database.read() as db:
        return [row["name"] for row in agreements.agreed(db)]


def test_the_first_that_looks_says_what_all_must_find(database: Database) -> None:
    assert agree(database, "x", "1", "w1")[1]
    known, first = agree(database, "x", "2", "w2")
    assert (known["value"], known["owner"], first) == ("1", "w1", False)
    with database.write() as db:
        assert agreements.forget(db, "x")
        assert not agreements.forget(db, "x")
    assert agree(database, "x", "2", "w2")[0]["value"] == "2"


def test_a_machine_that_makes_other_bits_is_told_what_to_do(database: Database) -> None:
    require_same_bits(database, NUMERICS, "aaaa", "old:0")
    require_same_bits(database, NUMERICS, "aaaa", "old:1")
    with pytest.raises(Disagreement, match=r"other bits \(bbbb\) than that of old:0 \(aaaa\)") as refusal:
        require_same_bits(database, NUMERICS, "bbbb", "new:0")
    (name,) = names(database)
    assert f"`ontogeny fleet forget {name}`" in str(refusal.value)


def test_another_numerics_class_agrees_on_bits_of_its_own(database: Database) -> None:
    require_same_bits(database, NUMERICS, "aaaa", "old:0")
    require_same_bits(database, NUMERICS.model_copy(update={"torch": "2.14.0"}), "bbbb", "new:0")
    assert len(names(database)) == 2


def test_a_place_without_the_mark_of_the_first_is_refused(bench: Bench, tmp_path: Path) -> None:
    """An empty folder is no worse than another as long as nothing is stored; then it is one that was not mounted."""
    place = Folder(tmp_path / "shared")
    require_same_place(bench.database, place, "w1")
    (place.folder / MARK).unlink()
    require_same_place(bench.database, place, "w2")
    bench.submit(arm(step(0, 5)))
    bench.run()
    require_same_place(bench.database, place, "w3")
    with pytest.raises(Disagreement, match="has no mark") as refusal:
        require_same_place(bench.database, Folder(tmp_path / "not-mounted"), "w4")
    assert not (tmp_path / "not-mounted").exists()
    (tmp_path / "not-mounted").mkdir()
    told = str(refusal.value).split(" into ")[0].rpartition("write ")[2]
    (tmp_path / "not-mounted" / MARK).write_text(told)
    require_same_place(bench.database, Folder(tmp_path / "not-mounted"), "w4")


def test_two_databases_do_not_share_a_place(database: Database, sqlite_template: Path, tmp_path: Path) -> None:
    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    (tmp_path / "other.db").write_bytes(sqlite_template.read_bytes())
    place = Folder(tmp_path / "shared")
    require_same_place(database, place, "w1")
    with pytest.raises(Disagreement, match="belongs to another database"):
        require_same_place(other, place, "w2")
    other.close()


def test_what_was_stored_before_there_were_marks_is_taken_over(bench: Bench, tmp_path: Path) -> None:
    bench.submit(arm(step(0, 5)))
    bench.run()
    with bench.database.write() as db:
        db.execute(sa.delete(agreements.agreement))
    require_same_place(bench.database, Folder(tmp_path / "home"), "w1")
    require_same_place(bench.database, Folder(tmp_path / "home"), "w2")
