"""Ridge regression in closed form, a reader of its own for each life."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

RIDGES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)


@dataclass(frozen=True)
class Ridge:
    """W = (X'X / M + lambda I)^-1 X'Y / M, X standardised by the fit's mean and sd, Y less its mean."""

    mean: Tensor
    sd: Tensor
    centre: Tensor
    weight: Tensor

    @classmethod
    def fit(cls, x: Tensor, y: Tensor, ridge_N: Tensor) -> Ridge:
        """Of activity (N, M, U) and numbers (N, M, D), both float64."""
        mean, centre = x.mean(dim=1, keepdim=True), y.mean(dim=1, keepdim=True)
        sd = (x - mean).square().mean(dim=1, keepdim=True).sqrt()
        sd = torch.where(sd > 1e-9, sd, 1.0)
        x = (x - mean) / sd
        count, units = x.shape[1:]
        gram = x.transpose(1, 2) @ x / count + ridge_N.double()[:, None, None] * torch.eye(units, dtype=torch.float64)
        weight = torch.cholesky_solve(x.transpose(1, 2) @ (y - centre) / count, torch.linalg.cholesky(gram))
        return cls(mean, sd, centre, weight)

    def read(self, x: Tensor) -> Tensor:
        """Numbers (N, M, D) that it finds in activity (N, M, U)."""
        return (x - self.mean) / self.sd @ self.weight + self.centre
