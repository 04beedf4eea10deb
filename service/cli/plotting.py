"""Curves in a terminal, in braille dots."""

from __future__ import annotations

import numpy as np

from service.client import History

WIDTH, HEIGHT = 72, 12
_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])


def plot(history: History) -> str:
    """All traces of an answer in one frame, with the extremes of both axes."""
    traces = [trace for trace in history.traces if np.isfinite(trace.y).any()]
    if not traces:
        return "nothing recorded yet"
    x = np.concatenate([trace.x for trace in traces])
    y = np.concatenate([trace.y[np.isfinite(trace.y)] for trace in traces])
    (left, right), (low, high) = (x.min(), x.max()), (y.min(), y.max())
    grid = np.zeros((HEIGHT * 4, WIDTH * 2), dtype=bool)
    for trace in traces:
        columns = np.linspace(left, right, WIDTH * 2)
        finite = np.isfinite(trace.y)
        values = np.interp(columns, trace.x[finite], trace.y[finite], left=np.nan, right=np.nan)
        shown = np.isfinite(values)
        height = (values[shown] - low) / ((high - low) or 1.0)
        rows = np.round((1.0 - height) * (HEIGHT * 4 - 1)).astype(int)
        for column, row, before in zip(np.flatnonzero(shown), rows, [rows[0], *rows[:-1]], strict=True):
            grid[min(row, before) : max(row, before) + 1, column] = True
    cells = grid.reshape(HEIGHT, 4, WIDTH, 2).transpose(0, 2, 1, 3)
    lines = ["".join(chr(0x2800 + int((_DOTS * cell).sum())) for cell in row) for row in cells]
    labels = [f"{high:9.4g} ", *[" " * 10] * (HEIGHT - 2), f"{low:9.4g} "]
    names = ", ".join(dict.fromkeys(trace.series for trace in traces))
    unit = history.answer["x"]
    title = f"{unit['name']} ({unit['unit']})"
    axis = f"{'':10}{left:<12,.0f}{title:^{WIDTH - 24}}{right:>12,.0f}"
    return "\n".join([f"{'':10}{names}", *(label + line for label, line in zip(labels, lines, strict=True)), axis])
