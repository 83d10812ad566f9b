#!/usr/bin/env python3
"""Draw the figures, tables and the report of runs that `ropewalk summarize` has summarized.

Reads result files only. Every figure is written as PDF, SVG and PNG, beside the CSV of what is drawn
and a LaTeX table; the same run gives the same bytes. A figure for which a run has no data is left
out with a word why.
"""

import argparse
import functools
import pathlib
import sys

from plot import accuracy, forest, heatmap, perplexity, position_nll, report, short_context, theme, wavelength
from plot.drawing import NothingToDraw, slug
from plot.freshness import require_fresh
from plot.run import PlotError, ids_of, read_run

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARIES = [ROOT / "build/release/ropewalk", ROOT / "build/ropewalk"]

FIGURES = {
    "retrieval": {"heatmap": heatmap, "accuracy": accuracy, "forest": forest},
    "perplexity": {"position-nll": position_nll, "perplexity": perplexity, "forest": forest,
                   "short-context": short_context},
}  # fmt: skip


def wanted(run):
    """(name, module, protocol) of every figure that a run could have."""
    for kind, figures in FIGURES.items():
        for protocol in run.protocols(kind):
            for name, module in figures.items():
                if is_no_figure(run, name, protocol):
                    continue
                yield slug(name, protocol), module, protocol


def is_no_figure(run, name, protocol):
    """Whether a protocol has no such figure by its nature, whatever the data."""
    if "/absent" in protocol:
        return name == "forest"  # the negative control compares nothing
    if protocol.startswith(perplexity.LAST_WINDOW):  # drawn as the control of the other
        return any(other.startswith(perplexity.FIXED_TARGET) for other in run.protocols("perplexity"))
    return name == "short-context" and not protocol.startswith(perplexity.FIXED_TARGET)


def without_lines(run):
    """What an experiment asks for and a summary has no line of -> why: so that no figure is missing without a word."""
    present = set(run.protocols("retrieval") + run.protocols("perplexity"))
    reasons = {}
    for asked in run.experiment["evals"]:
        ids = ids_of(asked)
        if ids & present:
            continue
        rows = [row for row in run.rows if row["protocol"] in ids]
        why = next((row["reason"] for row in rows if "reason" in row), "no line in summary.csv")
        reasons[f"figures of {min(ids, key=len)}"] = why if rows else "asked for, but not run yet"
    return reasons


def draw(run, binary, style, folder):
    """Saves every figure. Returns what was drawn, with its files, and what was not, with the reason."""
    drawn, left_out = [], without_lines(run)
    every = [(name, functools.partial(module.draw, run, protocol)) for name, module, protocol in wanted(run)]
    every.append((wavelength.NAME, functools.partial(wavelength.draw, run, binary)))
    for name, draw_it in every:
        try:
            drawing = draw_it(style)
        except NothingToDraw as reason:
            left_out[name] = str(reason)
            continue
        except PlotError as error:
            if name != wavelength.NAME:
                raise
            left_out[name] = str(error)  # a plan that `show` refuses does not keep what was measured from being drawn
            continue
        drawn.append((drawing, drawing.save(folder)))
    return drawn, left_out


def plot(folder, arguments):
    run = read_run(folder)
    require_fresh(run)
    out = arguments.out or run.folder
    style = theme.Theme(columns=arguments.columns, paper=arguments.paper)
    theme.apply()
    drawn, left_out = draw(run, arguments.ropewalk, style, out / "figures")
    report_file = report.write(run, drawn, left_out, out / "report.html")
    for drawing, paths in drawn:
        print(f"{paths[0].parent}/{drawing.name}.{{pdf,svg,png,csv,tex}}")
    for name, reason in left_out.items():
        print(f"not drawn: {name}: {reason}")
    print(report_file)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", nargs="+", type=pathlib.Path, help="a run directory with its summary")
    parser.add_argument("--out", type=pathlib.Path, help="where figures/ and report.html go (default: the run)")
    parser.add_argument("--columns", type=int, choices=[1, 2], default=2, help="width of a figure, of a page of two")
    parser.add_argument("--paper", action="store_true", help="the customary red-yellow-green heat map")
    parser.add_argument("--ropewalk", type=pathlib.Path, default=next((b for b in BINARIES if b.exists()), BINARIES[0]),
                        help="the binary, which computes the plans of figure `wavelength`")  # fmt: skip
    arguments = parser.parse_args()
    if arguments.out and len(arguments.run) > 1:
        parser.error("--out takes one run")
    try:
        for folder in arguments.run:
            plot(folder, arguments)
    except PlotError as error:
        print(f"plot: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"plot: {error}", file=sys.stderr)
        return 5
    return 0


if __name__ == "__main__":
    sys.exit(main())
