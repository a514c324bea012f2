"""Charts as inline SVG: numbers in, markup out, no script and no address outside the file.

Each chart is a `Figure`: a drawing with a title and a description for those who hear it, and its numbers as a table.
Colours are CSS variables (`--series-1` …, Okabe and Ito's palette in the page's style), so that light and dark pages
share one drawing; no meaning hangs on colour alone.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

WIDTH = 540
LABEL_WIDTH = 170
ROW = 26
VALUE_WIDTH = 80  # room for the number at a bar's end
PLOT = WIDTH - LABEL_WIDTH - VALUE_WIDTH
HEIGHT = 240  # of charts with a vertical axis
LEFT, BOTTOM, TOP = 56, 40, 28
LABEL_CHARACTERS = 24

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"

Cell = str | int | float | None
Rows = tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing and the numbers it was drawn from."""

    title: str
    #: one sentence: what it shows, for a reader who does not see it
    description: str
    columns: tuple[str, ...]
    rows: Rows
    svg: str


def bar_chart(title: str, description: str, bars: Mapping[str, float], *, name: str = "", unit: str = "") -> Figure:
    """Horizontal bars, one per entry, in the order given. Shares read best with unit "%" and values of 0 to 100."""
    top = max(bars.values(), default=0) or 1
    drawn = [
        _row_label(index, label)
        + _rect(LABEL_WIDTH, index * ROW + 4, PLOT * value / top, ROW - 8, 1)
        + _text(LABEL_WIDTH + PLOT * value / top + 6, index * ROW + 17, f"{number(value)}{unit}")
        for index, (label, value) in enumerate(bars.items())
    ]
    rows = tuple((label, value) for label, value in bars.items())
    return Figure(title, description, (name, unit or "count"), rows, _svg(title, description, len(bars) * ROW, drawn))


def stacked_bars(title: str, description: str, stacks: Mapping[str, Mapping[str, float]], *, name: str = "") -> Figure:
    """Horizontal bars of parts: label → part → value. Parts keep the order in which they first appear."""
    parts = list(dict.fromkeys(part for stack in stacks.values() for part in stack))
    top = max((sum(stack.values()) for stack in stacks.values()), default=0) or 1
    drawn = [_legend(parts)]
    for index, (label, stack) in enumerate(stacks.items()):
        y, x = TOP + index * ROW, float(LABEL_WIDTH)
        drawn.append(_row_label(index, label, TOP))
        for part in parts:
            width = PLOT * stack.get(part, 0) / top
            drawn.append(_rect(x, y + 4, width, ROW - 8, parts.index(part) + 1))
            x += width
        drawn.append(_text(x + 6, y + 17, number(sum(stack.values()))))
    rows: Rows = tuple((label, *(stack.get(part, 0) for part in parts)) for label, stack in stacks.items())
    return Figure(title, description, (name, *parts), rows, _svg(title, description, TOP + len(stacks) * ROW, drawn))


def histogram(
    title: str, description: str, bins: Sequence[float], counts: Mapping[str, Sequence[int]], *, unit: str
) -> Figure:
    """Stacked columns over equal bins. bins: the n + 1 edges, rising; counts: series → n counts."""
    totals = [sum(column) for column in zip(*counts.values(), strict=True)]
    y = _Axis(0, max(totals, default=0) or 1, HEIGHT - BOTTOM, TOP)
    x = _Axis(bins[0], bins[-1], LEFT, WIDTH - 10)
    drawn = [_legend(list(counts)), _y_axis(y), _x_axis(x, unit)]
    base = [0] * len(totals)
    for series, heights in enumerate(counts.values(), start=1):
        for index, height in enumerate(heights):
            left, right = x.at(bins[index]), x.at(bins[index + 1])
            low, high = y.at(base[index]), y.at(base[index] + height)
            drawn.append(_rect(left + 0.5, high, right - left - 1, low - high, series))
            base[index] += height
    rows: Rows = tuple(
        (f"{number(low)} to {number(high)}", *(values[index] for values in counts.values()))
        for index, (low, high) in enumerate(pairwise(bins))
    )
    return Figure(title, description, (unit, *counts), rows, _svg(title, description, HEIGHT, drawn))


def calibration_chart(title: str, description: str, points: Sequence[tuple[float, float, int]]) -> Figure:
    """Predicted against observed share, one dot per group of `n` cases; the dashed diagonal is a perfect promise."""
    x, y = _Axis(0, 1, LEFT, WIDTH - 10), _Axis(0, 1, HEIGHT - BOTTOM, TOP)
    drawn = [_y_axis(y), _x_axis(x, "predicted"), _line(x.at(0), y.at(0), x.at(1), y.at(1), "guide")]
    most = max((cases for _, _, cases in points), default=0) or 1
    for predicted, observed, cases in points:
        radius = 3 + 6 * math.sqrt(cases / most)
        drawn.append(f'<circle class="s1" cx="{x.at(predicted):.1f}" cy="{y.at(observed):.1f}" r="{radius:.1f}"/>')
    columns = ("predicted", "observed", "cases")
    return Figure(title, description, columns, tuple(points), _svg(title, description, HEIGHT, drawn))


def waterfall(title: str, description: str, steps: Sequence[tuple[str, float]], *, total: str, unit: str) -> Figure:
    """Values that add up, each bar starting where the last one ended; the last bar is their sum."""
    ends = [sum(value for _, value in steps[: index + 1]) for index in range(len(steps))]
    x = _Axis(min(0.0, *ends), max(0.0, *ends) or 1.0, LABEL_WIDTH, WIDTH - VALUE_WIDTH)
    drawn = [_line(x.at(0), 0, x.at(0), (len(steps) + 1) * ROW, "axis")]
    start = 0.0
    for index, ((label, value), end) in enumerate(zip(steps, ends, strict=True)):
        drawn.append(_waterfall_row(index, label, x, start, end, f"{value:+.1f}", 3 if value >= 0 else 2))
        start = end
    drawn.append(_waterfall_row(len(steps), total, x, 0.0, start, f"{start:+.1f}", 1))
    rows = (*((label, round(value, 3)) for label, value in steps), (total, round(start, 3)))
    return Figure(title, description, ("step", unit), rows, _svg(title, description, (len(steps) + 1) * ROW, drawn))


def number(value: float) -> str:
    """A number for the eye: thousands apart (but never on two lines), at most three digits after the point.

    >>> number(12345), number(0.25), number(-3.0)
    ('12\\xa0345', '0.25', '-3')
    """
    text = f"{int(value):,}" if float(value).is_integer() else f"{value:,.3f}".rstrip("0").rstrip(".")
    return text.replace(",", NO_BREAK_SPACE)


@dataclass(frozen=True, slots=True)
class _Axis:
    """A straight map from values to pixels."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        return self.start + (self.end - self.start) * (value - self.low) / ((self.high - self.low) or 1)

    def ticks(self) -> list[float]:
        """Round values, about five of them."""
        raw = ((self.high - self.low) or 1) / 5
        magnitude = 10.0 ** math.floor(math.log10(raw))
        step = next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= raw)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [round(index * step, 10) for index in range(first, last + 1)]


def _x_axis(x: _Axis, unit: str) -> str:
    floor = HEIGHT - BOTTOM
    ticks = (_text(x.at(tick), floor + 16, number(tick), "middle") for tick in x.ticks())
    named = _text((x.start + x.end) / 2, HEIGHT - 6, unit, "middle")
    return _line(x.start, floor, x.end, floor, "axis") + "".join(ticks) + named


def _y_axis(y: _Axis) -> str:
    return "".join(
        _line(LEFT, y.at(tick), WIDTH - 10, y.at(tick), "rule") + _text(LEFT - 6, y.at(tick) + 4, number(tick), "end")
        for tick in y.ticks()
    )


def _waterfall_row(index: int, label: str, x: _Axis, start: float, end: float, value: str, series: int) -> str:
    left, right = sorted((x.at(start), x.at(end)))
    bar = _rect(left, index * ROW + 4, max(right - left, 1.5), ROW - 8, series)
    return _row_label(index, label) + bar + _text(WIDTH - VALUE_WIDTH + 8, index * ROW + 17, value)


def _row_label(index: int, label: str, top: float = 0) -> str:
    short = label if len(label) <= LABEL_CHARACTERS else label[: LABEL_CHARACTERS - 1] + "…"
    return _text(LABEL_WIDTH - 8, top + index * ROW + 17, short, "end")


def _legend(names: Iterable[str]) -> str:
    x, drawn = float(LEFT), ""
    for series, name in enumerate(names, start=1):
        drawn += _rect(x, 4, 12, 12, series) + _text(x + 17, 14, name)
        x += 34 + 7.2 * len(name)
    return drawn


def _rect(x: float, y: float, width: float, height: float, series: int) -> str:
    if width <= 0 or height <= 0:
        return ""
    return f'<rect class="s{series}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _svg(title: str, description: str, height: float, drawn: Iterable[str]) -> str:
    spoken = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    return f'<svg role="img" viewBox="0 0 {WIDTH} {max(height, ROW):.0f}">{spoken}{"".join(drawn)}</svg>'
