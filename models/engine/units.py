"""Units that start anew: which of an area's they are, and what they begin with."""

from __future__ import annotations

import torch
from torch import Tensor

from models.engine.cohort import Cohort
from models.protocols import Params
from models.specs.organism import OrganismSpec


def utility(rate: Tensor, area: str, spec: OrganismSpec, params: Params) -> Tensor:
    """Mean of a unit's absolute rate times the sum of its absolute outgoing weights, (N, U); rate (N, B, T, U)."""
    heard = torch.stack([params[name].detach().abs().sum(dim=2) for name in _outgoing(area, spec)]).sum(dim=0)
    return rate.abs().mean(dim=(1, 2)) * heard


def least(value_NU: Tensor, share: float) -> Tensor:
    """Which units (N, U) are among the share with the least values, one at least; of equal ones the first."""
    count = max(1, round(share * value_NU.shape[1]))
    first = value_NU.argsort(dim=1, stable=True)[:, :count]
    return torch.zeros_like(value_NU, dtype=torch.bool).scatter_(1, first, value=True)


def renew(cohort: Cohort, spec: OrganismSpec, area: str, which_NU: Tensor, fresh: Params) -> None:
    """Units hear by fresh weights and are not heard until they learn to be; their moments start anew."""
    masks = dict.fromkeys((name for name in fresh if name.startswith(f"area/{area}/")), which_NU[:, None, :])
    masks |= dict.fromkeys(_outgoing(area, spec), which_NU[:, :, None])
    for name, mask in masks.items():
        kept = cohort.params[name].detach()
        kept.copy_(torch.where(mask, fresh.get(name, torch.zeros(())), kept))
        for key, moment in cohort.moments.items():
            if key.split("/", 1)[1] == name:
                moment.copy_(torch.where(mask, 0.0, moment))


def _outgoing(area: str, spec: OrganismSpec) -> list[str]:
    return [f"area/{path.target}/from/{area}/weight" for path in spec.pathways if path.source == area]
