"""Figure (f): what a method costs inside the trained window, where the plain model needs no help."""

import math

from plot import axes, latex, method_table
from plot.drawing import Drawing, NothingToDraw, slug
from plot.theme import FAMILY_NOTE, MUTED, label_of, style_of

# A cost in nats beyond this is drawn as an arrow with its value: the frame is for the methods that work.
EDGE_NATS = 0.3


def draw(run, protocol, theme):
    table_of = run.effective_length
    every = table_of[(table_of["protocol"] == protocol) & (table_of["measure"] == "short_context_cost")]
    if every.empty:
        raise NothingToDraw("no length lies inside the trained window, or the plain model was not run there")
    lines = every.dropna(subset=["estimate"])
    if lines.empty:
        raise NothingToDraw("no method scored every document inside the trained window")
    methods = run.methods_in(every)
    lengths = sorted(every["length"].unique())
    drawn = lines[["estimate", "low", "high"]]
    edge = min(EDGE_NATS, 1.1 * drawn.abs().max().max()) or 0.01
    # A method may be better than plain, and by as much as others are worse; the left half stays out where none is.
    left = max(-1.06 * edge, 1.1 * min(0.0, drawn.min().min()) - 0.03 * edge)
    height = 0.5 + 0.17 * len(methods)
    figure, panels, width = axes.panels(len(lengths), theme, 3, height, sharex=True, sharey=True)
    is_beyond = False
    for axis, length in zip(panels, lengths):
        axis.axvline(0, color=MUTED, linewidth=0.7, zorder=1)
        for line in lines[lines["length"] == length].itertuples():
            place, colour = methods.index(line.method), style_of(run, line.method)["color"]
            gid = f"cost {line.method} {int(line.length)}"
            if abs(line.estimate) > edge:
                axes.beyond(axis, line.estimate, edge, place, color=colour, gid=gid)
                is_beyond = True
                continue
            if not math.isnan(line.low):
                axis.plot([max(line.low, -edge), min(line.high, edge)], [place, place], color=colour, linewidth=1.1,
                          gid=f"interval {line.method} {int(line.length)}")  # fmt: skip
            axis.plot(line.estimate, place, marker="o", color=colour, markersize=3.5, gid=gid)
        axis.set_xlim(left, 1.06 * edge)
        axis.set_ylim(len(methods) - 0.5, -0.5)
        axes.ticks(axis.yaxis, range(len(methods)), [label_of(run, method) for method in methods])
        axis.tick_params(axis="y", length=0)
        axes.title(axis, f"length {axes.written(length)}", width)
        axis.set_xlabel(f"cost over {run.plain}, nats per token")
    handles = []
    if is_beyond:
        handles.append(axes.entry(f"beyond {edge:g} nats", marker=">"))
    if any(map(run.is_family, methods)):
        handles.append(axes.note(FAMILY_NOTE))
    axes.legend_above(figure, handles, theme)
    return Drawing(
        slug("short-context", protocol), protocol,
        f"Short-context cost: loss minus that of {run.plain} inside the trained window, with {run.confidence} "
        "intervals.",
        figure, every[["method", "length", "estimate", "low", "high", "note"]], table(run, protocol, every),
    )  # fmt: skip


def table(run, protocol, lines):
    heads, body = method_table.by_length(run, protocol, lines, lambda line: latex.estimate(line, 3))
    confidence = latex.quantity(run.confidence)
    what = (
        f"Cost in nats per token over {latex.escape(run.plain)} inside the trained window, with {confidence} intervals."
    )
    n = f"{run.summary.loc[run.summary['protocol'] == protocol, 'n'].max():.0f} documents"
    return latex.table(heads, body, latex.caption(run, what, protocol, n), slug("short-context", protocol))
