"""Outlines, edges and layers: what scenes are painted with.

Coordinates are in half frames, x to the right and y down, 0 in the middle. Outlines are signed distances, negative
inside, in the units of the arguments. Only functions whose bits do not depend on an element's place are used.
"""

from __future__ import annotations

import torch
from torch import Tensor


def axis(frame: int) -> Tensor:
    """Centres of the pixels of a row, the outermost at -1 and 1."""
    return torch.linspace(-1.0, 1.0, frame)


def pixels(*leading: Tensor) -> tuple[Tensor, ...]:
    """Numbers per item with two more dimensions, to meet rows and columns of pixels."""
    return tuple(each[..., None, None] for each in leading)


def cover(distance: Tensor, sharpness: float) -> Tensor:
    """How much of each pixel lies inside an outline: a logistic edge, `sharpness` times as steep as the distance."""
    return 0.5 * torch.tanh((-0.5 * sharpness) * distance) + 0.5


def over(image: Tensor, covered: Tensor, grey: Tensor | float) -> Tensor:
    """The image with a layer of grey in front of it where it is covered."""
    return image * (1.0 - covered) + grey * covered


def turned(x: Tensor, y: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    """Coordinates in a frame turned by an angle, x to y."""
    cosine, sine = angle.cos(), angle.sin()
    return cosine * x + sine * y, cosine * y - sine * x


def disc(x: Tensor, y: Tensor) -> Tensor:
    """Radius .8."""
    return (x * x + y * y).sqrt() - 0.8


def square(x: Tensor, y: Tensor) -> Tensor:
    """Half side .7."""
    return torch.maximum(x.abs(), y.abs()) - 0.7


def triangle(x: Tensor, y: Tensor) -> Tensor:
    """Equilateral, one corner up, base at .6."""
    return torch.maximum(y - 0.6, 0.87 * x.abs() - 0.5 * y - 0.6)


def cross(x: Tensor, y: Tensor) -> Tensor:
    """Arms .9 long, .28 wide to either side."""
    wide, tall = x.abs(), y.abs()
    return torch.minimum(torch.maximum(wide - 0.9, tall - 0.28), torch.maximum(wide - 0.28, tall - 0.9))


def star(x: Tensor, y: Tensor) -> Tensor:
    """Radius .62 + .28 cos(5 a); cos(5 a) as a polynomial of cos(a): atan2 is not the same in every place."""
    radius = (x * x + y * y).sqrt()
    cosine = x / radius.clamp(min=1e-6)
    squared = cosine * cosine
    return radius - (0.62 + 0.28 * cosine * (5.0 + squared * (16.0 * squared - 20.0)))


def capsule(x: Tensor, y: Tensor, start: tuple[Tensor, Tensor], end: tuple[Tensor, Tensor]) -> Tensor:
    """Distance from the line between two points."""
    right, down = x - start[0], y - start[1]
    along, across = end[0] - start[0], end[1] - start[1]
    share = ((right * along + down * across) / (along * along + across * across).clamp(min=1e-6)).clamp(0.0, 1.0)
    return ((right - share * along).square() + (down - share * across).square()).sqrt()
