"""What probes look at."""

from __future__ import annotations

import torch
from raising import chain, one_stage

from models.engine import measure
from models.engine.cohort import Cohort, birth
from models.engine.examiner import portion_of
from models.engine.feed import Stream
from models.engine.measure import Exam, Items
from models.engine.organism import Organism
from models.specs.regime import RegimeSpec

REGIME = one_stage(chain(9, 8, act="relu"))


def exam(cohort: Cohort, n: int, regime: RegimeSpec = REGIME) -> Exam:
    organism = Organism(regime.organism)
    stream = Stream(regime.world, regime.organism.senses, {})
    items = Items(stream, n, portion_of(cohort, range(len(cohort.seeds))), organism)
    return Exam(items, {name: each.cost for name, each in regime.costs.items()})


def test_all_lives_see_the_same_items_and_more_items_begin_with_the_fewer() -> None:
    cohort = birth(REGIME, [0, 1])
    few, many = (exam(cohort, n).moment().batch.index_NB for n in (10, 30))
    assert torch.equal(few[0], few[1])
    assert torch.equal(few, many[:, :10])
    assert len(set(many[0].tolist())) == 30


def test_gradients_are_those_of_autograd_and_zero_where_the_cost_does_not_reach() -> None:
    local = one_stage(chain(9, 8), costs={"quiet": {"kind": "activity", "at": "a2"}})
    gradients = exam(birth(local, [0]), 20, local).gradients("quiet", by_rule=False)
    assert gradients["area/a2/bias"].any()
    assert not gradients["area/a1/bias"].any()
    assert not gradients["area/head/bias"].any()


def test_item_norms_are_the_squared_norms_of_the_gradient_of_each_item(monkeypatch) -> None:
    cohort = birth(REGIME, [0, 1])

    def value(moment):
        return moment.rate["head"].log_softmax(-1)[..., 3].sum(dim=(1, 2))

    whole = exam(cohort, 6).item_norms(value)
    monkeypatch.setattr(measure, "ITEM_FLOATS", 1)
    assert all(torch.equal(whole[area], each) for area, each in exam(cohort, 6).item_norms(value).items())
    moment = exam(cohort, 6).moment()
    x, h = moment.rate["a2"][:, :, 0], moment.rate["head"][:, :, 0]
    d = torch.eye(10)[3] - h.softmax(-1)
    torch.testing.assert_close(whole["head"], (x.square().sum(-1) + 1) * d.square().sum(-1), rtol=1e-4, atol=1e-6)


def test_chunks_join_to_the_whole(monkeypatch) -> None:
    cohort = birth(REGIME, [0, 1])
    whole = exam(cohort, 40).moment()
    monkeypatch.setattr(measure, "CHUNK", 16)
    parts = exam(cohort, 40).moment()
    assert parts.rate["head"].shape == whole.rate["head"].shape
    torch.testing.assert_close(parts.rate["head"], whole.rate["head"])
    torch.testing.assert_close(exam(cohort, 40).cost("naming"), exam(cohort, 40).cost("naming"))


def test_a_cost_the_cohort_never_met_is_measured_with_its_first_decoder() -> None:
    costs = {"rebuild": {"kind": "autoencode", "at": "a1"}}
    regime = one_stage(chain(9, 8, act="relu"), costs=costs)
    met, never = birth(regime, [0, 1]), birth(REGIME, [0, 1])
    torch.testing.assert_close(exam(met, 20, regime).cost("rebuild"), exam(never, 20, regime).cost("rebuild"))
