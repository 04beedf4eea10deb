"""Statistics over the batch that several costs share."""

from __future__ import annotations

from torch import Tensor

_VARIANCE_FLOOR = 1e-8


def standardised(rate_NBTU: Tensor) -> Tensor:
    """Rates at mean 0 and variance 1 over batch and time, per unit and life; a unit that never changes stays 0."""
    centred = rate_NBTU - rate_NBTU.mean(dim=(1, 2), keepdim=True)
    return centred / (centred.square().mean(dim=(1, 2), keepdim=True) + _VARIANCE_FLOOR).sqrt()


def mean_squared_correlation(z_NMU: Tensor) -> Tensor:
    """Mean of the squared correlations between different units of standardised rates, (N,); one unit: 0."""
    samples, units = z_NMU.shape[1:]
    correlation_NUU = z_NMU.transpose(1, 2).bmm(z_NMU) / samples
    itself = correlation_NUU.diagonal(dim1=1, dim2=2).square().sum(dim=-1)
    return (correlation_NUU.square().sum(dim=(1, 2)) - itself) / max(1, units * (units - 1))
