"""Charts as inline SVG: no script, no network; colours come from the page's CSS, so they follow light and dark."""

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 560, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 14, 46  # room for the axes' numbers and names
BAR_HEIGHT, BAR_LABELS, BAR_VALUES = 22, 230, 90


class Axis(NamedTuple):
    """An axis from `low` to `high`; `ticks` are values with their text. A logarithmic one needs low > 0."""

    label: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    log: bool = False

    def place(self, value: float) -> float:
        """Where a value lies, 0 at `low` and 1 at `high`; values beyond are put at the ends."""
        value = min(max(value, self.low), self.high)
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


class Series(NamedTuple):
    """One line. `style` is a CSS class of the page: `one`, `two`, `three`, `guide`."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    style: str = "one"
    dots: bool = False


class Bar(NamedTuple):
    """One bar of a bar chart, with its value as text."""

    label: str
    value: float
    text: str


def linear(label: str, high: float, low: float = 0.0, percent: bool = False) -> Axis:
    """An axis with four to six round ticks."""
    high = high if high > low else low + 1
    step = _round_step((high - low) / 5)
    ticks, value = [], math.ceil(low / step - 1e-9) * step
    while value <= high + step * 1e-9:
        ticks.append((value, f"{value:.0%}" if percent else f"{round(value, 10):,g}"))
        value += step
    return Axis(label, low, high, tuple(ticks))


def powers(label: str, low: float, high: float) -> Axis:
    """A logarithmic axis with a tick at each power of ten."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = tuple((10.0**e, f"{10**e:,}" if e >= 0 else f"{10.0**e:g}") for e in exponents)
    return Axis(label, ticks[0][0], ticks[-1][0], ticks, log=True)


def lines(title: str, text: str, x: Axis, y: Axis, series: Sequence[Series]) -> str:
    """A line chart; `text` says in words what is to be seen, for those who do not see it."""
    drawn = [_axes(x, y)]
    for one in series:
        points = [(_x(x, a), _y(y, b)) for a, b in zip(one.x, one.y, strict=True)]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        drawn.append(f'<polyline class="line {one.style}" points="{path}"/>')
        if one.dots:
            drawn += [f'<circle class="dot {one.style}" cx="{a:.1f}" cy="{b:.1f}" r="3"/>' for a, b in points]
    return _figure(title, text, WIDTH, HEIGHT, "".join(drawn), _legend(series))


def columns(title: str, text: str, x: Axis, y: Axis, series: Sequence[Series]) -> str:
    """A histogram: each series' `x` are the left edges of columns of equal width, drawn side by side."""
    drawn = [_axes(x, y)]
    for number, one in enumerate(series):
        width = (_x(x, one.x[1]) - _x(x, one.x[0])) / len(series)
        for left, height in zip(one.x, one.y, strict=True):
            if height > 0:
                top = _y(y, height)
                place = _x(x, left) + number * width
                drawn.append(
                    f'<rect class="area {one.style}" x="{place:.1f}" y="{top:.1f}"'
                    f' width="{max(width - 0.4, 0.5):.1f}" height="{HEIGHT - BOTTOM - top:.1f}"/>'
                )
    return _figure(title, text, WIDTH, HEIGHT, "".join(drawn), _legend(series))


def bars(title: str, text: str, rows: Sequence[Bar], limit: float | None = None) -> str:
    """Horizontal bars, longest possible bar at the largest value (or at `limit`, if that is larger)."""
    largest = max([row.value for row in rows] + [limit or 0.0, 1e-12])
    room, height = WIDTH - BAR_LABELS - BAR_VALUES, BAR_HEIGHT * len(rows) + 8
    x = BAR_LABELS + room * (limit or 0.0) / largest
    drawn = [] if limit is None else [f'<line class="line guide" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height}"/>']
    for number, row in enumerate(rows):
        middle = BAR_HEIGHT * number + BAR_HEIGHT / 2 + 4
        length = room * max(row.value, 0) / largest
        drawn.append(
            f'<text class="tick" x="{BAR_LABELS - 8}" y="{middle + 4:.1f}" text-anchor="end">{escape(row.label)}</text>'
            f'<rect class="area one" x="{BAR_LABELS}" y="{middle - 7:.1f}" width="{max(length, 0.5):.1f}" height="14"/>'
            f'<text class="tick over" x="{BAR_LABELS + length + 6:.1f}" y="{middle + 4:.1f}">{escape(row.text)}</text>'
        )
    return _figure(title, text, WIDTH, height, "".join(drawn), "")


def _figure(title: str, text: str, width: int, height: int, drawn: str, legend: str) -> str:
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg role="img" viewBox="0 0 {width} {height}"'
        f' aria-label="{escape(f"{title}. {text}", quote=True)}">{drawn}</svg>{legend}'
        f'<p class="note">{escape(text)}</p>'
        "</figure>"
    )


def _legend(series: Sequence[Series]) -> str:
    if len(series) < 2:
        return ""
    items = "".join(
        f'<li><svg class="key" viewBox="0 0 24 10" aria-hidden="true"><line class="line {one.style}" x1="0" x2="24"'
        f' y1="5" y2="5"/></svg>{escape(one.name)}</li>'
        for one in series
    )
    return f'<ul class="legend">{items}</ul>'


def _axes(x: Axis, y: Axis) -> str:
    drawn = []
    for value, text in x.ticks:
        place = _x(x, value)
        drawn.append(f'<line class="grid" x1="{place:.1f}" x2="{place:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        drawn.append(_text(place, HEIGHT - BOTTOM + 16, text, "middle"))
    for value, text in y.ticks:
        place = _y(y, value)
        drawn.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{place:.1f}" y2="{place:.1f}"/>')
        drawn.append(_text(LEFT - 6, place + 4, text, "end"))
    drawn.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x.label, "middle", "axis"))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    drawn.append(
        f'<text class="axis" text-anchor="middle" transform="translate(14 {middle:.1f}) rotate(-90)">'
        f"{escape(y.label)}</text>"
    )
    return "".join(drawn)


def _text(x: float, y: float, text: str, anchor: str, style: str = "tick") -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _x(axis: Axis, value: float) -> float:
    return LEFT + axis.place(value) * (WIDTH - LEFT - RIGHT)


def _y(axis: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - axis.place(value) * (HEIGHT - TOP - BOTTOM)


def _round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= step * 0.999)
