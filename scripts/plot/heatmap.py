"""Figure (a): accuracy by length and depth of the needle, a panel per method, on one scale from 0 to 1."""

import numpy
import pandas
from matplotlib import pyplot
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from plot import axes, latex, planned
from plot.drawing import Drawing, NothingToDraw, control_note, slug
from plot.theme import FAMILY_NOTE, HATCHES, MISSING_FACE, label_of

BAR = 0.5  # inches that the colour bar takes
BANDS = ["early", "middle", "late"]
WORDS = {"not asked": "not asked behind a failure"}  # of reasons that do not speak for themselves


def depths_of(asked):
    """(index, depth) of the design's strata or points, shallow first: evals/depths.h."""
    count = asked["depths"]
    if asked["design"] == "stratified":
        return [(index, index / count) for index in range(count)]
    if asked["design"] == "grid":
        return [(index, 0.5 if count == 1 else index / (count - 1)) for index in range(count)]
    return [(index, 1 - (index + 1) / count) for index in reversed(range(count))]


def cells(run, protocol):
    """One line per method, length and depth: answered trials, hits, and why there is no answer."""
    asked = run.eval_of(protocol)
    stated = planned.lines(run)
    by_cell = {}
    for row in run.rows:
        if row["protocol"] == protocol and "retrieval" in row:
            key = (row["method"], row["length"], row["retrieval"]["depth_index"])
            by_cell.setdefault(key, []).append(row)
    lines = []
    for method in run.methods:
        if method not in asked["methods"]:
            continue
        for length in asked["lengths"]:
            line = stated.get((protocol, method, length))
            counted = None if line is None else {n % asked["depths"] for n in planned.trials(asked, line)}
            for index, depth in depths_of(asked):
                rows = [row for name in run.rows_of(method) for row in by_cell.get((name, length, index), [])]
                answered = [row for row in rows if row["status"] in ("ok", "diverged")]
                missing = [row["status"] for row in rows if row["status"] not in ("ok", "diverged")]
                hits = sum(row["status"] == "ok" and row["retrieval"]["hit"] for row in answered)
                lines.append({
                    "method": method, "length": length, "depth_index": index, "depth": depth,
                    "n": len(answered), "hits": hits,
                    "accuracy": hits / len(answered) if answered else numpy.nan,
                    "diverged": sum(row["status"] == "diverged" for row in answered),
                    "missing": len(missing),
                    "why_missing": missing[0] if missing else "" if rows else unasked(index, counted),
                })  # fmt: skip
    return pandas.DataFrame(lines)


def unasked(index, counted):
    """Why a depth has no row. `counted` are the depths of which the summary counts trials; None where it has no line.

    Behind a length that failed, trials_after_failure may leave out whole depths: nothing is missing there."""
    return "not run" if counted is None or index in counted else "not asked"


def draw(run, protocol, theme):
    if "/absolute" in protocol:
        raise NothingToDraw("a needle that stays where it is has another depth at every length")
    asked = run.eval_of(protocol)
    data = cells(run, protocol)
    if data.empty:
        raise NothingToDraw("no method was asked")
    methods = list(dict.fromkeys(data["method"]))
    lengths = sorted(asked["lengths"])
    figure, panels, width = axes.panels(len(methods), theme, 4, 1.35, extra=0.5, beside=BAR, sharex=True, sharey=True)
    for axis, method in zip(panels, methods):
        panel(axis, run, asked, data[data["method"] == method], lengths, theme)
        axes.upright(axis, width / len(lengths))
        axes.title(axis, label_of(run, method), width, pad=9)
    figure.supxlabel("length, tokens", fontsize=pyplot.rcParams["axes.labelsize"])
    figure.supylabel("depth of the needle", fontsize=pyplot.rcParams["axes.labelsize"])
    bar = figure.colorbar(
        ScalarMappable(Normalize(0, 1), theme.heat), ax=panels, aspect=30, pad=0.02, fraction=0.05,
        ticks=[0, 0.25, 0.5, 0.75, 1],
    )  # fmt: skip
    bar.set_label("accuracy")
    bar.outline.set_linewidth(0.5)
    axes.legend_above(figure, legend(run, data, lengths), theme)
    return Drawing(
        slug("heatmap", protocol), protocol,
        f"{control_note(protocol)}Accuracy by length and depth of the needle.",
        figure, data, table(run, protocol),
    )  # fmt: skip


def panel(axis, run, asked, data, lengths, theme):
    order = [index for index, _ in depths_of(asked)]
    grid = data.pivot(index="depth_index", columns="length", values="accuracy").reindex(order)[lengths]
    axis.pcolormesh(
        numpy.arange(len(lengths) + 1), numpy.arange(len(order) + 1), numpy.ma.masked_invalid(grid.to_numpy(float)),
        cmap=theme.heat, vmin=0, vmax=1, gid=f"heat {data['method'].iloc[0]}", edgecolors="white", linewidth=0.25,
    )  # fmt: skip
    for line in data.itertuples():
        x, y = lengths.index(line.length), order.index(line.depth_index)
        if line.why_missing:
            face = MISSING_FACE if line.n == 0 else "none"
            axis.add_patch(Rectangle(
                (x, y), 1, 1, facecolor=face, edgecolor="#555555", hatch=HATCHES[line.why_missing], linewidth=0,
                gid=f"missing {line.method} {line.length} {line.depth_index}",
            ))  # fmt: skip
        if line.diverged:
            axis.plot(x + 0.5, y + 0.5, marker="x", color="white", markersize=3, gid="diverged")
    within = sum(length <= run.trained_length for length in lengths)
    if 0 < within < len(lengths):
        axis.axvline(within, color="black", linewidth=1.8)
        axis.axvline(within, color="white", linewidth=0.9, linestyle=(0, (3, 1.5)), gid="trained_length")
    count_trials(axis, data, lengths)
    axes.ticks(axis.xaxis, numpy.arange(len(lengths)) + 0.5, [axes.written(length) for length in lengths])
    axis.tick_params(axis="x", length=0)
    places, labels = depth_ticks(asked)
    axes.ticks(axis.yaxis, places, labels)
    axis.set_xlim(0, len(lengths))
    axis.set_ylim(len(order), 0)  # the start of the haystack on top
    axis.spines[:].set_visible(False)


def count_trials(axis, data, lengths):
    """How many trials each cell of a column has: "5", or "1-5" where they differ."""
    for x, length in enumerate(lengths):
        trials = data.loc[data["length"] == length, "n"]
        low, high = trials.min(), trials.max()
        text = str(high) if low == high else f"{low}-{high}"
        axis.annotate(text, (x + 0.5, 0), xytext=(0, 1.5), textcoords="offset points", ha="center", va="bottom",
                      fontsize=5, color="#555555", annotation_clip=False)  # fmt: skip


def depth_ticks(asked):
    depths = depths_of(asked)
    count = len(depths)
    if asked["design"] == "stratified":
        return [0, count / 2, count], ["0%", "50%", "100%"]
    shown = sorted({0, (count - 1) // 2, count - 1})
    return [place + 0.5 for place in shown], [f"{100 * depths[place][1]:.0f}%" for place in shown]


def legend(run, data, lengths):
    digit = {"color": "#555555", "linestyle": "", "marker": "$n$", "markersize": 3.5, "markeredgewidth": 0}
    handles = [Line2D([], [], label="trials of each cell below", **digit)]
    if min(lengths) <= run.trained_length < max(lengths):
        label = f"trained length {axes.written(run.trained_length)}"
        handles.append(Line2D([], [], color="black", linewidth=0.9, linestyle=(0, (3, 1.5)), label=label))
    for reason, hatch in HATCHES.items():
        if (data["why_missing"] == reason).any():
            label = WORDS.get(reason, reason.replace("_", " "))
            handles.append(Patch(facecolor=MISSING_FACE, edgecolor="#555555", hatch=hatch, linewidth=0, label=label))
    if data["diverged"].any():
        label = "a trial diverged (a miss)"
        handles.append(Line2D([], [], color="#555555", marker="x", markersize=3, linestyle="", label=label))
    if any(run.is_family(method) for method in data["method"].unique()):
        handles.append(axes.note(FAMILY_NOTE))
    return handles


def table(run, protocol):
    """Thirds of the haystack: a table of every depth would be the figure again.

    Hits over answers, since answers differ from cell to cell, and since intervals below them would fill more than a
    page."""
    lines = run.summary[(run.summary["protocol"] == protocol) & run.summary["band"].isin(BANDS)]
    lengths = sorted(lines["length"].unique())
    found = {(line.method, line.length, line.band): line for line in lines.itertuples()}
    body = []
    for method in run.methods_in(lines):
        for band in BANDS:
            row = [latex.escape(label_of(run, method)) if band == BANDS[0] else "", band]
            for length in lengths:
                line = found.get((method, length, band))
                row.append("--" if line is None or line.n == 0 else f"{line.hits:.0f}/{line.n:.0f}")
            body.append(row)
        body.append(None)
    what = f"{control_note(protocol)}Hits over answers by length and third of the haystack; --: no answer."
    return latex.table(
        ["method", "depth", *map(latex.length, lengths)], body[:-1], latex.caption(run, what, protocol),
        slug("heatmap", protocol),
    )  # fmt: skip
