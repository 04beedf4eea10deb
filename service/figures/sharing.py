"""What the arms of a plan share: every trajectory once, over the arms and ages that go through it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import inf
from typing import Any

from service.figures.look import Look, faint
from service.figures.panels import Figure, Origin, Panel, Sheet, Trace, age_axis, empty, said, stacked

Answer = Mapping[str, Any]
ROW_PX = 18
SHOWN_ARMS = 80


@dataclass
class Piece:
    """A trajectory on the path of an arm."""

    key: str | None
    """None: a trigger has yet to decide which trajectory it will be."""
    start: float
    end: float
    stages: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Block:
    """A trajectory on the paths of neighbouring rows, which leave it at their own ages."""

    first: int
    pieces: tuple[Piece, ...]

    @property
    def longest(self) -> Piece:
        """The piece of the row that goes furthest."""
        return max(self.pieces, key=lambda piece: piece.end)

    def outline(self) -> tuple[list[float], list[float]]:
        """Corners of the staircase from its left edge on, rows being one high."""
        low, high = self.first - 0.42, self.first + len(self.pieces) - 1 + 0.42
        start = self.pieces[0].start
        x, y = [start], [low]
        for row, piece in enumerate(self.pieces, self.first):
            x += [piece.end, piece.end]
            y += [max(row - 0.5, low), min(row + 0.5, high)]
        return [*x, start, start], [*y, high, low]


def sharing(plan: Answer, look: Look, origin: Origin) -> Figure:
    """Arms as rows, ordered so that those with a common past lie together; one block is trained once."""
    paths = _together([(arm["name"], _path(arm["steps"])) for arm in plan["arms"]])[:SHOWN_ARMS]
    if not paths:
        return empty("the plan has no arms", Sheet("sharing", look, origin))
    blocks = list(_blocks([path for _, path in paths]))
    trajectories = {row["key"]: row for row in plan["trajectories"]} | {
        row["id"]: row for row in plan["trajectories"] if "id" in row
    }
    names = [said(name) for name, _ in paths]
    shown = f"{SHOWN_ARMS} of {len(plan['arms'])} arms are drawn"
    sheet = Sheet(
        "sharing",
        look,
        origin,
        age_axis(max(piece.end for _, path in paths for piece in path)),
        (shown,) if len(plan["arms"]) > SHOWN_ARMS else (),
        unified=False,
        left=min(320, 24 + 7 * max(map(len, names))),
    )
    axis = {
        "tickmode": "array",
        "tickvals": list(range(len(names))),
        "ticktext": names,
        "range": [len(names) - 0.5, -0.5],
        "fixedrange": True,
        "showgrid": False,
    }
    traces = list(_drawn(blocks, trajectories, look))
    return stacked([Panel(ROW_PX * len(names) + 8, traces, axis, "sharing", shows_title=False)], sheet)


def _path(steps: Sequence[Answer]) -> list[Piece]:
    """The trajectories of an arm's first cohort, each over the stages it covers."""
    path: list[Piece] = []
    for step in steps:
        if step["cohort"] != steps[0]["cohort"]:
            continue
        if path and step["trajectory"] is not None and path[-1].key == step["trajectory"]:
            path[-1].end = float(step["to_age"][1])
        else:
            path.append(Piece(step["trajectory"], float(step["from_age"][0]), float(step["to_age"][1])))
        if step["stage"] not in path[-1].stages:
            path[-1].stages.append(step["stage"])
    return path


def _together(named: Sequence[tuple[str, list[Piece]]]) -> list[tuple[str, list[Piece]]]:
    """Arms of one trajectory side by side, those that go further below; else as the document has them."""
    met: dict[str, int] = {}
    for _, path in named:
        for piece in path:
            if piece.key is not None:
                met.setdefault(piece.key, len(met))

    def place(arm: tuple[str, list[Piece]]) -> list[tuple[float, float]]:
        return [(inf if piece.key is None else met[piece.key], piece.end) for piece in arm[1]]

    return sorted(named, key=place)


def _blocks(paths: Sequence[Sequence[Piece]]) -> Iterator[Block]:
    """Neighbouring rows that go through one trajectory."""
    for depth in range(max(map(len, paths))):
        rows = [(row, path[depth]) for row, path in enumerate(paths) if depth < len(path)]
        for _, group in groupby(enumerate(rows), key=_sameness):
            together = [each for _, each in group]
            yield Block(together[0][0], tuple(piece for _, piece in together))


def _sameness(placed: tuple[int, tuple[int, Piece]]) -> tuple[Any, ...]:
    """Equal for neighbouring rows of one trajectory; what a trigger has yet to decide is shared with nobody."""
    place, (row, piece) = placed
    return (piece.key, row - place) if piece.key else (None, row)


def _drawn(blocks: Sequence[Block], trajectories: Mapping[str, Answer], look: Look) -> Iterator[Trace]:
    known = [(block, trajectories.get(block.longest.key or "", {})) for block in blocks]
    for state, words, opacity, hatched in (
        ("done", "trained", 0.55, False),
        ("partial", "partly trained", 0.3, False),
        ("new", "to be trained", 0.1, False),
        (None, "a trigger decides", 0.06, True),
    ):
        chosen = [(block, row) for block, row in known if row.get("state") == state]
        if chosen:
            yield from _of_state(chosen, words, look, opacity, hatched)


def _of_state(
    chosen: Sequence[tuple[Block, Answer]], words: str, look: Look, opacity: float, hatched: bool
) -> Iterator[Trace]:
    colour = look.colour(0)
    x: list[float | None] = []
    y: list[float | None] = []
    for block, _ in chosen:
        corners_x, corners_y = block.outline()
        x += [*corners_x, None]
        y += [*corners_y, None]
    fill: dict[str, Any] = {"fillcolor": faint(colour, opacity)}
    if hatched:
        fill["fillpattern"] = {
            "shape": "/",
            "size": 6,
            "solidity": 0.2,
            "fgcolor": faint(colour, 0.6),
            "bgcolor": look.paper,
        }
    yield {
        "type": "scatter",
        "mode": "lines",
        "name": words,
        "legendgroup": words,
        "x": x,
        "y": y,
        "fill": "toself",
        "line": {"color": colour, "width": 1},
        "hoverinfo": "skip",
        **fill,
    }
    yield {
        "type": "scatter",
        "mode": "markers+text",
        "name": words,
        "legendgroup": words,
        "showlegend": False,
        "x": [(block.longest.start + min(piece.end for piece in block.pieces)) / 2 for block, _ in chosen],
        "y": [block.first + (len(block.pieces) - 1) / 2 for block, _ in chosen],
        "text": [f"{len(block.pieces)} arms" if len(block.pieces) > 1 else "" for block, _ in chosen],
        "textposition": "middle right",
        "textfont": {"size": 10, "color": look.ink},
        "hovertext": [_words(block, row, words) for block, row in chosen],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "marker": {"size": 6, "symbol": "circle", "color": colour, "opacity": 0.75},
    }


def _words(block: Block, row: Answer, words: str) -> str:
    arms, piece = len(block.pieces), block.longest
    stages = ", ".join(map(said, piece.stages))
    lives = f", {len(row['seeds'])} lives" if row else ""
    trained = f", {row['trained_to']:,} of {row['updates']:,} updates" if row else ""
    key = f" {piece.key[:12]}" if piece.key else ""
    return f"{stages}: {words}{trained}{lives}; {arms} {'arms share it' if arms > 1 else 'arm'}{key}"
