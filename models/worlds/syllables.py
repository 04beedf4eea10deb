"""What a young songbird hears of those who sing to it."""

from __future__ import annotations

from functools import cache
from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.social import SyllablesSpec
from models.specs.worlds.sources import name_of

_HARMONICS, _LOW, _HIGH, _GLIDE, _WIDTH, _RISE = 4, 2.0, 5.0, 0.6, 0.7, 0.75
"""How many; pitch in the middle, least and most, in bands; share by which it changes at most from there to either end;
half width of a harmonic, in bands; from silence to full voice, as a share of the syllable."""
_HERTZ = 250.0


@final
class Syllables:
    r"""Spectra over time of harmonic sounds that rise or fall.

    Scene:      channel `song`: l v(x) sum_h c_h / (1 + ((b - h p(x)) / .7)^2) in band b, at x from 0 to 1, at most 1;
                p(x) = p (1 + g (2 x - 1)) the pitch, c_h the timbre, 4 harmonics of which the strongest has 1,
                v(x) = max(0, 1 - ((x - m) / .75)^2) the loudness, loudest at m. Channel `urge`: 1, what there is to
                sing by. Label: the tutor; factor `pitch`: p
    Statistics: p U(2, 5) bands, g U(-.6, .6), m U(.2, .8), c U(0, 1) of each tutor; a rendition has p (1 + jitter n)
                and l = 1 + jitter n', n and n' ~ N(0, 1). As many renditions of every tutor in all splits
    Draws:      (seed, tutor): p, g, m, c; (world digest, item): pitch, loudness
    Shapes:     song (N, B, 1, 1, bands, frames) in [0, 1], urge (N, B, 1, 1) float32; label, pitch (N, B, 1)
    Units:      bands of 250 Hz, frames of 10 ms; pitch in Hz; loudness dimensionless
    Controls:   `drop_sense` of song: nobody sings; of urge: the bird keeps silent
    Reference:  harmonic stacks of zebra finches, and birds that copy one syllable: Tchernichovski, Mitra, Lints &
                Nottebohm (2001) Science 291:2564. The recipe is ours
    """

    def __init__(self, source: SyllablesSpec, split: str) -> None:
        self.source = source
        self.size: int = (source.facts().sizes or {})[split]
        self._song, self._label, self._pitch = _items(source, split)

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The renditions at these positions of the split, the same for every life."""
        song = self._song[index_NB][:, :, None, None]
        told = {"pitch": self._pitch[index_NB].unsqueeze(2)}
        return {"song": song, "urge": song.new_ones(*index_NB.shape, 1, 1)}, self._label[index_NB].unsqueeze(2), told


@cache
def _items(source: SyllablesSpec, split: str) -> tuple[Tensor, Tensor, Tensor]:
    """All songs of a split (items, bands, frames), who sings, and at which pitch."""
    size = (source.facts().sizes or {})[split]
    item = Draw(torch.zeros(1, dtype=torch.int64), torch.arange(size)[None], word(name_of(source, split)))
    who = torch.arange(size) % source.tutors if source.tutor is None else torch.full((size,), source.tutor)
    tutor = Draw(torch.tensor([source.seed]), torch.arange(source.tutors)[None], word("syllables", "tutors"))
    pitch_I, glide_I, peak_I = (tutor.at(each).uniform(1)[0, who] for each in ("pitch", "glide", "peak"))
    timbre_IH = tutor.at("timbre").uniform(_HARMONICS)[0, who]
    varied_I, loud_I = (1.0 + source.jitter * item.at("syllables", each).normal(1)[0] for each in ("pitch", "loudness"))
    x_F = torch.arange(source.frames) / (source.frames - 1)
    middle_I = (_LOW + (_HIGH - _LOW) * pitch_I) * varied_I
    pitch_IF = middle_I * (1.0 + _GLIDE * (2.0 * glide_I - 1.0) * (2.0 * x_F - 1.0))
    voice_IF = loud_I * (1.0 - ((x_F - 0.2 - 0.6 * peak_I) / _RISE).square()).clamp(min=0.0)
    timbre_IH = timbre_IH / timbre_IH.amax(dim=1, keepdim=True)
    band_B1 = torch.arange(1, source.bands + 1)[:, None]
    song = torch.zeros(size, source.bands, source.frames)
    for number in range(_HARMONICS):
        away = (band_B1 - (number + 1) * pitch_IF[:, None]) / _WIDTH
        song = song + timbre_IH[:, number, None, None] / (1.0 + away.square())
    return (song * voice_IF[:, None]).clamp(0.0, 1.0), who, middle_I[:, 0] * _HERTZ
