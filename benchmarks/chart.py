"""All figures as one chart: how far each is from its bar, on a scale where twice as good is one step to the right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from benchmarks.measure import Bar

ROW, NAMES, STEP, STEPS = 22, 470, 60, 4
MET, MISSED, INK = "#1a6f3c", "#b50909", "#1b1b1b"


def margin(bar: Bar) -> float:
    """How many times better than its bar a figure is; below 1 it is missed."""
    better, worse = (bar.figure, bar.bound) if bar.at_least else (bar.bound, bar.figure)
    if not worse:
        return math.inf if better or bar.met else 0.0
    return better / worse


def draw(bars: Sequence[Bar], caption: str) -> str:
    """An SVG; text beside every bar, so that nothing depends on colour.

    Args:
        bars: the figures.
        caption: when and on what they were taken.
    """
    width, height = NAMES + 2 * STEPS * STEP + 130, ROW * (len(bars) + 3)
    middle = NAMES + STEPS * STEP
    rows = "".join(_row(bar, (number + 1) * ROW, middle) for number, bar in enumerate(bars))
    axis = f'<line x1="{middle}" y1="{ROW - 6}" x2="{middle}" y2="{height - 2 * ROW}" stroke="{INK}"/>'
    legend = "left of the line: missed; each step to the right is twice as good as asked for"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="12" role="img"><title>Figures beside their bars</title>'
        f'<rect width="{width}" height="{height}" fill="#fff"/>{rows}{axis}'
        f'<text x="{middle}" y="{height - ROW - 6}" text-anchor="middle" fill="{INK}">{legend}</text>'
        f'<text x="8" y="{height - 8}" fill="{INK}">{escape(caption)}</text></svg>\n'
    )


def _row(bar: Bar, top: int, middle: int) -> str:
    times = margin(bar)
    steps = max(-STEPS, min(STEPS, math.log2(times) if times else -STEPS))
    left, length = middle + min(0.0, steps) * STEP, abs(steps) * STEP
    colour = MET if bar.met else MISSED
    sign = "≥" if bar.at_least else "≤"
    said = f"{bar.figure:.3g} ({sign} {bar.bound:.3g}){'' if bar.met else ' missed'}"
    return (
        f'<text x="{NAMES - 8}" y="{top + 12}" text-anchor="end" fill="{INK}">{escape(bar.name)}</text>'
        f'<rect x="{left:.1f}" y="{top}" width="{max(1.0, length):.1f}" height="{ROW - 8}" fill="{colour}"/>'
        f'<text x="{middle + max(0.0, steps) * STEP + 6:.1f}" y="{top + 12}" fill="{INK}">{escape(said)}</text>'
    )
