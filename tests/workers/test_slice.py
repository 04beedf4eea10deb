from __future__ import annotations

from pathlib import Path

import yaml
from build import tiny_schedule

EXAMPLES = Path(__file__).parents[2] / "examples" / "schedules"


def test_a_tiny_schedule_is_trained_to_its_end(house):
    job = house.submit(tiny_schedule())
    house.work_off(house.worker())
    assert house.status(job) == "succeeded", house.events()
    house.assert_whole()
