"""Rules that learn from what meets at a synapse, without a cost."""

from __future__ import annotations

from typing import Literal

from models.specs.base import Spec
from models.specs.credit.capability import Capability

LINEAR = frozenset({"linear"})


class OjaSpec(Spec):
    """Hebb's rule with the decay that holds every unit's weights at length one."""

    kind: Literal["oja"]


CAPABILITIES: dict[str, Capability] = {
    "oja": Capability(areas=LINEAR, out=False, free=True, alone=True, deep=False, spikes=True),
}
