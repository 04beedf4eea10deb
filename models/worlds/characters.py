"""Characters of invented alphabets, as many hands write them."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.sources import name_of
from models.specs.worlds.views import CharactersSpec
from models.worlds import drawing
from models.worlds.splits import held_out_of
from models.worlds.tiles import Tiles

_FRAME, _STROKES, _POINTS, _FORMS = 28, 4, 14, 5
_RADIUS, _REACH, _APART = 0.13, 0.7, 0.25
"""Of the pen; of a stroke's leading points; of a stroke from the middle, in half frames."""


@final
class Characters:
    r"""Letters of one to four curved strokes, alike in an alphabet, written anew every time.

    Scene:      channel `retina`: white strokes on black, min(1, 2 - 2 (d / .13)^2) at distance d from the nearest of a
                stroke's 14 points. label: the letter, alphabet by alphabet; factors `alphabet` and `slant` (by which
                the whole letter is turned, counterclockwise)
    Statistics: an alphabet has five forms of stroke (cubic Bezier curves, leading points uniform in a square of +-.7);
                a letter has 1 to 4 of them, each moved by up to .25. Every time all leading points go astray by N(0,
                jitter) and the letter is turned by N(0, turn). Letters equally likely
    Draws:      (seed): forms, strokes, places; (world digest, item): letter, jitter, slant. All lives share tiles of
                4096 items and meet each in `reuse` passes
    Shapes:     retina (N, B, 1, 1, 28, 28) float32; label, alphabet, slant (N, B, 1)
    Units:      half frames; radians; intensity in [0, 1], 256 steps
    Controls:   `permute` of the pixels; `split_by: class`, letters that were never seen
    Reference:  after Lake, Salakhutdinov & Tenenbaum (2015) Science 350:1332
    """

    size = None

    def __init__(self, source: CharactersSpec, split: str, items: int | None = None) -> None:
        self.source = source
        name = name_of(source, split)
        letters = source.alphabets * source.letters
        self._first, self._count = held_out_of(letters, split) if source.split_by == "class" else (0, letters)
        self._items = Draw(torch.zeros(1, dtype=torch.int64), address=word(name))
        self._tiles = Tiles(name, self._written, ["retina"], items)
        self._strokes, self._used = self._alphabets()
        self._letters = self._mixed(letters)

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The letters, the same for every life."""
        return self._tiles.sample(index_NB)

    def _mixed(self, letters: int) -> Tensor:
        """All letters in an order of their own, so that what a split holds back comes of every alphabet."""
        draw = Draw(torch.tensor([self.source.seed]), address=word("characters", "letters"))
        return draw.permuted(torch.arange(letters)[None], letters)[0]

    def _alphabets(self) -> tuple[Tensor, Tensor]:
        """Leading points of the strokes of all letters, (letters, 4, 4, 2), and which strokes a letter has."""
        source = self.source
        seed, letters = torch.tensor([source.seed]), source.alphabets * source.letters
        of_alphabet = Draw(seed, torch.arange(source.alphabets)[None], word("characters", "alphabet"))
        forms = _REACH * (2.0 * of_alphabet.at("characters", "forms").uniform(_FORMS, 4, 2)[0] - 1.0)
        of_letter = Draw(seed, torch.arange(letters)[None], word("characters", "letter"))
        which = of_letter.at("characters", "strokes").integers(_FORMS, _STROKES)[0]
        place = _APART * (2.0 * of_letter.at("characters", "places").uniform(_STROKES, 1, 2)[0] - 1.0)
        count = 1 + of_letter.at("characters", "count").integers(_STROKES, 1)[0]
        alphabet = torch.arange(letters) // source.letters
        return forms[alphabet[:, None], which] + place, torch.arange(_STROKES) < count

    def _written(self, index_NB: Tensor) -> Shown:
        source, draw = self.source, self._items.indexed(index_NB)
        place = self._first + draw.at("characters", "letter").integers(self._count, 1)
        letter = self._letters[place[..., 0]]
        jitter = draw.at("characters", "jitter").normal(_STROKES, 4, 2)
        lead = self._strokes[letter] + source.jitter * jitter
        slant = source.turn * draw.at("characters", "slant").normal(1)
        x, y = (lead.unbind(-1)[each].flatten(2) for each in (0, 1))
        x, y = drawing.turned(x, y, slant)
        share = torch.linspace(0.0, 1.0, _POINTS)
        left = 1.0 - share
        weight = torch.stack([left**3, 3 * share * left**2, 3 * share**2 * left, share**3])
        shape = (*index_NB.shape, _STROKES, 4, 1)
        retina = _inked(
            (x.reshape(shape) * weight).sum(dim=3), (y.reshape(shape) * weight).sum(dim=3), self._used[letter]
        )
        told = {"alphabet": letter[..., None] // source.letters, "slant": slant}
        return {"retina": retina[:, :, None, None]}, letter[..., None], told


def _inked(x: Tensor, y: Tensor, used: Tensor) -> Tensor:
    """Strokes of points (N, B, strokes, points), those that are used, as a pen leaves them: (N, B, 28, 28)."""
    axis = drawing.axis(_FRAME)
    image = torch.zeros(*x.shape[:2], _FRAME, _FRAME)
    for stroke in range(x.shape[2]):
        ink = torch.zeros_like(image)
        for point in range(x.shape[3]):
            across, down = x[:, :, stroke, point, None], y[:, :, stroke, point, None]
            far = (axis - across).square()[..., None, :] + (axis - down).square()[..., None]
            ink = torch.maximum(ink, 1.0 - far / _RADIUS**2)
        image = torch.maximum(image, ink * used[:, :, stroke, None, None])
    return (2.0 * image).clamp(0.0, 1.0)
