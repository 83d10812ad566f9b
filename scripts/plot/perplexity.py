"""Figure (c), second half: perplexity against length, with its interval and the control."""

import math

import numpy
import pandas
from matplotlib.lines import Line2D

from plot import axes, latex, losses, method_table
from plot.drawing import Drawing, NothingToDraw, slug
from plot.theme import FAMILY_NOTE, MUTED, style_of

LAST_WINDOW = "ppl/last-window/"
FIXED_TARGET = "ppl/fixed-target/"
NUDGE = 0.04  # octaves between neighbours at one length
SPREAD = 0.15  # octaves from a length to its outermost method: farther off, a point would seem to be measured there


def control(run, protocol):
    """(length, perplexity) of the plain model given only the last trained-length tokens of the same targets.

    From the protocol that asks for just that, or from the plain model at the trained length, which is the same
    forward. Empty where neither was run, or where targets change with the length."""
    if not protocol.startswith(FIXED_TARGET):
        return []
    plain = run.summary[run.summary["method"] == run.plain].dropna(subset=["perplexity"])
    last = plain[plain["protocol"].str.startswith(LAST_WINDOW)]
    if not last.empty:
        return list(zip(last["length"], last["perplexity"]))
    here = plain[plain["protocol"] == protocol]
    value = here.loc[here["length"] == run.trained_length, "perplexity"]
    beyond = sorted(length for length in here["length"].unique() if length >= run.trained_length)
    return [(length, value.iloc[0]) for length in beyond] if len(value) else []


def draw(run, protocol, theme):
    every = run.summary[run.summary["protocol"] == protocol]
    lines = every.dropna(subset=["perplexity"]).sort_values("length")
    if lines.empty:
        raise NothingToDraw("no method scored every document: all cells diverged or are missing")
    lengths = sorted(every["length"].unique())
    figure, (axis,), width = axes.panels(1, theme, 1, 2.2)
    top = losses.frame(axis, lines["perplexity"], zip(numpy.exp(lines["low"]), numpy.exp(lines["high"])))
    axes.trained_line(axis, run.trained_length)
    handles, data = [], []
    methods = run.methods_in(lines)
    for method, nudge in zip(methods, nudges(len(methods), lengths)):
        series = lines[lines["method"] == method]
        x = series["length"] * nudge
        handles.append(losses.curve(
            axis, run, method, list(x), list(series["perplexity"]), top, f"perplexity {method}", list(series["length"])
        ))  # fmt: skip
        axis.vlines(x, numpy.exp(series["low"]), numpy.exp(series["high"]), linewidth=0.8,
                    color=style_of(run, method)["color"])  # fmt: skip
        data += [
            {"method": method, "length": line.length, "documents": line.n, "nll": line.estimate, "low": line.low,
             "high": line.high, "interval": line.interval, "perplexity": line.perplexity, "drawn_at": at}
            for line, at in zip(series.itertuples(), x)
        ]  # fmt: skip
    known = control(run, protocol)
    if known:
        x, y = zip(*known)
        style = {"color": MUTED, "linestyle": (0, (1, 1)), "linewidth": 1.4}
        axis.plot(x, y, gid="control", zorder=1, **style)
        window = axes.written(run.trained_length)
        handles.append(Line2D([], [], label=f"control: {run.plain} given only the last {window} tokens", **style))
        data += [{"method": "control", "length": a, "perplexity": b, "drawn_at": a} for a, b in known]
    handles.append(axes.trained_entry(run.trained_length))
    if len(methods) > 1:
        handles.append(axes.note("methods of one length stand side by side"))
    if any(run.is_family(method) for method in methods):
        handles.append(axes.note(FAMILY_NOTE))
    axes.length_axis(axis, lengths, width, run.trained_length)
    axis.set_xlabel("length, tokens")
    axis.set_ylabel("perplexity (lower is better)")
    axes.legend_above(figure, handles, theme)
    return Drawing(
        slug("perplexity", protocol), protocol,
        f"Perplexity against length, with {run.confidence} intervals, the methods of a length side by side. ▲: out of "
        "the frame.",
        figure, pandas.DataFrame(data), table(run, protocol, every),
    )  # fmt: skip


def nudges(count, lengths):
    """Factors of the length that set methods side by side, so that they do not hide one another, and nearer to their
    own length than to the next."""
    if count == 1:
        return [1.0]
    gaps = [math.log2(b / a) for a, b in zip(lengths, lengths[1:])]
    step = min(NUDGE, 2 * SPREAD / (count - 1), 0.5 * min(gaps, default=1) / count)
    return [2 ** (step * (place - (count - 1) / 2)) for place in range(count)]


def table(run, protocol, lines):
    claims = {"ppl_not_worse": "not worse to", "ppl_better": "better to"}
    heads, body = method_table.by_length(run, protocol, lines, cell, claims)
    documents = sorted({int(n) for n in lines["n"] if n > 0}, reverse=True)
    what = f"Perplexity by length{intervals(run, lines)}."
    if claims["ppl_better"] in heads:
        what += (
            f" Not worse to, better to: longest length of an unbroken run whose loss is shown to be at most "
            f"{run.experiment['delta']:g} nats above, or below, that of {latex.escape(run.plain)} at the trained "
            "length, on the same targets."
        )
    n = ", ".join(map(str, documents)) + " documents"
    return latex.table(heads, body, latex.caption(run, what, protocol, n), slug("perplexity", protocol))


def intervals(run, lines):
    """With which intervals, in the summary's own words: which it can give depends on how many documents there are."""
    kinds = list(lines["interval"].dropna().unique())
    if lines["low"].isna().all():
        return "".join(f", without intervals: {latex.escape(kind.removeprefix('none: '))}" for kind in kinds)
    return f" with {latex.quantity(run.confidence)} intervals: {latex.escape('; '.join(kinds))}"


def cell(line):
    if line.diverged > 0:
        return "diverged"
    return latex.interval(line.perplexity, math.exp(line.low), math.exp(line.high), between=latex.BELOW)
