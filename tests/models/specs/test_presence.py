"""The 0-or-1 shadow of a level agrees with the level itself at every batch."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from models.specs import presence
from models.specs.envelopes import Scalar, value
from models.specs.in_force import window_level
from models.specs.overlays import CriticalPeriodSpec

BATCH = 20
SCALAR: TypeAdapter[Any] = TypeAdapter(Scalar)
batches = st.integers(0, 12).map(lambda count: count * BATCH)
levels = st.sampled_from([0.0, 0.5, 2.0])


def sp(samples: int) -> str:
    return f"{samples}sp"


ramps = st.builds(
    lambda start, length, low, high: {
        "kind": "ramp",
        "start": sp(start),
        "end": sp(start + BATCH + length),
        "from": low,
        "to": high,
    },
    batches,
    batches,
    levels,
    levels,
)
pulses = st.builds(
    lambda onset, duration, height, base: {
        "kind": "pulse",
        "onset": sp(onset),
        "duration": sp(duration),
        "height": height,
        "base": base,
    },
    batches,
    batches,
    levels,
    levels,
)
steps = st.lists(st.tuples(batches, levels), max_size=4, unique_by=lambda point: point[0]).map(
    lambda points: {
        "kind": "steps",
        "points": [["0sp", 0.0], *([sp(time), level] for time, level in sorted(points) if time)],
    }
)
decays = st.builds(
    lambda start, base, floor, restarts: {
        "kind": "decay",
        "start": sp(start),
        "half_life": "40sp",
        "base": base,
        "floor": floor,
        "restart_at": [sp(each) for each in restarts],
    },
    batches,
    levels,
    levels,
    st.lists(batches, max_size=3),
)
envelopes = st.one_of(ramps, pulses, steps, decays)


@given(st.lists(envelopes, min_size=1, max_size=3))
@settings(deadline=None)
def test_envelopes_become_one_where_they_are_not_zero(parts: list[dict[str, Any]]) -> None:
    scalar = SCALAR.validate_python(parts)
    shadow = presence.of_envelopes(scalar, BATCH)
    for time in range(0, 40 * BATCH, BATCH):
        assert value(shadow, time) == float(value(scalar, time) != 0.0), time


@given(
    st.tuples(batches, batches, batches, levels, levels),
    st.lists(st.tuples(batches, batches, levels), max_size=1),
)
@settings(deadline=None)
def test_windows_become_one_where_they_are_not_zero(
    window: tuple[int, int, int, float, float], reopen: list[tuple[int, int, float]]
) -> None:
    opens, length, edge, open_level, closed_level = window
    closes = opens + edge + BATCH + length
    period = CriticalPeriodSpec.model_validate(
        {
            "areas": ["V1"],
            "opens": sp(opens),
            "closes": sp(closes),
            "edge": sp(edge),
            "open_level": open_level,
            "closed_level": closed_level,
            "reopen": [
                {"at": sp(closes + edge + gap), "duration": sp(edge + BATCH + more), "level": level}
                for gap, more, level in reopen
            ],
        }
    )
    shadow = presence.of_period(period, BATCH)
    for age in range(0, 100 * BATCH, BATCH):
        assert value(shadow, age) == float(window_level(period, age) != 0.0), age
