"""Durations: `<number><k|M>?<unit>`, resolved to whole batches of presented samples."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema

UNITS = ("sp", "ba", "ep", "st")
MAX_CHARACTERS = 64
_PATTERN = re.compile(r"(\d[\d_]*(?:\.\d+)?)(k|M)?([a-z]+)")
_FACTOR = {None: Decimal(1), "k": Decimal(1000), "M": Decimal(1_000_000)}


class Unresolvable(ValueError):
    """The unit has no meaning here: `ep` without a finite world, `st` without a fixed stage."""


@dataclass(frozen=True)
class Duration:
    """An amount of experience.

    Units: sp samples presented, ba batches (= updates), ep passes of the stage's world, st share of a stage of
    fixed length.
    """

    amount: Decimal
    unit: str

    @classmethod
    def parse(cls, text: str) -> Duration:
        """The duration a text such as `60ep`, `1.5k sp` without the blank, or `0.5st` stands for; ValueError else."""
        if len(text) > MAX_CHARACTERS:
            raise ValueError(f"{len(text)} characters; a duration has at most {MAX_CHARACTERS}")
        match = _PATTERN.fullmatch(text)
        if match is None or match[3] not in UNITS:
            units = " ".join(UNITS)
            raise ValueError(f"{text!r}: a duration is <number><unit>, unit one of {units}")
        return cls(Decimal(match[1].replace("_", "")) * _FACTOR[match[2]], match[3])

    def __str__(self) -> str:
        amount = self.amount.normalize()
        return f"{amount:f}{self.unit}"

    @property
    def samples(self) -> int:
        """The whole number of samples of a resolved duration; Unresolvable if it is not in `sp`."""
        if self.unit != "sp":
            raise Unresolvable(f"'{self}' is not resolved to samples")
        return int(self.amount)

    def updates(self, batch: int, *, pass_sp: int | None = None, stage_sp: int | None = None) -> int:
        """Batches until the first batch boundary at or after the duration."""
        match self.unit:
            case "sp":
                samples = self.amount
            case "ba":
                samples = self.amount * batch
            case "ep":
                if pass_sp is None:
                    raise Unresolvable(f"'{self}': the world has no passes, it never ends")
                samples = self.amount * pass_sp
            case _:
                if stage_sp is None:
                    raise Unresolvable(f"'{self}' is a share of a stage whose length a trigger decides")
                samples = self.amount * stage_sp
        return ceil(samples / batch)

    @classmethod
    def of_samples(cls, samples: int) -> Duration:
        """The resolved duration of so many samples."""
        return cls(Decimal(samples), "sp")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        def read(value: Any) -> Duration:
            if isinstance(value, Duration):
                return value
            if not isinstance(value, str):
                raise PydanticCustomError(
                    "duration", "{text}: a duration is a text such as '60ep'", {"text": repr(value)}
                )
            try:
                return cls.parse(value)
            except ValueError as error:
                raise PydanticCustomError("duration", "{text}", {"text": str(error)}) from None

        return core_schema.no_info_plain_validator_function(
            read, serialization=core_schema.plain_serializer_function_ser_schema(str, when_used="always")
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "pattern": r"^\d[\d_]*(\.\d+)?(k|M)?(sp|ba|ep|st)$", "examples": ["60ep", "20ksp"]}


ZERO = Duration(Decimal(0), "sp")
