"""The frame of figures of perplexity: curves that explode leave it, and are named with where they went."""

import math

from matplotlib.lines import Line2D

from plot import axes
from plot.theme import label_of, style_of

HEADROOM = 3.0  # a perplexity this many times the lowest one is out of the frame


def top_of(values):
    """Upper end of the frame: just above the highest value that is not an explosion."""
    finite = [value for value in values if math.isfinite(value)]
    kept = [value for value in finite if value <= HEADROOM * min(finite)]
    return max(kept), min(finite)


def frame(axis, values):
    """Sets the y limits and returns the upper one."""
    high, low = top_of(values)
    margin = 0.08 * (high - low) or 0.05 * high
    axis.set_ylim(low - margin, high + 2 * margin)
    return high + 2 * margin


def curve(axis, run, method, x, y, top, gid, lengths=None):
    """Draws one method; returns its entry for the legend, which tells where it left the frame.

    `lengths` are those to name where x was nudged."""
    style = style_of(run, method)
    axis.plot(x, y, gid=gid, label=method, markevery=max(1, len(x) // 12), **style)
    label = label_of(run, method)
    outside = [(at, value, name) for at, value, name in zip(x, y, lengths or x) if value > top]
    if outside:
        exits = [at for at, value, before in zip(x, y, [0, *y]) if value > top >= before]
        axis.plot(exits, [top] * len(exits), linestyle="", marker="^", markersize=3, color=style["color"],
                  clip_on=False)  # fmt: skip
        _, worst, name = max(outside, key=lambda point: point[1])
        label += f" (▲ {rounded(worst)} at {axes.written(name)})"
    return Line2D([], [], label=label, **style)


def rounded(value):
    return f"{value:,.0f}" if value < 1e5 else f"{value:.1e}"
