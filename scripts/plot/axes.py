"""What the axes of several figures have in common: lengths on a log2 scale, panels, the trained length."""

import math
import textwrap

import numpy
from matplotlib import pyplot
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FixedLocator, NullFormatter, NullLocator

from plot.theme import COLOURS, FAMILY_MARK, MUTED

TRAINED = {"color": MUTED, "linestyle": (0, (4, 2)), "linewidth": 0.8}
CHARACTER = 0.62  # width of a digit over the size of the type
SAMPLE = 0.45  # inches of a legend's sample and the space around an entry
MOST_ROWS = 3  # of panels: with more, and a caption, a figure is too tall for a page
NO_BREAK = "\u00a0"  # a space at which textwrap breaks no line
LEAST_POINTS = 5  # smaller type is not readable in print


def written(length):
    """4,096: exact, since a K of 1,000 and one of 1,024 look alike."""
    return f"{int(length):,}"


def inches(text, points):
    return len(text) * points * CHARACTER / 72


def length_axis(axis, lengths, width, trained):
    """log2 axis with a tick at every length; labels stand upright where they would touch, and smaller where they
    still would.

    The frame holds the trained length too. `width` is that of the axis in inches, as far as it is known before the
    layout."""
    lengths = sorted(lengths)
    low, high = min(lengths[0], trained) / 2**0.35, max(lengths[-1], trained) * 2**0.35
    axis.set_xscale("log", base=2)
    axis.set_xlim(low, high)
    size = pyplot.rcParams["xtick.labelsize"]
    octaves = math.log2(high / low)
    gaps = [math.log2(b / a) / octaves * width for a, b in zip(lengths, lengths[1:])]
    needed = inches(written(lengths[-1]), size) + 0.05
    ticks(axis.xaxis, lengths, [written(length) for length in lengths])
    if gaps and min(gaps) < needed:
        upright(axis, min(gaps))


def upright(axis, gap):
    """Tick labels that stand upright, `gap` inches from one another."""
    size = pyplot.rcParams["xtick.labelsize"]
    axis.tick_params(axis="x", labelrotation=90, labelsize=min(size, max(LEAST_POINTS, 72 * gap)))


def ticks(axis, places, labels):
    axis.set_major_locator(FixedLocator(places))
    axis.set_major_formatter(FixedFormatter(labels))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def trained_line(axis, length, **changes):
    return axis.axvline(length, gid="trained_length", zorder=1, **TRAINED | changes)


def trained_entry(length):
    """What a legend says of that line."""
    return Line2D([], [], label=f"trained length {written(length)}", **TRAINED)


def entry(label, **style):
    """A legend's entry that stands for every method: black, a sample marker, unless the style says otherwise."""
    return Line2D([], [], **{"color": COLOURS[0], "linestyle": "", "markersize": 4} | style, label=label)


def note(text):
    """A legend's entry without a sample."""
    return Line2D([], [], linestyle="", label=text)


def beyond(axis, value, edge, place, **style):
    """An arrow at the edge of the frame that a value is out of, with the value written inside."""
    away = math.copysign(1, value)
    axis.plot(away * edge, place, marker=">" if away > 0 else "<", markersize=4, clip_on=False, **style)
    axis.annotate(f"{value:.1f}".replace("-", "\u2212"), (away * edge, place), xytext=(-6 * away, 0),
                  textcoords="offset points", ha="right" if away > 0 else "left", va="center_baseline",
                  fontsize=6)  # fmt: skip


def panels(count, theme, most, height, extra=0.0, beside=0.0, **shared):
    """A grid of axes, `most` in a row on two columns and half as many on one; one more where rows would be too many.

    Returns the figure, the axes that are used, and the width of one in inches, where `beside` them that much is taken.
    """
    most = most if theme.columns == 2 else max(1, most // 2)
    down = math.ceil(count / (most if count <= MOST_ROWS * most else most + 1))
    across = math.ceil(count / down)  # no row much shorter than the others
    figure, grid = pyplot.subplots(
        down, across, figsize=(theme.width, down * height + extra), squeeze=False, **shared
    )
    axes = list(grid.flat)
    for unused in axes[count:]:
        unused.set_axis_off()
    for index in range(count - across, count):  # with tick labels where nothing stands below
        if index >= 0:
            axes[index].tick_params(labelbottom=True)
    return figure, axes[:count], (theme.width - 0.5 - beside) / across - 0.15


def title(axis, text, width, pad=4):
    """A title of as many lines as the panel's width asks for, broken behind an underscore rather than in a word."""
    size = pyplot.rcParams["axes.titlesize"]
    most = max(6, int(width * 72 / (size * CHARACTER)))
    if len(text) > most:
        parts = text.replace("_", "_ ").replace(FAMILY_MARK, FAMILY_MARK.replace(" ", NO_BREAK))
        text = "\n".join(line.replace("_ ", "_") for line in textwrap.wrap(parts, most, break_long_words=True))
    axis.set_title(text, pad=pad)


def legend_above(figure, handles, theme):
    """One legend over everything, in as many columns as make it lowest; a label is broken where that saves two lines.

    The figure grows by its lines, so that the panels keep their height."""
    if not handles:
        return None
    size = pyplot.rcParams["legend.fontsize"]
    whole = [handle.get_label() for handle in handles]
    layouts = [(whole, 1)]
    for columns in range(2, len(handles) + 1):
        labels = wrapped(whole, theme.width / columns - SAMPLE, size)
        if labels:
            layouts.append((labels, columns))
    labels, columns = min(layouts, key=lambda layout: (lines_of(*layout) + (layout[0] != whole), layout[1]))
    lines = lines_of(labels, columns)
    figure.set_figheight(figure.get_figheight() + (lines + 1) * 1.5 * size / 72)
    return figure.legend(handles, labels, loc="outside upper center", ncols=columns, handlelength=2.4)


def wrapped(labels, width, points):
    """Labels in lines no wider than that; nothing when a word is."""
    most = int(width * 72 / (points * CHARACTER))
    if most < 1:
        return None
    lines = [
        [line for part in label.split("\n") for line in textwrap.wrap(part, most, break_long_words=False)]
        for label in labels
    ]  # fmt: skip
    if any(len(line) > most for of_label in lines for line in of_label):
        return None
    return ["\n".join(of_label) for of_label in lines]


def lines_of(labels, columns):
    """Height of a legend that is filled column by column."""
    filled = numpy.array_split([label.count("\n") + 1 for label in labels], columns)
    return int(max(map(sum, filled)))
