"""Who did what: fillers of roles, among them some that were never met in their role."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.sequences import RolesSpec
from models.specs.worlds.sources import name_of


@final
class Roles:
    r"""Roles with their fillers, a delay, one of the roles: its filler is to be said.

    Scene:      channels `role` and `filler`: every role once, in any order, each with a filler; `delay` steps of
                nothing; then the question for one role, without a filler. label: the filler that is shown, nothing
                (class F) in the delay, at the last step the filler of the role that is asked for; factor `asked`:
                whether that is so
    Statistics: a role has each of F - held fillers as often, whatever the others have; it never has `held` fillers of
                its own but in split test, where the role that is asked for has one of them. Every filler is met in all
                roles but one at most. Chance 1/F at the last step
    Draws:      (life seed, world digest, presentation): order, fillers, which
    Shapes:     role (N, B, T, 2 roles), roles and then the questions for them, and filler (N, B, T, F) float32, one-hot
                or 0; label, asked (N, B, T); T = roles + delay + 1
    Units:      none
    Controls:   split valid, where no filler is new in its role
    Reference:  Kriete, Noelle, Cohen & O'Reilly (2013) Indirection and symbol-like processing in the prefrontal cortex
                and basal ganglia, PNAS 110:16390; there fillers are patterns
    """

    size = None

    def __init__(self, source: RolesSpec, split: str) -> None:
        self.source = source
        self._novel = split == "test"
        self._address = word(name_of(source, split))

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The sentences of these presentations."""
        roles, F, held = self.source.roles, self.source.fillers, self.source.held
        T = roles + self.source.delay + 1
        draw = Draw(seeds_N, index_NB, self._address)
        role = draw.at("roles", "order").bits(roles).argsort(dim=2, stable=True)
        which = draw.at("roles", "which").integers(roles, 1)
        # A role's own fillers, which it has in no school, are those from role times held on; the familiar follow.
        filler = (role + 1) * held + draw.at("roles", "fillers").integers(F - held, roles)
        if self._novel:
            own = role * held + draw.at("roles", "novel").integers(held, roles)
            filler = torch.where(role == which, own, filler)
        filler = filler % F
        said = torch.full((*index_NB.shape, T), 2 * roles)
        said[..., :roles] = role
        said[..., T - 1] = roles + which[..., 0]
        filled = torch.full_like(said, F)
        filled[..., :roles] = filler
        label = filled.clone()
        label[..., T - 1] = torch.where(role == which, filler, 0).sum(dim=2)
        asked = torch.zeros_like(said)
        asked[..., T - 1] = 1
        channels = {"role": one_hot(said, 2 * roles + 1)[..., :-1], "filler": one_hot(filled, F + 1)[..., :-1]}
        return {name: x.to(torch.float32) for name, x in channels.items()}, label, {"asked": asked}
