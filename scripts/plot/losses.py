"""The frame of figures of perplexity: curves that explode leave it, and are named with where they went."""

import math

from matplotlib.lines import Line2D

from plot import axes
from plot.theme import label_of, style_of

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
HEADROOM = 3.0  # a perplexity this many times the lowest one is out of the frame
HUGE = 1e5  # from here on a number is written as a power of ten: those of a broken model have no digits worth reading


def frame(axis, values, intervals=()):
    """Sets the y limits to hold every value that is no explosion, with its interval, and returns the upper one.

    `intervals` are (low, high) of each value; NaN where there is none."""
    most = HEADROOM * min(value for value in values if math.isfinite(value))
    kept = [value for value in values if value <= most]
    ends = [end for value, ends in zip(values, intervals) if value <= most for end in ends if math.isfinite(end)]
    low, high = min(kept + ends), max(kept + ends)
    margin = 0.08 * (high - low) or 0.05 * high
    axis.set_ylim(low - margin, high + margin)
    return high + margin


def curve(axis, run, method, x, y, top, gid, lengths=None):
    """Draws one method; returns its entry for the legend, which tells where it left the frame.

    `lengths` are those to name where x was nudged."""
    style = style_of(run, method)
    axis.plot(x, y, gid=gid, label=method, markevery=max(1, len(x) // 12), **style)
    label = label_of(run, method)
    outside = [(at, value, name) for at, value, name in zip(x, y, lengths or x) if value > top]
    if outside:
        exits = crossings(x, y, top)
        axis.plot(exits, [top] * len(exits), linestyle="", marker="^", markersize=3, color=style["color"],
                  clip_on=False)  # fmt: skip
        _, worst, name = max(outside, key=lambda point: point[1])
        label += " " + f"(▲ {rounded(worst)} at {axes.written(name)})".replace(" ", axes.NO_BREAK)
    return Line2D([], [], label=label, **style)


def crossings(x, y, top):
    """Where a curve leaves the frame: its lines are straight over log x."""
    starts = [x[0]] if y[0] > top else []
    return starts + [
        at * (after / at) ** ((top - value) / (higher - value))
        for at, after, value, higher in zip(x, x[1:], y, y[1:]) if value <= top < higher
    ]  # fmt: skip


def rounded(value):
    """16,092, or 1.3×10⁵"""
    digits, power = digits_and_power(value)
    return digits if power is None else f"{digits}×10{str(power).translate(SUPERSCRIPTS)}"


def digits_and_power(value):
    """("16,092", None), or ("1.3", 5): what a legend and a table write of a large number, each in its own type."""
    if abs(value) < HUGE:
        return f"{value:,.0f}", None
    digits, power = f"{value:.1e}".split("e")
    return digits, int(power)
