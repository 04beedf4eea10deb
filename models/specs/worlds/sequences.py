"""Sources of symbols in time."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from models.specs.base import Share, later
from models.specs.worlds.facts import Factor, Reuse, Source, SourceFacts

Delay = Annotated[int, Field(ge=1, le=2000, description="Steps between what is to be kept and what asks for it.")]


class CopySpec(Source):
    """A row of symbols, a delay, a sign to begin: the symbols are to be said once more."""

    kind: Literal["copy"]
    length: Annotated[int, Field(ge=1, le=64)] = 10
    """Symbols of a row."""
    symbols: Annotated[int, Field(ge=2, le=64)] = 8
    delay: Delay = 20

    def facts(self) -> SourceFacts:
        """Symbols, nothing and the sign to begin; the label is what is to be said at each step."""
        T = 2 * self.length + self.delay
        return SourceFacts(
            {"symbol": (self.symbols + 2,)},
            Factor("label", classes=self.symbols + 1),
            {"asked": Factor("event", classes=2)},
            min_steps=T,
            max_steps=T,
        )


class RecallSpec(Source):
    """Pairs of key and value, a delay, one of the keys: its value is to be said."""

    kind: Literal["recall"]
    pairs: Annotated[int, Field(ge=1, le=16)] = 4
    keys: Annotated[int, Field(ge=2, le=64)] = 16
    """Different keys, of which an item has `pairs`."""
    values: Annotated[int, Field(ge=2, le=64)] = 8
    delay: Delay = 4

    def facts(self) -> SourceFacts:
        """Keys, values, nothing and the sign to answer; the label is what is to be said at each step."""
        T = 2 * self.pairs + self.delay + 1
        factors = {"asked": Factor("event", classes=2), "age": Factor("difficulty")}
        symbols = self.keys + self.values + 2
        return SourceFacts(
            {"symbol": (symbols,)}, Factor("label", classes=self.values + 1), factors, min_steps=T, max_steps=T
        )


class GrammarSpec(Source):
    """Sentences whose verbs agree with nouns that relative clauses may part them from."""

    kind: Literal["grammar"]
    nouns: Annotated[int, Field(ge=1, le=32)] = 4
    """Of each number."""
    verbs: Annotated[int, Field(ge=1, le=32)] = 4
    """Of each number."""
    embed: Annotated[float, Field(ge=0.0, le=0.75)] = 0.3
    """Probability of a relative clause after a noun."""
    depth: Annotated[int, Field(ge=0, le=4)] = 2
    """Clauses inside one another, at most."""
    semantics: Share = 1.0
    """Share of the verbs that a noun goes with, one at least."""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """Which verbs go with which nouns."""
    reuse: Reuse = 16

    @property
    def words(self) -> int:
        """Size of the vocabulary: nouns and verbs of both numbers, the pronoun, the stop."""
        return 2 * (self.nouns + self.verbs) + 2

    def facts(self) -> SourceFacts:
        """Words; the label is the next one."""
        factors = {"law": Factor("state", self.words, law=True), "depth": Factor("state", classes=self.depth + 2)}
        label = Factor("label", classes=self.words)
        return SourceFacts({"word": (self.words,)}, label, factors, max_steps=64, reuse=self.reuse)


class TrialsSpec(Source):
    """Small tasks in time, which are n-back, delayed match, 1-2-AX, adding, flip-flops and a tune to be kept up."""

    kind: Literal["trials"]
    task: Literal["n_back", "match", "one_two_ax", "adding", "flip_flop", "sines"] = "n_back"
    symbols: Annotated[int, Field(ge=2, le=64)] = 3
    """Of n_back and match."""
    back: Annotated[int, Field(ge=1, le=16)] = 2
    """Of n_back: steps back."""
    delay: Delay = 6
    """Of match; of sines, which begin at one of so many steps."""
    length: Annotated[int, Field(ge=4, le=2000)] = 20
    """Of adding and sines: steps."""
    bits: Annotated[int, Field(ge=1, le=16)] = 3
    """Of flip_flop."""
    pulse: Share = 0.2
    """Of flip_flop: probability of a pulse, at every step and bit."""
    period: int = later(120, ge=8, le=2000)
    """Of sines: steps of the slowest."""

    def facts(self) -> SourceFacts:
        """One channel, as wide as the task wants it."""
        match self.task:
            case "n_back":
                shape, label, least, most = (self.symbols,), Factor("label", classes=2), 1, 256
            case "match":
                T = self.delay + 2
                shape, label, least, most = (self.symbols + 1,), Factor("label", classes=3), T, T
            case "one_two_ax":
                shape, label, least, most = (8,), Factor("label", classes=2), 1, 256
            case "adding":
                shape, label, least, most = (2,), Factor("label"), self.length, self.length
            case "flip_flop":
                shape, label, least, most = (self.bits,), Factor("label", self.bits), 1, 256
            case "sines":
                shape, label, least, most = (1,), Factor("label"), self.length, self.length
        return SourceFacts({"x": shape}, label, min_steps=least, max_steps=most)


class CountingSpec(Source):
    """A row of one symbol, then as many of another."""

    kind: Literal["counting"]
    least: Annotated[int, Field(ge=1, le=500)] = 1
    """Of the first symbol."""
    most: Annotated[int, Field(ge=1, le=500)] = 10

    @model_validator(mode="after")
    def _ordered(self) -> CountingSpec:
        if self.least > self.most:
            raise PydanticCustomError("bound", "least is above most")
        return self

    def facts(self) -> SourceFacts:
        """Symbols; the label is the next one, where it follows from those before."""
        T = 2 * self.most + 1
        factors = {"asked": Factor("event", classes=2), "count": Factor("state")}
        return SourceFacts({"symbol": (3,)}, Factor("label", classes=3), factors, min_steps=T, max_steps=T)


class RolesSpec(Source):
    """Roles with their fillers, a delay, one of the roles: its filler is to be said; in split test it is new to it."""

    kind: Literal["roles"]
    roles: Annotated[int, Field(ge=2, le=16)] = 3
    fillers: Annotated[int, Field(ge=2, le=64)] = 12
    held: Annotated[int, Field(ge=1, le=32)] = 3
    """Fillers that a role never has but in split test, others for every role."""
    delay: Delay = 2

    @model_validator(mode="after")
    def _enough(self) -> RolesSpec:
        if self.roles * self.held > self.fillers:
            raise PydanticCustomError("bound", "every role needs held fillers of its own: roles x held above fillers")
        return self

    def facts(self) -> SourceFacts:
        """Roles and fillers; the label is what is to be said at each step."""
        T = self.roles + self.delay + 1
        label = Factor("label", classes=self.fillers + 1)
        channels = {"role": (2 * self.roles,), "filler": (self.fillers,)}
        return SourceFacts(channels, label, {"asked": Factor("event", classes=2)}, min_steps=T, max_steps=T)


SequenceSource = CopySpec | RecallSpec | GrammarSpec | TrialsSpec | CountingSpec | RolesSpec
