"""Small plots as SVG text, axes from 0 to 1: curves over coverage, and bars of confidence against what was right.

Takes points; gives one `<svg>` without script or style of its own: classes name what the page colours.
"""

from collections.abc import Sequence
from html import escape
from typing import Final

_SIZE: Final = 240  # of the plot, in SVG units …
_EDGE: Final = 34  # … and of the margin around it


def curves(lines: Sequence[Sequence[tuple[float, float]]], label: str) -> str:
    """Return up to two curves through (x, y) points; the classes are "first" and "second"; `label` is read aloud."""
    drawn = [
        f'<polyline class="{name}" points="{" ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)}"/>'
        for name, points in zip(("first", "second"), lines, strict=False)
    ]
    return _plot("".join(drawn), label)


def reliability_bars(bands: Sequence[tuple[float, float, int]], label: str, width: float = 0.1) -> str:
    """Return a bar for each (lower edge, share right, number) and the diagonal of perfect calibration."""
    drawn = [
        f'<rect class="column" x="{_x(low) + 1:.1f}" y="{_y(right):.1f}" width="{width * _SIZE - 2:.1f}" '
        f'height="{right * _SIZE:.1f}"><title>{number}</title></rect>'
        for low, right, number in bands
    ]
    drawn.append(f'<line class="diagonal" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"/>')
    return _plot("".join(drawn), label)


def _x(value: float) -> float:
    return _EDGE + value * _SIZE


def _y(value: float) -> float:
    return _EDGE / 2 + (1 - value) * _SIZE


def _plot(drawn: str, label: str) -> str:
    """Return `drawn` between axes with marks at every quarter."""
    marks = [
        f'<line class="axis" x1="{_x(0)}" y1="{_y(v)}" x2="{_x(1)}" y2="{_y(v)}"/>'
        f'<text x="{_EDGE - 6}" y="{_y(v) + 4}" text-anchor="end">{v:.0%}</text>'
        f'<text x="{_x(v)}" y="{_y(0) + 15}" text-anchor="middle">{v:.0%}</text>'
        for v in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    size = _SIZE + 2 * _EDGE
    box = f'viewBox="0 0 {size} {_SIZE + _EDGE + 8}" role="img" aria-label="{escape(label)}"'
    return f"<svg {box}>{''.join(marks)}{drawn}</svg>"
