"""Figure (d): paired differences to the baseline, a panel per length, adjusted over the whole family."""

import math

from matplotlib import pyplot

from plot import axes, latex, method_table
from plot.drawing import Drawing, NothingToDraw, slug
from plot.theme import FAMILY_NOTE, MUTED, label_of, style_of

# A difference in nats beyond this is drawn at the edge, as an arrow: what happened there is no matter of degree.
EDGE_NATS = 1.5


def draw(run, protocol, theme):
    lines = run.comparison[run.comparison["protocol"] == protocol]
    if lines.empty:
        raise NothingToDraw(f"nothing to compare with the baseline {run.baseline}")
    if lines["difference"].isna().all():
        raise NothingToDraw("no pair has two answers")
    methods = run.methods_in(lines)
    lengths = sorted(lines.dropna(subset=["difference"])["length"].unique())
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
        axes.title(axis, f"{axes.written(length)} tokens", width)
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
        f"Paired differences to {run.baseline} at each length, with {run.confidence} {intervals(protocol)}. Filled: "
        f"differs after Holm's correction over a family of {int(lines['family'].max())}.",
        figure, lines[columns], table(run, protocol, lines),
    )  # fmt: skip


def intervals(protocol):
    """What `ropewalk summarize` puts around a difference. A bootstrap of pairs that all agree has no width; the score
    interval has one, so that ten pairs do not look like certainty."""
    return "bootstrap intervals" if protocol.startswith("ppl/") else (
        "score intervals for paired proportions (Newcombe 1998)"
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
        axis.plot([max(line.low, -edge), min(line.high, edge)], [place, place], color=colour, linewidth=1.1,
                  gid=f"interval {line.method} {line.length}")  # fmt: skip
    axis.plot(line.difference, place, marker="o", color=colour, markerfacecolor=face, markersize=3.5, gid=gid)


def legend(run, lines, methods, edge):
    handles = [
        axes.entry("differs (Holm-adjusted p ≤ %g)" % run.experiment["alpha"], marker="o"),
        axes.entry("not shown to differ", marker="o", markerfacecolor="white"),
    ]
    if (lines["difference"].abs() > edge).any():
        handles.append(axes.entry(f"beyond {edge:.2g} nats", marker=">"))
    alone = without_pairs(lines)
    if lines.loc[~lines["length"].isin(alone), "difference"].isna().any():
        handles.append(axes.entry("no pairs", marker="x", color=MUTED))
    if alone:
        handles.append(axes.note("no pairs at " + ", ".join(map(axes.written, alone))))
    handles.append(axes.note(f"trained length {axes.written(run.trained_length)}"))
    if any(run.is_family(method) for method in methods):
        handles.append(axes.note(FAMILY_NOTE))
    return handles


def without_pairs(lines):
    """Lengths at which nothing can be compared, mostly since the baseline was skipped there: named, not drawn."""
    paired = lines.dropna(subset=["difference"])["length"]
    return sorted(set(lines["length"]) - set(paired))


def table(run, protocol, lines):
    alone = without_pairs(lines)
    lines = lines[~lines["length"].isin(alone)]
    measured, digits = ("nats per token", 3) if protocol.startswith("ppl/") else ("accuracy", 2)
    heads, body = method_table.by_length(run, protocol, lines, lambda line: cell(line, digits))
    unit = lines["unit"].iloc[0]
    confidence = latex.quantity(run.confidence)
    what = (
        f"Paired differences to {latex.escape(run.baseline)} in {measured} on identical {unit}, with {confidence} "
        f"{intervals(protocol)}. Bold: differs after Holm's correction over a family of {int(lines['family'].max())} "
        f"($p \\leq {run.experiment['alpha']:g}$); --: no pairs"
    )
    what += f", as at {', '.join(map(latex.length, alone))}." if alone else "."
    pairs = lines.loc[lines["pairs"] > 0, "pairs"]
    least, most = int(pairs.min()), int(pairs.max())
    n = f"{most} {unit}" if least == most else f"{least} to {most} {unit}"
    return latex.table(heads, body, latex.caption(run, what, protocol, n), slug("forest", protocol))


def cell(line, digits):
    text = latex.interval(line.difference, line.low, line.high, digits, latex.BELOW)
    return latex.bold(text) if line.differs == "yes" else text
