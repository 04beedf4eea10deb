"""House law: no credit rule without a row in the benchmark of rules, on every bench that its family has."""

from __future__ import annotations

import pytest

from benchmarks.rules.cases import ELSEWHERE, TRIALS
from models.specs import catalogue, credit

KINDS = [catalogue.kind_of(spec) for spec in catalogue.members(credit.RuleSpec)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_is_put_to_the_proof_on_every_bench_it_owes(kind: str) -> None:
    benches = {trial.title.rsplit(".", 1)[1] for trial in TRIALS if trial.kind == kind}
    assert benches >= ELSEWHERE.get(kind, frozenset("AB"))


def test_no_row_is_of_another_rule_and_none_is_there_twice() -> None:
    assert {trial.kind for trial in TRIALS} | ELSEWHERE.keys() <= set(KINDS)
    titles = [trial.title for trial in TRIALS]
    assert len(titles) == len(set(titles))
