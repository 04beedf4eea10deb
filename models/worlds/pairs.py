"""Things that can be seen and heard."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.sources import name_of
from models.specs.worlds.views import PairsSpec
from models.worlds import drawing
from models.worlds.tiles import Tiles

_FRAME, _BLOBS, _BANDS, _TIMES, _LONG, _FORMANTS = 32, 6, 32, 64, 36, 3
_RADIUS, _REACH, _AWAY, _WIDE = 0.28, 0.55, 0.25, 2.0
"""Of a blob; of a pattern; of a pattern from the middle, in half frames; of a formant, in bands."""
_NOISE = 0.05


@final
class Pairs:
    r"""A pattern of blobs, and a word of three formants that belongs to it.

    Scene:      channels `retina`: the brightest of six soft blobs, (1 - (d / .28)^2)^2 at distance d, somewhere;
                `sound`: bands by frames, three formants, each sliding from one band to another over 36 frames, in
                noise. label: the thing that is seen; factors `heard` (the thing whose word it is), `matched` (whether
                they are the same), `onset` of the word, counted from frame 2
    Statistics: things equally likely; the word is of another thing with probability `mismatch`; the pattern is moved by
                up to .25 half frames along both axes, the word begins at frame 2 and up to `lag` later; noise sd .05
    Draws:      (seed): blobs, formants; (world digest, item): thing, other, place, onset, noise (from the bank). All
                lives share tiles of 4096 items and meet each in `reuse` passes
    Shapes:     retina (N, B, 1, 1, 32, 32), sound (N, B, 1, 1, 32, 64) float32; label, heard, matched, onset (N, B, 1)
    Units:      intensities in [0, 1], 256 steps; onset in frames
    Controls:   `mismatch: 1`, words that tell nothing of what is seen
    Reference:  after de Sa (1994) Learning classification with unlabeled data, NIPS 6: each sense teaches the other
    """

    size = None

    def __init__(self, source: PairsSpec, split: str, items: int | None = None) -> None:
        self.source = source
        name = name_of(source, split)
        self._items = Draw(torch.zeros(1, dtype=torch.int64), address=word(name))
        self._tiles = Tiles(name, self._met, ["retina", "sound"], items)
        thing = Draw(torch.tensor([source.seed]), torch.arange(source.things)[None], word("pairs"))
        self._blobs = _REACH * (2.0 * thing.at("pairs", "blobs").uniform(_BLOBS, 2)[0] - 1.0)
        self._formants = 2.0 + (_BANDS - 5.0) * thing.at("pairs", "formants").uniform(_FORMANTS, 2)[0]

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The pairs, the same for every life."""
        return self._tiles.sample(index_NB)

    def _met(self, index_NB: Tensor) -> Shown:
        source, draw = self.source, self._items.indexed(index_NB)
        seen = draw.at("pairs", "thing").integers(source.things, 1)
        other = (seen + 1 + draw.at("pairs", "other").integers(source.things - 1, 1)) % source.things
        heard = torch.where(draw.at("pairs", "mixed").uniform(1) < source.mismatch, other, seen)
        place = _AWAY * (2.0 * draw.at("pairs", "place").uniform(1, 2) - 1.0)
        onset = draw.at("pairs", "onset").integers(source.lag + 1, 1).to(torch.float32)
        sound = self._spoken(heard[..., 0], onset) + _NOISE * draw.at("pairs", "noise").banked(_BANDS, _TIMES)
        channels = {
            "retina": self._shown(seen[..., 0], place).unsqueeze(2).unsqueeze(2),
            "sound": sound.clamp(0.0, 1.0).unsqueeze(2).unsqueeze(2),
        }
        return channels, seen, {"heard": heard, "matched": (seen == heard).long(), "onset": onset}

    def _shown(self, thing: Tensor, place: Tensor) -> Tensor:
        """Patterns (N, B, 32, 32)."""
        axis = drawing.axis(_FRAME)
        image = torch.zeros(*thing.shape, _FRAME, _FRAME)
        for blob in (self._blobs[thing] + place).unbind(2):
            across, down = (axis - blob[..., :1]).square(), (axis - blob[..., 1:]).square()
            within = 1.0 - (across[..., None, :] + down[..., None]) / _RADIUS**2
            image = torch.maximum(image, within.clamp(min=0.0).square())
        return image

    def _spoken(self, thing: Tensor, onset: Tensor) -> Tensor:
        """Words (N, B, bands, frames): a formant is 1 - (distance / 2 bands)^2 where that is above 0."""
        time = torch.arange(_TIMES) - 2.0 - onset
        share, during = time / _LONG, (time >= 0) & (time < _LONG)
        band = torch.arange(_BANDS)[:, None]
        sound = torch.zeros(*thing.shape, _BANDS, _TIMES)
        for formant in self._formants[thing].unbind(2):
            centre = formant[..., :1] + (formant[..., 1:] - formant[..., :1]) * share
            near = 1.0 - ((band - centre[..., None, :]) / _WIDE).square()
            sound = torch.maximum(sound, near.clamp(min=0.0) * during[..., None, :])
        return sound
