"""Figure (b): accuracy against length, a panel per method, with what certifies a length and what does not."""

import math

import numpy
from matplotlib import pyplot

from plot import axes, latex, method_table, planned
from plot.drawing import Drawing, NothingToDraw, control_note, slug
from plot.theme import FAINT, FAMILY_NOTE, MUTED, label_of, style_of

CLAIMS = {"L_cert": "certified", "L_fail": "shown to fail"}


def draw(run, protocol, theme):
    lines = run.summary[(run.summary["protocol"] == protocol) & (run.summary["band"] == "all")]
    if lines.empty:
        raise NothingToDraw("the summary has no line for it")
    asked = run.eval_of(protocol)
    methods = run.methods_in(lines)
    lengths = sorted(asked["lengths"])
    figure, panels, width = axes.panels(len(methods), theme, 4, 1.3, extra=0.5, sharex=True, sharey=True)
    series = {method: lines[lines["method"] == method].sort_values("length") for method in methods}
    for axis, method in zip(panels, methods):
        for other in methods:
            if other != method:
                axis.plot(series[other]["length"], series[other]["estimate"], color=FAINT, linewidth=0.5, zorder=1)
        panel(axis, run, protocol, method, series[method])
        axes.length_axis(axis, lengths, width, run.trained_length)
        axes.title(axis, label_of(run, method), width)
    figure.supxlabel("length, tokens", fontsize=pyplot.rcParams["axes.labelsize"])
    figure.supylabel("accuracy", fontsize=pyplot.rcParams["axes.labelsize"])
    axes.legend_above(figure, legend(run, methods, protocol), theme)
    columns = ["method", "by_length", "length", "n", "hits", "diverged", "missing", "estimate", "low", "high",
               "exact_low", "exact_high"]  # fmt: skip
    data = lines[columns].copy()
    for measure in CLAIMS:
        claims = {method: run.claim(method, protocol, measure) for method in methods}
        reached = {method: numpy.nan if claim is None else claim["length"] for method, claim in claims.items()}
        data[measure] = data["method"].map(reached)
    return Drawing(
        slug("accuracy", protocol), protocol,
        f"{control_note(protocol)}Accuracy against length, one method a panel (the others in grey). Bars: "
        f"{run.confidence} Wilson intervals. A length is certified where the exact one-sided bound lies above the "
        "dotted line, there and at every shorter length.",
        figure, data, table(run, protocol, lines),
    )  # fmt: skip


def panel(axis, run, protocol, method, lines):
    colour = style_of(run, method)["color"]
    answered = lines.dropna(subset=["estimate"])
    axis.set_ylim(-0.12, 1.06)
    axes.ticks(axis.yaxis, [0, 0.5, 1], ["0", "0.5", "1"])
    axes.trained_line(axis, run.trained_length)
    axis.axhline(run.tau, color=MUTED, linestyle=":", linewidth=0.8, zorder=1, gid="tau")
    bars = [answered["estimate"] - answered["low"], answered["high"] - answered["estimate"]]
    axis.errorbar(
        answered["length"], answered["estimate"], yerr=numpy.clip(bars, 0, None), color=colour, marker="o",
        markersize=3, elinewidth=0.8, capsize=1.5, capthick=0.8, gid=f"accuracy {method}", zorder=3,
    )  # fmt: skip
    axis.plot(
        answered["length"], answered["exact_low"], linestyle="", marker="_", markersize=6, color=colour,
        markeredgewidth=1.3, gid=f"exact {method}", zorder=4,
    )  # fmt: skip
    for line in lines[lines["estimate"].isna()].itertuples():
        axis.plot(line.length, 0, marker="x", color=MUTED, markersize=4, gid=f"missing {method}", clip_on=False)
    for measure, marker in (("L_cert", "^"), ("L_fail", "v")):
        claim = run.claim(method, protocol, measure)
        if claim is not None and not math.isnan(claim["length"]):
            axis.plot(
                claim["length"], -0.085, marker=marker, color=colour, markersize=4.5, clip_on=False,
                markerfacecolor=colour if measure == "L_cert" else "white", gid=f"{measure} {method}", zorder=5,
            )  # fmt: skip


def legend(run, methods, protocol):
    handles = [
        axes.entry(f"estimate, {run.confidence} Wilson interval", marker="o", linestyle="-"),
        axes.entry(f"exact one-sided {run.confidence} lower bound", marker="_", markersize=6, markeredgewidth=1.3),
        axes.entry(f"τ = {run.tau:g}", color=MUTED, linestyle=":"),
        axes.trained_entry(run.trained_length),
    ]
    claims = {(measure, method): run.claim(method, protocol, measure) for measure in CLAIMS for method in methods}
    reached = {measure for (measure, _), claim in claims.items() if claim is not None and claim["length"] > 0}
    if "L_cert" in reached:
        handles.append(axes.entry("certified length", marker="^"))
    if "L_fail" in reached:
        handles.append(axes.entry("shortest length shown to fail", marker="v", markerfacecolor="white"))
    if (run.summary[run.summary["protocol"] == protocol]["n"] == 0).any():
        handles.append(axes.entry("no answer", marker="x", color=MUTED))
    if any(run.is_family(method) for method in methods):
        handles.append(axes.note(FAMILY_NOTE))
    return handles


def table(run, protocol, lines):
    claims = {f"L_{name}": f"$L_\\mathrm{{{name}}}$" for name in ("cert", "fail", "point")}
    heads, body = method_table.by_length(run, protocol, lines, latex.estimate, claims)
    counts = sorted(set(run.eval_of(protocol)["trials"].values()), reverse=True)
    n = ", ".join(map(str, counts)) + " per length"
    if any(line.n > 0 and planned.is_cut(run.eval_of(protocol), line) for line in lines.itertuples()):
        n += f", {run.experiment['trials_after_failure']} behind a length shown to fail"
    confidence = latex.quantity(run.confidence)
    what = f"{control_note(protocol)}Accuracy by length with {confidence} Wilson intervals; --: no answer."
    if (lines["in_best_set"] == "yes").any():
        what += " Bold: not distinguishable from the best of its length (exact McNemar test)."
    if claims["L_cert"] in heads:
        what += (
            f" $L_\\mathrm{{cert}}$: longest length of an unbroken run certified above {run.tau:g}; "
            "$L_\\mathrm{fail}$: shortest length shown to fail; $L_\\mathrm{point}$: longest length of an unbroken "
            "run of estimates that reach it, which proves nothing; n/c: these trials cannot certify."
        )
    return latex.table(heads, body, latex.caption(run, what, protocol, n), slug("accuracy", protocol))
