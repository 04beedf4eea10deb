"""The organism as a graph: layers from the senses on; plasticity is colour, costs are badges, rules stand by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.figures import rows
from service.figures.look import Look, faint
from service.figures.panels import Figure, Origin, Panel, Sheet, Trace, said, stacked

Answer = Mapping[str, Any]
NODE_WIDE, NODE_HIGH = 0.62, 0.5
"""Of a node, in columns and rows."""
ROW_PX, COLUMN_PX = 128, 150
"""Of a row, and of a column at least: words of a node have to lie inside it."""


@dataclass(frozen=True)
class Scene:
    """What is drawn: a resolved schedule and what is in force in it."""

    schedule: Answer
    """As `/document?form=resolved` tells it."""
    weights: Mapping[str, float]
    """Of the costs, at the age that is drawn."""
    plasticity: Mapping[str, float]
    """Of the areas."""
    words: str
    """Which age that is."""


@dataclass(frozen=True)
class Node:
    """A sense or an area and its place: columns from the senses on, rows from the top."""

    name: str
    column: float
    row: float
    is_sense: bool


def organism(scene: Scene, look: Look, origin: Origin) -> Figure:
    """The graph; an area's point carries its name, so that a click can choose it."""
    body = scene.schedule["organism"]
    nodes = laid_out(body)
    high = max(node.row for node in nodes.values()) + 1
    columns = max(node.column for node in nodes.values())
    shapes = [*_edges(body, nodes, look), *_boxes(scene, nodes, look)]
    notes = [note for node in nodes.values() for note in _labels(scene, node, look)]
    notes += [*_arrowheads(body, nodes, look), *_cuts(body, nodes, look)]
    axis = {"range": [high - 0.4, -0.55], "visible": False, "fixedrange": True}
    x = {"range": [-0.5, columns + 0.5], "visible": False, "fixedrange": True}
    panel = Panel(
        ROW_PX * high, [_points(scene, nodes)], axis, "organism", shows_title=False, annotations=notes, shapes=shapes
    )
    words = f"{scene.words}; fill: plasticity; badge: a cost and its weight; ∥: no error flows back"
    wide = 20 + COLUMN_PX * (int(columns) + 1)
    sheet = Sheet("organism", look, origin, x, (words,), unified=False, left=10, right=10, least_px=wide)
    return stacked([panel], sheet)


def laid_out(body: Answer) -> dict[str, Node]:
    """Every sense and area: its column is its longest way from a sense along forward pathways without a loop."""
    into: dict[str, list[str]] = {name: [] for name in (*body["senses"], *body["areas"])}
    for path in body["pathways"]:
        if path.get("mode", "forward") in ("forward", "symmetric") and not path.get("delay"):
            into[path["to"]].append(path["from"])
    depth: dict[str, int] = {}
    for name in into:
        _depth(name, into, depth, ())
    columns: dict[int, list[str]] = {}
    for name in into:
        columns.setdefault(depth[name], []).append(name)
    tallest = max(map(len, columns.values()))
    return {
        name: Node(name, column, row + (tallest - len(names)) / 2, name in body["senses"])
        for column, names in columns.items()
        for row, name in enumerate(names)
    }


def _depth(name: str, into: Mapping[str, Sequence[str]], depth: dict[str, int], below: tuple[str, ...]) -> int:
    if name not in depth:
        sources = [source for source in into[name] if source not in below and source != name]
        depth[name] = max((_depth(source, into, depth, (*below, name)) + 1 for source in sources), default=0)
    return depth[name]


# ---- nodes


def _boxes(scene: Scene, nodes: Mapping[str, Node], look: Look) -> Iterator[dict[str, Any]]:
    top = max([*scene.plasticity.values(), 1.0])
    for node in nodes.values():
        level = scene.plasticity.get(node.name, 0.0) / top
        circuit = _circuit(scene.schedule["organism"], node.name)
        edge = look.soft if node.is_sense else look.colour(2) if circuit is None else look.colour(circuit[0] + 3)
        yield {
            "type": "rect",
            "x0": node.column - NODE_WIDE / 2,
            "x1": node.column + NODE_WIDE / 2,
            "y0": node.row - NODE_HIGH / 2,
            "y1": node.row + NODE_HIGH / 2,
            "line": {
                "color": edge,
                "width": 1 if node.is_sense else 1.6,
                "dash": "2px 2px" if node.is_sense else "solid",
            },
            "fillcolor": look.paper if node.is_sense else faint(look.colour(2), 0.04 + 0.4 * level),
            "layer": "below",
        }


def _labels(scene: Scene, node: Node, look: Look) -> Iterator[dict[str, Any]]:
    body = scene.schedule["organism"]
    small = {"size": 10, "color": look.ink}
    if node.is_sense:
        shape = " x ".join(str(each) for each in body["senses"][node.name]["shape"])
        yield _note(node, f"<b>{said(node.name)}</b>", 7, {"size": 13, "color": look.ink})
        yield _note(node, f"sense {shape}", -9, small)
        return
    area = body["areas"][node.name]
    size = next((str(area[key]) for key in ("size", "channels", "units") if area.get(key) is not None), "")
    circuit = _circuit(body, node.name)
    rule = "backprop" if circuit is None else f"{circuit[1]}"
    act = f" · {area['act']}" if area.get("act") not in (None, "none") else ""
    yield _note(node, f"<b>{said(node.name)}</b>", 16, {"size": 13, "color": look.ink})
    yield _note(node, f"{area['kind']} {size}{act}", 1, small)
    yield _note(node, f"<i>{said(rule)}</i>", -13, small)
    yield from _badges(scene, node, look)


def _badges(scene: Scene, node: Node, look: Look) -> Iterator[dict[str, Any]]:
    """The costs that judge an area, below it; those that weigh nothing now are pale."""
    here = [
        (index, name) for index, (name, cost) in enumerate(scene.schedule["costs"].items()) if _judges(cost, node.name)
    ]
    for place, (index, name) in enumerate(here):
        weight = scene.weights.get(name, 0.0)
        colour = look.colour(index)
        note = _note(node, f"{said(name)} {weight:.3g}", -(0.5 * NODE_HIGH * ROW_PX + 11 + 19 * place), {"size": 10})
        yield note | {
            "bgcolor": faint(colour, 0.22 if weight else 0.0),
            "bordercolor": faint(colour, 1.0 if weight else 0.35),
            "borderpad": 2,
            "font": {"size": 10, "color": look.ink if weight else look.soft},
        }


def _judges(cost: Answer, area: str) -> bool:
    at = cost.get("at")
    return at == area or (isinstance(at, Sequence) and not isinstance(at, str) and area in at)


def _note(node: Node, text: str, up: float, font: Mapping[str, Any]) -> dict[str, Any]:
    return {"x": node.column, "y": node.row, "text": text, "yshift": up, "font": dict(font), "yanchor": "middle"}


def _circuit(body: Answer, area: str) -> tuple[int, str] | None:
    """Place and words of the circuit of an area; None: backprop by default."""
    for index, circuit in enumerate(body.get("credit", ())):
        if area in circuit["areas"]:
            kind = circuit["rule"]["kind"]
            name = circuit.get("name") or kind
            return index, kind if name == kind else f"{name}: {kind}"
    return None


def _points(scene: Scene, nodes: Mapping[str, Node]) -> Trace:
    told = list(nodes.values())
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "areas",
        "showlegend": False,
        "x": [node.column for node in told],
        "y": [node.row for node in told],
        "customdata": [None if node.is_sense else node.name for node in told],
        "text": [_told(scene, node) for node in told],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"size": 46, "symbol": "square", "opacity": 0},
        "meta": {
            "rows": [
                (node.name, None, scene.plasticity.get(node.name), rows.plain(_told(scene, node))) for node in told
            ]
        },
    }


def _told(scene: Scene, node: Node) -> str:
    if node.is_sense:
        return f"sense {said(node.name)}"
    costs = [name for name, cost in scene.schedule["costs"].items() if _judges(cost, node.name)]
    weights = ", ".join(f"{said(name)} {scene.weights.get(name, 0.0):.3g}" for name in costs) or "no cost of its own"
    return f"area {said(node.name)}: plasticity {scene.plasticity.get(node.name, 0.0):.3g}; {weights}"


# ---- pathways


def _ends(path: Answer, nodes: Mapping[str, Node]) -> tuple[float, float, float, float]:
    """Where a pathway leaves and enters: sideways on its way forward, from below on its way back."""
    a, b = nodes[path["from"]], nodes[path["to"]]
    if b.column > a.column:
        return a.column + NODE_WIDE / 2, a.row, b.column - NODE_WIDE / 2, b.row
    return a.column - 0.12, a.row - NODE_HIGH / 2, b.column + 0.12, b.row - NODE_HIGH / 2


def _controls(path: Answer, nodes: Mapping[str, Node]) -> tuple[float, float, float, float]:
    """Control points of the Bezier curve; what skips a column, or goes back, bends around."""
    x0, y0, x1, y1 = _ends(path, nodes)
    a, b = nodes[path["from"]], nodes[path["to"]]
    if b.column > a.column:
        bend = -0.55 if b.column - a.column > 1 else 0.0
        reach = (x1 - x0) * 0.5
        return x0 + reach, y0 + bend, x1 - reach, y1 + bend
    return x0, y0 - 0.5, x1, y1 - 0.5


def _edges(body: Answer, nodes: Mapping[str, Node], look: Look) -> Iterator[dict[str, Any]]:
    for path in body["pathways"]:
        x0, y0, x1, y1 = _ends(path, nodes)
        c0, d0, c1, d1 = _controls(path, nodes)
        blocked = path.get("gradient") == "block"
        back = path.get("mode", "forward") in ("feedback", "lateral") or bool(path.get("delay"))
        yield {
            "type": "path",
            "path": f"M {x0:.4f},{y0:.4f} C {c0:.4f},{d0:.4f} {c1:.4f},{d1:.4f} {x1:.4f},{y1:.4f}",
            "line": {
                "color": look.alarm if blocked else look.soft,
                "width": 1.4,
                "dash": "4px 3px" if back else "solid",
            },
            "layer": "below",
        }


def _arrowheads(body: Answer, nodes: Mapping[str, Node], look: Look) -> Iterator[dict[str, Any]]:
    for path in body["pathways"]:
        _, _, x1, y1 = _ends(path, nodes)
        forward = nodes[path["to"]].column > nodes[path["from"]].column
        yield {
            "x": x1,
            "y": y1,
            "ax": -8 if forward else 0,
            "ay": 0 if forward else -8,
            "text": "",
            "showarrow": True,
            "arrowhead": 2,
            "arrowsize": 1,
            "arrowwidth": 1.4,
            "arrowcolor": look.alarm if path.get("gradient") == "block" else look.soft,
        }


def _cuts(body: Answer, nodes: Mapping[str, Node], look: Look) -> Iterator[dict[str, Any]]:
    """Two bars across a pathway through which no error flows back, and the delay of one that has one."""
    for path in body["pathways"]:
        words = []
        if path.get("gradient") == "block":
            words.append(f"<b style='color:{look.alarm}'>∥</b>")
        if path.get("delay"):
            words.append(f"+{path['delay']}")
        if not words:
            continue
        x0, y0, x1, y1 = _ends(path, nodes)
        c0, d0, c1, d1 = _controls(path, nodes)
        x, y = (x0 + 3 * c0 + 3 * c1 + x1) / 8, (y0 + 3 * d0 + 3 * d1 + y1) / 8
        font = {"size": 13, "color": look.soft}
        yield {"x": x, "y": y, "text": " ".join(words), "font": font, "bgcolor": look.paper, "borderpad": 1}
