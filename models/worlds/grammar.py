"""A grammar with agreement across clauses, and the law of its next word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.sequences import GrammarSpec
from models.specs.worlds.sources import name_of
from models.worlds.clips import scene_and_time
from models.worlds.tiles import Tiles

_LASTS = 64
_NOUN, _AFTER_NOUN, _VERB, _STOP = range(4)
"""What may come: a noun, a pronoun or the noun's verb, the verb of a noun that waits, the stop."""


@dataclass
class _Reading:
    """Where sentences stand, one a row: what may come, the nouns that wait for a verb, how many they are."""

    phase: Tensor
    nouns: Tensor
    depth: Tensor


@final
class Grammar:
    r"""Sentences: a noun, perhaps a clause about it with a noun and a verb of its own, the verb of the noun, a stop.

    Scene:      channel `word`: sentence after sentence for up to 64 words. After a noun a pronoun with probability
                `embed`, then a clause of the same kind, at most `depth` in one another; then the noun's verb, of the
                noun's number. label: the next word; factors `law`: the exact probabilities of the next word given all
                before, and `depth`: nouns that wait for their verb
    Statistics: nouns equally likely; of the verbs that go with a noun (share `semantics`) each as likely. Words: nouns
                singular, plural, verbs singular, plural, pronoun, stop
    Draws:      (world digest, scene): words, one number a step; (seed): which verbs go with which nouns. All lives
                share tiles of 4096 scenes and meet each in `reuse` passes
    Shapes:     word (N, B, T, W) float32, one-hot, W = 2 (nouns + verbs) + 2; label, depth (N, B, T); law (N, B, T, W)
    Units:      law: probability
    Controls:   `embed: 0`, sentences of a noun and a verb, whose law needs no memory
    Reference:  after Elman (1991) Distributed representations, simple recurrent networks, and grammatical structure,
                Machine Learning 7:195; there verbs of several kinds
    """

    size = None

    def __init__(self, source: GrammarSpec, split: str, steps: int, items: int | None = None) -> None:
        self.source = source
        self.steps = steps
        name = name_of(source, split)
        self._scenes = Draw(torch.zeros(1, dtype=torch.int64), address=word(name))
        self._tiles = Tiles(f"{name} {steps}", self._written, (), items)
        self._verb = self._verbs()

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The words, the same for every life."""
        return self._tiles.sample(index_NB)

    def _verbs(self) -> Tensor:
        """Probabilities of words where the verb of each noun is due, (2 nouns, W) float64."""
        nouns, verbs = self.source.nouns, self.source.verbs
        some = max(1, round(self.source.semantics * verbs))
        draw = Draw(torch.tensor([self.source.seed]), torch.arange(nouns)[None], word("grammar", "verbs"))
        goes = torch.zeros(nouns, verbs, dtype=torch.float64)
        goes.scatter_(1, draw.bits(verbs).argsort(dim=2, stable=True)[0, :, :some], 1.0 / some)
        law = torch.zeros(2 * nouns, self.source.words, dtype=torch.float64)
        law[:nouns, 2 * nouns : 2 * nouns + verbs] = goes
        law[nouns:, 2 * nouns + verbs : 2 * (nouns + verbs)] = goes
        return law

    def _written(self, index_NB: Tensor) -> Shown:
        """The words of items (1, M), from the beginning of their scenes on."""
        scene_NB, time_NBT = scene_and_time(index_NB, self.steps)
        last = int(time_NBT.max()) + 2
        chance = self._scenes.indexed(scene_NB).at("grammar", "words").uniform(last)[0].double()
        count, nouns = len(chance), self.source.nouns
        at = _Reading(
            torch.full((count,), _NOUN),
            torch.zeros(count, self.source.depth + 2, dtype=torch.int64),
            torch.zeros(count, dtype=torch.int64),
        )
        words, laws, depths = [], [], []
        for step in range(last):
            law = self._law(at)
            laws.append(law)
            depths.append(at.depth.clone())
            words.append((law.cumsum(dim=1) <= chance[:, step, None]).sum(dim=1).clamp(max=self.source.words - 1))
            self._read(at, words[-1], nouns)
        seen, law, depth = torch.stack(words, 1), torch.stack(laws, 1).float(), torch.stack(depths, 1)
        now = time_NBT[0]
        told = {
            "law": law.gather(1, (now + 1)[..., None].expand(-1, -1, self.source.words))[None],
            "depth": depth.gather(1, now + 1)[None],
        }
        shown = one_hot(seen.gather(1, now), self.source.words).to(torch.float32)
        return {"word": shown[None]}, seen.gather(1, now + 1)[None], told

    def _law(self, at: _Reading) -> Tensor:
        """Probabilities of the next word, (M, W)."""
        source, W = self.source, self.source.words
        noun, pronoun, stop = torch.zeros(3, W, dtype=torch.float64)
        noun[: 2 * source.nouns], pronoun[W - 2], stop[W - 1] = 1.0 / (2 * source.nouns), 1.0, 1.0
        waiting = at.nouns.gather(1, (at.depth - 1).clamp(min=0)[:, None])[:, 0]
        verb = self._verb[waiting]
        embeds = torch.where(at.depth <= source.depth, source.embed, 0.0).double()[:, None]
        due = torch.stack(
            [noun.expand_as(verb), embeds * pronoun + (1.0 - embeds) * verb, verb, stop.expand_as(verb)], dim=1
        )
        return due.gather(1, at.phase[:, None, None].expand(-1, 1, W))[:, 0]

    def _read(self, at: _Reading, words: Tensor, nouns: int) -> None:
        """Go on by one word."""
        W = self.source.words
        noun, verb, pronoun = words < 2 * nouns, (words >= 2 * nouns) & (words < W - 2), words == W - 2
        place = at.depth.clamp(max=at.nouns.shape[1] - 1)[:, None]
        held = at.nouns.gather(1, place)
        at.nouns.scatter_(1, place, torch.where(noun[:, None], words[:, None], held))
        at.depth = at.depth + noun.long() - verb.long()
        after = torch.where(at.depth > 0, _VERB, _STOP)
        phase = torch.where(verb, after, torch.where(noun, _AFTER_NOUN, _NOUN))
        at.phase = torch.where(pronoun, _NOUN, phase)
