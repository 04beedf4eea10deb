"""Gates: weights and plasticity that follow what a probe says of each life."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from build import tiny_schedule
from living import live, obeys_the_law, orders_of, planned

from models.engine import snapshot
from models.engine.cohort import birth
from models.engine.gates import Gates
from models.engine.stage import run
from models.specs.canonical import canonical
from models.specs.checks import check_document
from models.specs.document import read
from models.specs.envelopes import Gate, Scalar, span, value
from models.specs.numerics import NumericsSpec
from models.specs.plan import arm_keys
from models.specs.schedule import ScheduleSpec

EXAMPLE = Path(__file__).parents[3] / "examples" / "members" / "envelopes" / "gate.yaml"
GATE: dict[str, Any] = {"kind": "gate", "probe": "acc", "low": 0.2, "high": 0.6, "from": 1.0, "to": 0.2, "smooth": 2}


def gate(**changes: Any) -> Gate:
    return Gate.model_validate({"kind": "gate", "probe": "p", "low": 0.2, "high": 0.6} | changes)


@pytest.mark.parametrize(
    ("changes", "readings", "expected"),
    [
        ({}, (), 0.0),
        ({"initial": 0.7}, (), 0.7),
        ({}, (0.4,), 0.5),
        ({}, (0.9, 0.3), 0.25),
        ({"smooth": 2}, (0.0, 0.5, 0.3), 0.5),
        ({"smooth": 5}, (0.3, 0.5), 0.5),
        ({"from": 2.0, "to": 1.0}, (0.5,), 1.25),
        ({}, (0.1,), 0.0),
        ({}, (0.7,), 1.0),
        ({"shape": "step"}, (0.39,), 0.0),
        ({"shape": "step"}, (0.41,), 1.0),
    ],
)
def test_a_gate_has_the_value_by_hand(changes: dict[str, Any], readings: tuple[float, ...], expected: float) -> None:
    assert value(gate(**changes), 0.0, {"p": readings}) == pytest.approx(expected)
    scalar: Scalar = (2.0, gate(**changes))
    assert value(scalar, 99.0, {"p": readings}) == pytest.approx(2.0 * expected)
    low, high = span(gate(**changes))
    assert low <= expected <= high


def test_a_gate_keeps_the_last_readings_of_each_life_and_none_that_is_no_number() -> None:
    regime = planned(gated()).steps[0].regime
    (probe,) = regime.gates
    gates = Gates(birth(regime, [0, 1]), regime)
    assert gates.told() == ({probe: ()}, {probe: ()})
    for reading, told in (
        ((0.5, np.nan), ((0.5,), ())),
        ((np.nan, 0.75), ((0.5,), (0.75,))),
        ((0.25, 0.5), ((0.5, 0.25), (0.75, 0.5))),
        ((0.125, np.inf), ((0.25, 0.125), (0.75, 0.5))),
    ):
        gates.take(probe, np.array(reading, dtype=np.float32))
        assert gates.told() == tuple({probe: each} for each in told)
        assert gates.told() is gates.told()


def gated(place: str = "costs", weight: Any = GATE, every: str = "2ba", **more: Any) -> dict[str, Any]:
    """The tiny schedule with a gate in its first stage; the cost moves on in the second."""
    document = copy.deepcopy(tiny_schedule())
    document["stages"][0][place] = {"naming" if place == "costs" else "*": weight}
    if place != "costs":
        document["stages"][0]["costs"] = {"naming": 1.0}
    document["probes"]["acc"]["every"] = every
    return document | more


def test_the_weight_follows_the_readings_of_each_life() -> None:
    arm = planned(gated())
    _, histories = live(arm, [0, 1, 2])
    (probe,) = arm.probes
    for history in histories.values():
        readings = {offset: np.frombuffer(told, np.float32)[0] for offset, told in history[0, probe]}
        assert sorted(readings) == [0, 2, 4, 6, 8, 10]
        for offset, told in history[0, "weight.naming"]:
            last = [float(readings[at]) for at in sorted(readings) if at < offset][-2:]
            expected = value(Gate.model_validate(GATE), 0.0, {"acc": last})
            assert np.frombuffer(told, np.float32)[0] == pytest.approx(expected, abs=1e-6)
    weights = [np.frombuffer(history[0, "weight.naming"][-1][1], np.float32)[0] for history in histories.values()]
    assert len(set(weights)) == 3


def test_probes_that_only_cadence_tells_apart_are_read_each_at_its_own() -> None:
    document = gated()
    document["probes"]["seldom"] = document["probes"]["acc"] | {"every": "5ba"}
    assert keys(document) == keys(gated())
    document["stages"][0]["plasticity"] = {"V1": GATE | {"probe": "seldom"}}
    arm = planned(document)
    _, histories = live(arm, [0, 1])
    for history in histories.values():
        for series, name, every in (("weight.naming", "acc", 2), ("plasticity.V1", "seldom", 5)):
            told = history[0, arm.probe_names[name]]
            readings = {offset: float(np.frombuffer(value, np.float32)[0]) for offset, value in told}
            assert list(readings) == [*range(0, 11, every)]
            for offset, level in history[0, series]:
                last = [readings[at] for at in readings if at < offset][-2:]
                expected = value(Gate.model_validate(GATE), 0.0, {"acc": last})
                assert np.frombuffer(level, np.float32)[0] == pytest.approx(expected, abs=1e-6)


def everywhere() -> dict[str, Any]:
    """Gates in a cost, in plasticity, in a modulator, over a deficit's edge that cuts the stage and a triggered end."""
    document = gated(weight=[{"kind": "ramp", "end": "8ba", "from": 1.0, "to": 0.5}, GATE], every="3ba")
    document["stages"][1]["plasticity"] = {"V1": GATE | {"shape": "step"}}
    document["stages"][1] |= {"until": {"criterion": {"probe": "acc", "op": ">=", "value": 0.6}}, "limit": "40ba"}
    document["stages"].append(document["stages"][0] | {"name": "last", "until": {"after": "5ba"}})
    document["modulators"] = {"calm": {"level": GATE | {"smooth": 3}, "plasticity": {"head": 0.5}}}
    document["deficits"] = {"fog": {"transform": {"kind": "blur", "sigma": 1.0}, "onset": "4ba", "duration": "3ba"}}
    return document


def test_a_gated_life_obeys_the_law() -> None:
    arm = planned(everywhere())
    assert len(arm.steps) == 5
    whole, _ = obeys_the_law(arm, cuts=(1, 4))
    assert len(set(whole.age_N.tolist())) > 1


def test_what_is_asked_for_besides_changes_nothing() -> None:
    arm = planned(gated())
    first = arm.steps[0]
    asked, plain = birth(first.regime, [0, 1]), birth(first.regime, [0, 1])
    orders = orders_of(arm, first)
    list(run(asked, orders, 0, 10))
    list(run(plain, type(orders)(first.regime, offsets=(10,)), 0, 10))
    assert snapshot.state_hash(asked) == snapshot.state_hash(plain)


def keys(document: dict[str, Any]) -> list[str]:
    return arm_keys(planned(document), [0], NumericsSpec())


def test_what_a_gate_reads_is_in_the_key_and_the_name_of_its_probe_is_not() -> None:
    base = keys(gated())
    renamed = gated(weight=GATE | {"probe": "quiz"})
    renamed["probes"]["quiz"] = renamed["probes"].pop("acc")
    assert keys(renamed) == base
    assert base[0] not in (keys(gated(every="5ba"))[0], keys(gated(weight=GATE | {"high": 0.7}))[0])
    other = gated()
    other["probes"]["acc"]["n"] = 50
    assert keys(other)[0] != base[0]
    plain = tiny_schedule()
    plain["probes"]["acc"]["every"] = "2ba"
    assert keys(plain) == keys(tiny_schedule())
    more = gated()
    more["probes"]["norm"] = {"kind": "weight_norm", "at": "V1", "world": "quiz", "every": "1ba"}
    assert keys(more) == base
    form = canonical(ScheduleSpec.model_validate_json(orjson.dumps(gated())))
    assert canonical(form) == form
    assert ScheduleSpec.model_validate_json(form.model_dump_json()) == form


@pytest.mark.parametrize(
    ("document", "code", "pointer"),
    [
        (gated(), None, ""),
        (gated("plasticity"), None, ""),
        (gated(weight=GATE | {"probe": "ac"}), "E09", "/stages/0/costs/naming/probe"),
        (gated(weight=GATE | {"low": 0.6}), "E30", "/stages/0/costs/naming"),
        (gated(weight=GATE | {"from": -1.0}), "E30", "/stages/0/costs/naming"),
        (
            gated(probes={"acc": {"kind": "weight_norm", "at": "*", "world": "quiz", "every": "2ba"}}),
            "E36",
            "/stages/0/costs/naming/probe",
        ),
    ],
)
def test_gates_that_cannot_be_are_refused(document: dict[str, Any], code: str | None, pointer: str) -> None:
    errors = [(each.code, each.pointer) for each in check_document(document).errors]
    assert ((code, pointer) in errors) if code else not errors


def test_the_example_is_valid() -> None:
    assert check_document(dict(read(EXAMPLE.read_bytes()).data)).findings == ()
