from __future__ import annotations

from typing import Any

import orjson
import pytest

from models.errors import Refused
from models.specs.order import area_order, cycle
from models.specs.organism import OrganismSpec
from models.specs.shapes import area_shapes, channel_for, parameter_count


def organism(
    areas: dict[str, Any], pathways: list[tuple[str, str]], shape: tuple[int, ...] = (2, 8, 8)
) -> OrganismSpec:
    document = {
        "senses": {"retina": {"shape": shape}, "tone": {"shape": [5]}},
        "areas": areas,
        "pathways": [{"from": source, "to": target} for source, target in pathways],
    }
    return OrganismSpec.model_validate_json(orjson.dumps(document))


LINEAR = {"kind": "linear", "size": 4}


def test_a_linear_area_flattens_and_joins_its_inputs():
    body = organism({"V1": LINEAR}, [("retina", "V1"), ("tone", "V1")])
    assert area_shapes(body)["V1"] == (4,)
    assert parameter_count(body) == (128 + 5) * 4 + 4


def test_depth_adds_square_layers():
    body = organism({"V1": {**LINEAR, "depth": 3, "bias": False}}, [("tone", "V1")])
    assert parameter_count(body) == 5 * 4 + 2 * 16


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({}, (6, 8, 8)),
        ({"kernel": 3, "pad": 0}, (6, 6, 6)),
        ({"kernel": 3, "stride": 2}, (6, 4, 4)),
        ({"kernel": 3, "stride": 2, "depth": 2}, (6, 4, 4)),
        ({"kernel": 3, "pool": 3}, (6, 2, 2)),
        ({"kernel": 5, "pad": 0, "depth": 2, "pad_": None}, None),
    ],
)
def test_a_conv_area_strides_once_and_pools_whole_tiles(options: dict[str, Any], shape: tuple[int, ...] | None):
    options = {key: option for key, option in options.items() if not key.endswith("_")}
    body = organism({"V1": {"kind": "conv", "channels": 6, **options}}, [("retina", "V1")])
    if shape is None:
        with pytest.raises(Refused) as caught:
            area_shapes(body)
        assert [each.pointer for each in caught.value.findings] == ["/organism/areas/V1"]
    else:
        assert area_shapes(body)["V1"] == shape


def test_parameters_of_a_conv_area_are_counted_over_joined_maps():
    areas = {"V1": {"kind": "conv", "channels": 3}, "V2": {"kind": "conv", "channels": 4, "depth": 2}}
    body = organism(areas, [("retina", "V1"), ("retina", "V2"), ("V1", "V2")])
    assert parameter_count(body) == (2 * 9 * 3 + 3) + (5 * 9 * 4 + 4) + (4 * 9 * 4 + 4)


def test_conv_refuses_signals_and_unequal_fields():
    conv = {"kind": "conv", "channels": 3}
    for areas, pathways in (
        ({"V1": conv}, [("tone", "V1")]),
        ({"V0": {**conv, "pool": 2}, "V1": conv}, [("retina", "V0"), ("retina", "V1"), ("V0", "V1")]),
    ):
        with pytest.raises(Refused) as caught:
            area_shapes(organism(areas, pathways))
        assert [(each.code, each.pointer) for each in caught.value.findings] == [("E14", "/organism/areas/V1")]


def test_an_area_without_input_is_refused():
    with pytest.raises(Refused, match="no pathway leads to it"):
        area_shapes(organism({"V1": LINEAR, "lone": LINEAR}, [("tone", "V1")]))


def test_order_puts_inputs_first_and_keeps_the_document_otherwise():
    areas = {"head": LINEAR, "IT": LINEAR, "V1": LINEAR, "side": LINEAR}
    body = organism(areas, [("IT", "head"), ("V1", "IT"), ("tone", "V1"), ("tone", "side")])
    assert area_order(body) == ("V1", "IT", "head", "side")


def test_a_cycle_is_told_and_refused():
    areas = {"A": LINEAR, "B": LINEAR, "C": LINEAR}
    body = organism(areas, [("tone", "A"), ("A", "B"), ("B", "C"), ("C", "B")])
    assert set(cycle(body)) == {"B", "C"}
    assert cycle(body)[0] == cycle(body)[-1]
    with pytest.raises(Refused, match="a cycle without delay"):
        area_order(body)


def test_a_sense_is_fed_by_its_channel_its_name_or_the_only_one():
    one = organism({"V1": LINEAR}, [("tone", "V1")]).senses["tone"]
    assert channel_for("tone", one, {"tone": (5,), "other": (5,)}) == "tone"
    assert channel_for("tone", one, {"signal": (5,)}) == "signal"
    assert channel_for("tone", one, {"signal": (5,), "other": (5,)}) is None
    assert channel_for("tone", one.model_copy(update={"channel": "other"}), {"signal": (5,), "other": (5,)}) == "other"
