"""What visual neurons are asked about: orientation, frequency, phase."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.nature import GratingsSpec
from models.specs.worlds.sources import name_of
from models.worlds import drawing
from models.worlds.clips import scene_and_time


@final
class Gratings:
    r"""Sine gratings that fill the frame.

    Scene:      channel `retina`: 1/2 + contrast / 2 sin(pi f (x cos a + y sin a) + p + 2 pi drift t); label: which
                orientation; factors `orientation` a, `frequency` f, `phase` of the step, all as numbers
    Statistics: a = k pi / orientations; orientations and frequencies equally likely, p U(0, 2 pi). With `grid` a finite
                world: item i has phase i mod grid, then frequency, then orientation, p = 2 pi k / grid
    Draws:      (life seed, world digest, presentation): orientation, frequency, phase
    Shapes:     retina (N, B, T, 1, H, H) float32; label and factors (N, B, T)
    Units:      radians, counted from the x axis to the direction across the bars; cycles per frame; intensity in [0, 1]
    Controls:   `permute` of the pixels
    Reference:  De Valois & De Valois (1988) Spatial Vision, Oxford
    """

    def __init__(self, source: GratingsSpec, split: str, steps: int) -> None:
        self.source = source
        self.steps = steps
        self.size = (source.facts().sizes or {}).get(split)
        self._address = word(name_of(source, split))
        self._frequencies = torch.tensor(source.frequencies)

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The gratings of these presentations."""
        scene_NB, time_NBT = scene_and_time(index_NB, self.steps)
        orientation, frequency, first = self._chosen(seeds_N, scene_NB)
        angle = orientation.to(torch.float32) * (math.pi / self.source.orientations)
        turns = self._frequencies[frequency]
        turned = first[..., None] + self.source.drift * time_NBT
        phase = 2.0 * math.pi * (turned - turned.floor())
        axis, cycles = drawing.axis(self.source.frame), math.pi * turns
        along = ((cycles * angle.cos())[..., None, None] * axis + phase[..., None])[..., None, :]
        down = (cycles * angle.sin())[..., None, None, None] * axis[:, None]
        # sin(a + b) of columns and rows: few sines for many pixels.
        half = 0.5 * self.source.contrast
        retina = (half * along.sin()) * down.cos() + (half * along.cos()) * down.sin() + 0.5
        still = {"orientation": angle, "frequency": turns}
        told = {name: each[..., None].repeat(1, 1, self.steps) for name, each in still.items()}
        label = orientation[..., None].repeat(1, 1, self.steps)
        return {"retina": retina.unsqueeze(3)}, label, told | {"phase": phase}

    def _chosen(self, seeds_N: Tensor, scene_NB: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Number of the orientation and of the frequency, and the first phase in turns, (N, B) each."""
        frequencies, grid = len(self._frequencies), self.source.grid
        if grid:
            phase = (scene_NB % grid).to(torch.float32) / grid
            return scene_NB // (grid * frequencies), scene_NB // grid % frequencies, phase
        draw = Draw(seeds_N, scene_NB, self._address)
        orientation = draw.at("gratings", "orientation").integers(self.source.orientations)
        return (
            orientation,
            draw.at("gratings", "frequency").integers(frequencies),
            draw.at("gratings", "phase").uniform(),
        )
