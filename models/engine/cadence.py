"""When probes are read that decide what a life becomes: at stage time 0 and at the multiples of their cadence."""

from __future__ import annotations

from collections.abc import Mapping

from models.specs.regime import Followed, RegimeSpec


def due(probes: Mapping[str, Followed], regime: RegimeSpec, offset: int) -> list[str]:
    """Those read at an offset; in a stage that was cut the part before has read at the border."""
    stage_sp = regime.stage_origin_sp + offset * regime.batch
    if offset == 0 and stage_sp > 0:
        return []
    return sorted(name for name, each in probes.items() if stage_sp % each.every_sp == 0)


def following(probes: Mapping[str, Followed], regime: RegimeSpec, offset: int) -> list[int]:
    """The next offset at which each is read."""
    origin, batch = regime.stage_origin_sp, regime.batch
    stage_sp = origin + offset * batch
    ahead = [(stage_sp // each.every_sp + 1) * each.every_sp for each in probes.values()]
    return [(time - origin) // batch for time in ahead]
