"""Figure (c), first half: loss by position, which shows where a method begins to fail."""

import pandas

from plot import axes, latex, losses
from plot.drawing import Drawing, NothingToDraw, slug
from plot.theme import FAMILY_NOTE, label_of

COLUMNS = ["method", "length", "begin", "end", "middle", "tokens", "nll", "perplexity"]


def draw(run, protocol, theme):
    if run.position_nll is None:
        raise NothingToDraw("the run was published without nll/, which holds the loss of every position")
    lines = run.position_nll[run.position_nll["protocol"] == protocol].dropna(subset=["nll"])
    if lines.empty:
        raise NothingToDraw("no position was scored")
    longest = {method: of_method["length"].max() for method, of_method in lines.groupby("method")}
    lines = lines[lines["length"] == lines["method"].map(longest)].sort_values("begin")
    # The last bucket holds what the path leaves of it: 200,000 tokens do not end at 49 * 4,096.
    lines["end"] = lines[["end", "length"]].min(axis=1)
    if lines.groupby("method").size().max() < 3:
        raise NothingToDraw("it scores one stretch of positions per length: see perplexity against length")
    figure, (axis,), width = axes.panels(1, theme, 1, 2.2)
    top = losses.frame(axis, lines["perplexity"])
    axes.trained_line(axis, run.trained_length)
    handles, data = [], []
    for method in run.methods_in(lines):
        buckets = lines[lines["method"] == method]
        middle = ((buckets["begin"] + buckets["end"]) / 2).tolist()
        gid = f"position {method}"
        handles.append(losses.curve(axis, run, method, middle, buckets["perplexity"].tolist(), top, gid))
        data.append(buckets.assign(middle=middle)[COLUMNS])
    handles.append(axes.trained_entry(run.trained_length))
    if any(run.is_family(method) for method in longest):
        handles.append(axes.note(FAMILY_NOTE))
    axes.length_axis(axis, doublings(lines), width, run.trained_length)
    axis.set_xlim(left=0.8 * min(lines["begin"] + lines["end"]) / 2)
    axis.set_xlabel("position in the path, tokens")
    axis.set_ylabel("perplexity of a bucket")
    axes.legend_above(figure, handles, theme)
    return Drawing(
        slug("position-nll", protocol), protocol,
        "Perplexity by position, each method at the longest length that it was scored at. ▲: out of the frame.",
        figure, pandas.concat(data), table(run, protocol, lines),
    )  # fmt: skip


def doublings(lines):
    """Ticks: the end of the first bucket and its doublings, to the end of the last."""
    tick, last = int(lines["end"].min()), int(lines["end"].max())
    ticks = []
    while tick < last:
        ticks.append(tick)
        tick *= 2
    if ticks and last / ticks[-1] < 1.2:
        ticks.pop()
    return ticks + [last]


def table(run, protocol, lines):
    ends = doublings(lines)
    body = []
    for method in run.methods_in(lines):
        buckets = lines[lines["method"] == method]
        row = [latex.escape(label_of(run, method))]
        for end in ends:
            at = buckets[(buckets["begin"] < end) & (buckets["end"] >= end)]
            row.append("--" if at.empty else latex.number(at["perplexity"].iloc[0]))
        body.append(row)
    width = int((lines["end"] - lines["begin"]).max())
    what = f"Perplexity of the bucket of at most {latex.length(width)} tokens that ends at, or holds, a position."
    n = f"{run.summary.loc[run.summary['protocol'] == protocol, 'n'].max():.0f} documents"
    return latex.table(
        ["method", *map(latex.length, ends)], body, latex.caption(run, what, protocol, n),
        slug("position-nll", protocol),
    )  # fmt: skip
