"""Areas made for one thing each: whether they do it, and what plain areas make of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter
from torch import Tensor

from benchmarks.catalogue.areas import looking
from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Entry, Figure, entry
from models.areas import build_area
from models.credit.backprop import Exact
from models.draw import Draw
from models.protocols import Area, Batch, Holds, Moment, Params, Pass, Remembers
from models.specs.areas import AreaSpec
from models.specs.document import read
from models.specs.shapes import output_shape

_MEMBERS = Path(__file__).parents[3] / "examples" / "members"
_EXAMPLE, _EPISODIC = (_MEMBERS / "areas" / f"{kind}.yaml" for kind in ("planner", "episodic_control"))
_TAUGHT = _MEMBERS / "costs" / "policy_gradient.yaml"
_DRAW = Draw(torch.arange(lives.LIVES)).at("benchmark", "structures")


def _built(inputs: Mapping[str, Tensor], **spec: Any) -> Area:
    given: AreaSpec = TypeAdapter(AreaSpec).validate_python(spec, strict=False)
    sources = {name: tuple(x.shape[3:]) for name, x in inputs.items()}
    shape, problem = output_shape(given, sources)
    assert shape is not None, problem
    return build_area("mid", given, sources, shape)


def _answer(area: Area, inputs: Mapping[str, Tensor], params: Params | None = None) -> Tensor:
    """Rates (N, B, T, *units)."""
    return area.apply(inputs, area.start(next(iter(inputs.values()))), Pass(params or {}, Exact(), {}))[0]


# ---- binding


def _binding(quick: bool) -> Iterator[Figure]:
    count = 20 if quick else 100
    yield from lives.figures("d512_pairs8", _decoded(512, 8, count), "share", ">= 0.95")
    yield from lives.figures("d128_pairs8", _decoded(128, 8, count), "share", "within 0.75 0.99", "d / pairs 16")
    yield from lives.figures("d128_pairs16", _decoded(128, 16, count), "share", "<= 0.75", "d / pairs 8")
    yield from lives.figures("control", _decoded(512, 8, count, plain=True), "share", "<= 0.2", "sums: any of the 8")


def _decoded(size: int, pairs: int, count: int, *, plain: bool = False) -> list[float]:
    """Share of fillers found among 100 words by their roles, in traces that hold all pairs of an item."""
    words = _DRAW.at("binding", "words").normal(100, size) / size**0.5
    lists = _DRAW.at("binding", "lists").bits(count * 100).reshape(-1, count, 100).argsort(dim=2)
    lives_N11 = torch.arange(len(words))[:, None, None]
    role, filler = (words[lives_N11, part] for part in (lists[..., :pairs], lists[..., pairs : 2 * pairs]))
    if plain:
        found = (role + filler).sum(dim=2, keepdim=True) - role
    else:
        given = {"role": role, "filler": filler}
        trace = _answer(_built(given, kind="binding", size=size, keep=1.0), given)[:, :, -1:].expand_as(role)
        asked = {"role": role, "trace": trace.contiguous()}
        found = _answer(_built(asked, kind="binding", size=size, operation="correlate"), asked)
    likeness = found @ words.mT[:, None]
    # A sum holds the roles too: they are out of the question there.
    likeness = likeness.scatter(3, lists[:, :, None, :pairs].expand(-1, -1, pairs, -1), -torch.inf)
    right = likeness.argmax(dim=3) == lists[..., pairs : 2 * pairs]
    told: list[float] = right.double().mean(dim=(1, 2)).tolist()
    return told


# ---- shifter


def _shifter(quick: bool) -> Iterator[Figure]:
    """Maps moved by a known shift; beside it the best linear map of what is seen and of the shift."""
    count = 1500 if quick else 4000
    seen = _DRAW.at("shifter", "seen").normal(count, 1, 1, 9, 9)
    which = _DRAW.at("shifter", "shift").integers(25, count)
    control = torch.nn.functional.one_hot(which, 25).float()[:, :, None]
    given = {"seen": seen, "where": control}
    moved = _answer(_built(given, kind="shifter", control="where", reach=2), given)[:, :, 0, 0]
    rows, columns = which // 5, which % 5
    windows = seen[:, :, 0, 0].unfold(2, 5, 1).unfold(3, 5, 1)
    lives_N1, items_B = torch.arange(len(seen))[:, None], torch.arange(count)
    true = windows[lives_N1, items_B, rows, columns]
    yield Figure("off", float((moved - true).abs().max()), "1", "== 0", "the window cut out where it is")
    both = torch.cat([seen.flatten(2), control.flatten(2)], dim=2)
    half, told = count // 2, []
    for x, y in zip(both.double(), true.flatten(2).double(), strict=True):
        guess = x[half:] @ torch.linalg.lstsq(x[:half], y[:half]).solution
        told.append(float(1.0 - (guess - y[half:]).square().mean() / y[half:].var()))
    yield from lives.figures("control", told, "R2", "<= 0.2", "linear, 2650 parameters; the shifter has none")


# ---- attention


def _attention(quick: bool) -> Iterator[Figure]:
    """Eight things, each with a name and a colour, in any order: the colour of the one that is named."""
    updates = 300 if quick else 1000
    attention = {"kind": "attention", "size": 8, "parts": "things", "width": 8, "init": {"kind": "normal", "sd": 0.3}}
    yield from lives.figures("recalled", _recalled(attention, updates), "R2", ">= 0.8" if quick else ">= 0.85")
    # 136 numbers in, 3 units of a hidden layer and 8 after it: at least as many as the 320 of the attention.
    plain = [{"kind": "linear", "size": 3, "act": "relu"}, {"kind": "linear", "size": 8, "act": "none"}]
    yield from lives.figures(
        "control", _recalled(plain, updates), "R2", "<= 0.3", "two linear layers, as many parameters"
    )


def _things(update: int, count: int) -> tuple[dict[str, Tensor], Tensor]:
    """Parts (N, B, 1, 16, 2, 4), a name (N, B, 1, 8), and the colour wanted."""
    draw = _DRAW.at("attention", str(update))
    name, colour = draw.at("name").normal(count, 8, 8), draw.at("colour").normal(count, 8, 8)
    which = draw.at("which").integers(8, count)[..., None, None].expand(-1, -1, 1, 8)
    parts = torch.cat([name, colour], dim=3).mT.reshape(-1, count, 1, 16, 2, 4)
    return {"things": parts, "asked": name.gather(2, which)}, colour.gather(2, which)


def _recalled(spec: dict[str, Any] | list[dict[str, Any]], updates: int) -> list[float]:
    """Share of the variance of the colours that is told after so many updates of 50 items."""
    given, _ = _things(0, 1)
    chain: list[tuple[str, Area]] = []
    for number, each in enumerate(spec if isinstance(spec, list) else [spec]):
        inputs = given if number == 0 else {"below": torch.zeros(1, 1, 1, *chain[-1][1].shape)}
        chain.append((f"{number}", _built(inputs, **each)))
    params = [{name: p.requires_grad_() for name, p in area.init(_DRAW.at(key)).items()} for key, area in chain]
    optimizer = torch.optim.Adam([p for some in params for p in some.values()], lr=0.01)

    def answer(inputs: dict[str, Tensor]) -> Tensor:
        for (_, area), some in zip(chain, params, strict=True):
            rate = _answer(area, inputs, some)
            inputs = {"below": rate}
        return rate

    for update in range(updates):
        inputs, wanted = _things(update, 50)
        optimizer.zero_grad()
        torch.autograd.backward((answer(inputs) - wanted).square().mean(dim=(1, 2, 3)).sum())
        optimizer.step()
    with torch.no_grad():
        inputs, wanted = _things(-1, 1000)
        left = (answer(inputs) - wanted).square().mean(dim=(1, 2, 3)) / wanted.square().mean(dim=(1, 2, 3))
    told: list[float] = (1.0 - left).tolist()
    return told


# ---- planner

_SIDE = 5
_PLACES = _SIDE * _SIDE


def _moves() -> Tensor:
    """Probability (25, 25) of each place after each, walked at random; into a wall: one stays."""
    moves = torch.zeros(_PLACES, _PLACES)
    for row in range(_SIDE):
        for column in range(_SIDE):
            for down, right in ((-1, 0), (0, 1), (1, 0), (0, -1)):
                there = min(max(row + down, 0), _SIDE - 1) * _SIDE + min(max(column + right, 0), _SIDE - 1)
                moves[row * _SIDE + column, there] += 0.25
    return moves


def _walks(moves: Tensor, update: int, count: int = 16, steps: int = 20) -> Tensor:
    """Places (N, B, T, 25), one-hot."""
    draw = _DRAW.at("planner", str(update))
    place, unit = draw.at("start").integers(_PLACES, count), draw.at("way").uniform(count, steps)
    met = []
    for step in range(steps):
        met.append(place)
        place = (moves.cumsum(dim=1)[place] < unit[..., step, None]).sum(dim=-1).clamp(max=_PLACES - 1)
    return torch.nn.functional.one_hot(torch.stack(met, dim=2), _PLACES).float()


def _planner(quick: bool) -> Iterator[Figure]:
    """A reward moves from one corner to the other: three updates later, what is each place worth?"""
    discount, updates = 0.9, 600 if quick else 2000
    moves, before, after = _moves(), 0, _PLACES - 1
    everywhere = torch.eye(_PLACES).expand(lives.LIVES, 1, -1, -1)
    area = _built({"where": everywhere}, kind="planner", size=_PLACES, discount=discount, reward_rate=0.9)
    assert isinstance(area, Remembers)
    assert isinstance(area, Holds)
    own, value = area.contents(_DRAW), torch.zeros(lives.LIVES, _PLACES)
    for update in range(updates + 3):
        x = _walks(moves, update)
        reward = x[..., before if update < updates else after]
        own |= _remembered(area, own, x, reward)
        value = _td(value, x, reward, discount)
    true = torch.linalg.inv(torch.eye(_PLACES) - discount * moves)[:, after]
    worth = area.apply({"where": everywhere}, (), Pass({}, Exact(), own))[0].flatten(1)
    for name, told, bounds, peer in (
        ("revalued", worth, ">= 0.98", "the true values"),
        ("control", value, "<= 0.3", "temporal differences, at the same moment"),
    ):
        yield from lives.figures(name, [lives.correlation(each, true) for each in told], "r", bounds, peer)


def _row(quick: bool) -> Iterator[Figure]:
    """The example: a row of 19 states of which the right end pays, walked at random."""
    life = lives.grown(read(_EXAMPLE.read_bytes()).data)
    worth = (life.weight("kept/CA1/successors") @ life.weight("kept/CA1/rewards")[..., None])[..., 0]
    steps = 0.5 * (torch.diag(torch.ones(18), 1) + torch.diag(torch.ones(18), -1))
    true = 0.5 * torch.linalg.inv(torch.eye(19) - 0.95 * steps)[:, -1]
    yield from lives.figures(
        "row", [lives.correlation(each, true) for each in worth], "r", ">= 0.98", "the true values"
    )


def _remembered(area: Remembers, own: Params, x: Tensor, reward: Tensor) -> Params:
    batch = Batch({}, None, {"reward": reward}, torch.zeros(len(x), 1, dtype=torch.int64))
    inputs, pace = {"mid": {"where": x}}, {"mid": torch.ones(len(x))}
    return area.remember(Moment(batch, {}, {}, own, _DRAW, inputs, lambda *_: x, pace=pace))


def _td(value: Tensor, x: Tensor, reward: Tensor, discount: float) -> Tensor:
    """Values (N, S) after an update of TD(0) at the planner's rate, averaged over the steps at each place."""
    worth_NBT = (x * value[:, None, None]).sum(dim=-1)
    error = reward[:, :, :-1] + discount * worth_NBT[:, :, 1:] - worth_NBT[:, :, :-1]
    here = x[:, :, :-1].flatten(1, 2)
    return value + 0.1 * (here * error.flatten(1, 2)[..., None]).sum(dim=1) / here.sum(dim=1).clamp(min=1.0)


# ---- episodic control


def _episodic_control(quick: bool) -> Iterator[Figure]:
    """Four rooms, one goal: ways after few episodes, and after many, beside an actor and a critic taught by errors."""
    few, many = 10, 60 if quick else 200
    td = "temporal differences and policy gradient"
    for name, example, updates, bounds, peer in (
        ("early", _EPISODIC, few, "<= 2.2", f"{few} batches; shortest ways: 1"),
        ("control", _TAUGHT, few, ">= 3", f"{td}, as long"),
        ("control_tenfold", _TAUGHT, 10 * few, "<= 2", f"{td}, ten times as long"),
        ("late", _EPISODIC, many, ">= 1.2", f"{many} batches"),
        ("control_late", _TAUGHT, 300, "<= 1.2", f"{td}, 300 batches"),
    ):
        yield from lives.figures(name, _ways(example, updates), "x", bounds, peer)


def _ways(example: Path, updates: int) -> list[float]:
    """Steps over the fewest there could be, after so many batches of an example of acting, by life."""
    document = dict(read(example.read_bytes()).data)
    document["stages"] = [{**document["stages"][0], "until": {"after": f"{updates}ba"}}]
    document["probes"] = {"ways": {"kind": "steps_ratio", "world": "rooms", "every": f"{updates}ba", "n": 100}}
    if document["costs"]:
        document["organism"] = {**document["organism"], "optimizer": {"kind": "adam", "lr": 0.1}}
        document["costs"] = {**document["costs"], "doing": {**document["costs"]["doing"], "entropy": 0.001}}
    return list(lives.grown(document).last["ways"])


ENTRIES: tuple[Entry, ...] = (
    entry("binding", _binding),
    entry("shifter", _shifter),
    entry("attention", _attention, looking.glimpse, looking.cue),
    entry("planner", _planner, _row),
    entry("episodic_control", _episodic_control),
)
