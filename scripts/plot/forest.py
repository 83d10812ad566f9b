"""Figure (d): paired differences to the baseline, a panel per length, adjusted over the whole family."""

import math

from matplotlib import pyplot
from matplotlib.lines import Line2D

from plot import axes, latex
from plot.drawing import Drawing, NothingToDraw, slug
from plot.theme import COLOURS, FAMILY_NOTE, MUTED, label_of, style_of

# A difference in nats beyond this is drawn at the edge, as an arrow: what happened there is no matter of degree.
EDGE_NATS = 1.0


def draw(run, protocol, theme):
    lines = run.comparison[run.comparison["protocol"] == protocol]
    if lines.empty:
        raise NothingToDraw(f"nothing to compare with the baseline {run.baseline}")
    if lines["difference"].isna().all():
        raise NothingToDraw("no pair has two answers")
    methods = run.methods_in(lines)
    lengths = sorted(lines["length"].unique())
    is_retrieval = not protocol.startswith("ppl/")
    edge = 1.0 if is_retrieval else min(EDGE_NATS, 1.15 * lines[["low", "high", "difference"]].abs().max().max())
    height = 0.36 + 0.15 * len(methods)
    figure, panels, width = axes.panels(len(lengths), theme, 4, height, extra=0.35, sharex=True, sharey=True)
    for axis, length in zip(panels, lengths):
        here = {line.method: line for line in lines[lines["length"] == length].itertuples()}
        axis.axvline(0, color=MUTED, linewidth=0.7, zorder=1)
        for place, method in enumerate(methods):
            if method in here:
                mark(axis, run, place, here[method], edge)
        axes.title(axis, axes.written(length), width)
        axis.set_xlim(-1.1 * edge, 1.1 * edge)  # room for arrows
        axis.set_ylim(len(methods) - 0.5, -0.5)
        axis.locator_params(axis="x", nbins=4)
        axes.ticks(axis.yaxis, range(len(methods)), [label_of(run, method) for method in methods])
        axis.tick_params(axis="y", length=0)
    unit = "accuracy" if is_retrieval else "nats per token"
    better = "right" if is_retrieval else "left"
    between = ", " if theme.columns == 2 else "\n"
    label = f"difference to {run.baseline}, {unit}{between}{better} of zero: better"
    figure.supxlabel(label, fontsize=pyplot.rcParams["axes.labelsize"])
    axes.legend_above(figure, legend(run, lines, methods, edge), theme)
    columns = ["method", "length", "baseline", "unit", "pairs", "excluded", "difference", "low", "high", "test", "p",
               "p_holm", "family", "differs"]  # fmt: skip
    return Drawing(
        slug("forest", protocol), protocol,
        f"Paired differences to {run.baseline} at each length, with 95 % intervals. Filled: differs after Holm's "
        f"correction over a family of {int(lines['family'].max())}.",
        figure, lines[columns], table(run, protocol, lines),
    )  # fmt: skip


def mark(axis, run, place, line, edge):
    colour = style_of(run, line.method)["color"]
    gid = f"difference {line.method} {line.length}"
    if math.isnan(line.difference):
        axis.plot(0, place, marker="x", color=MUTED, markersize=4, gid=f"no pairs {line.method} {line.length}")
        return
    face = colour if line.differs == "yes" else "white"
    if abs(line.difference) > edge:
        axes.beyond(axis, line.difference, edge, place, color=colour, markerfacecolor=face, gid=gid)
        return
    if not math.isnan(line.low):
        axis.plot([max(line.low, -edge), min(line.high, edge)], [place, place], color=colour, linewidth=1.1)
    axis.plot(line.difference, place, marker="o", color=colour, markerfacecolor=face, markersize=3.5, gid=gid)


def legend(run, lines, methods, edge):
    def entry(label, **style):
        return Line2D([], [], **{"color": COLOURS[0], "linestyle": "", "markersize": 4} | style, label=label)

    handles = [
        entry("differs (Holm-adjusted p ≤ %g)" % run.experiment["alpha"], marker="o"),
        entry("not shown to differ", marker="o", markerfacecolor="white"),
    ]
    if (lines["difference"].abs() > edge).any():
        handles.append(entry(f"beyond {edge:.2g}", marker=">"))
    if lines["difference"].isna().any():
        handles.append(entry("no pairs", marker="x", color=MUTED))
    if any(run.is_family(method) for method in methods):
        handles.append(entry(FAMILY_NOTE))
    return handles


def table(run, protocol, lines):
    body, previous = [], None
    for method in run.methods_in(lines):
        if previous is not None:
            body.append(None)
        for line in lines[lines["method"] == method].sort_values("length").itertuples():
            p = "--" if math.isnan(line.p_holm) else "$<0.001$" if line.p_holm < 0.001 else f"{line.p_holm:.3f}"
            body.append([
                latex.escape(label_of(run, method)) if method != previous else "", latex.length(line.length),
                str(int(line.pairs)), latex.interval(line.difference, line.low, line.high, 3), p,
            ])  # fmt: skip
            previous = method
    unit = lines["unit"].iloc[0]
    what = (
        f"Paired differences to {latex.escape(run.baseline)} on identical {unit}, with 95\\,\\% intervals; $p$ is "
        f"Holm-adjusted over a family of {int(lines['family'].max())}."
    )
    n = f"{int(lines['pairs'].min())} to {int(lines['pairs'].max())} {unit}"
    return latex.table(
        ["method", "length", "pairs", "difference", "$p$"], body, latex.caption(run, what, protocol, n),
        slug("forest", protocol),
    )  # fmt: skip
