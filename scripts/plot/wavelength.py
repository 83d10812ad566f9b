"""Figure (e): how far each pair turns under each method, from the plans that `ropewalk show` prints."""

import json
import math
import subprocess
import textwrap

import pandas
from matplotlib import pyplot
from matplotlib.lines import Line2D

from plot import axes, latex
from plot.drawing import Drawing, NothingToDraw
from plot.run import PlotError
from plot.theme import label_of, style_of

NAME = "wavelength"


def plan_of(run, binary, chain, length):
    """What `ropewalk show --json` prints of a chain on this model."""
    shape = run.identity["shape"]
    command = [
        str(binary), "show", "--json", "--method", json.dumps(chain), "--head-dim", str(shape["head_dim"]),
        "--rotary-dim", str(shape["rotary_dim"]), "--theta", repr(float(shape["theta"])),
        "--trained", str(run.trained_length), "--length", str(length),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise PlotError(binary, f"`show` of {json.dumps(chain)} failed: {done.stderr.strip()}")
    return json.loads(done.stdout)


def plans(run, binary):
    """One line per method and pair. A method that changes with the length is shown at the longest one."""
    longest = max(run.experiment["lengths"])
    plain = plan_of(run, binary, [], longest)["inv_freq"]
    lines = []
    for method in run.methods:
        plan = plan_of(run, binary, run.chains[method], longest)
        sets = plan["inv_freq"] if isinstance(plan["inv_freq"][0], list) else [plan["inv_freq"]]
        for pair, frequency in enumerate(sets[-1]):  # the last set turns the long path
            lines.append({
                "method": method, "length": longest, "pair": pair, "inv_freq": frequency,
                "wavelength": 2 * math.pi / frequency if frequency else math.inf,
                "ratio_to_plain": frequency / plain[pair], "magnitude": plan["magnitude"],
            })  # fmt: skip
    return pandas.DataFrame(lines)


def draw(run, binary, theme):
    if binary is None or not binary.exists():
        raise NothingToDraw(f"the binary is not there ({binary}): give --ropewalk BINARY, which computes the plans")
    data = plans(run, binary)
    figure, (left, right), width = axes.panels(2, theme, 2, 2.0, sharex=True)
    groups = {}  # methods with the same frequencies lie on one another: one line, all names
    for method in run.methods:
        groups.setdefault(tuple(data.loc[data["method"] == method, "inv_freq"]), []).append(method)
    handles = []
    for methods in groups.values():
        lines, style = data[data["method"] == methods[0]], style_of(run, methods[0])
        every = max(1, len(lines) // 10)
        left.plot(lines["pair"], lines["wavelength"], gid=f"wavelength {methods[0]}", markevery=every, **style)
        right.plot(lines["pair"], lines["ratio_to_plain"], gid=f"ratio {methods[0]}", markevery=every, **style)
        names = ", ".join(label_of(run, method) for method in methods)
        handles.append(Line2D([], [], label="\n".join(textwrap.wrap(names, 22 * theme.columns)), **style))
    left.axhline(run.trained_length, zorder=1, gid="trained_length", **axes.TRAINED)
    left.set_yscale("log")
    left.set_ylabel("wavelength, tokens")
    right.set_ylabel("frequency / plain frequency")
    right.set_ylim(0, None)
    figure.supxlabel("pair (0 turns fastest)", fontsize=pyplot.rcParams["axes.labelsize"])
    handles.append(axes.trained_entry(run.trained_length))
    longest = axes.written(max(run.experiment["lengths"]))
    if any(map(run.is_family, run.methods)):
        handles.append(axes.note(f"† family of models, here at {longest}"))
    axes.legend_above(figure, handles, theme)
    return Drawing(
        NAME, "", "Wavelength of every pair, and its frequency over that of plain RoPE. Methods that change only "
        "positions turn as plain does.", figure, data, table(run, data),
    )  # fmt: skip


def table(run, data):
    body = []
    for method in run.methods:
        lines = data[data["method"] == method]
        beyond = int((lines["wavelength"] > run.trained_length).sum())
        body.append([
            latex.escape(label_of(run, method)), latex.number(lines["ratio_to_plain"].max(), 3),
            latex.number(lines["ratio_to_plain"].min(), 3), f"{beyond} of {len(lines)}",
            latex.number(lines["magnitude"].iloc[0], 4),
        ])  # fmt: skip
    what = (
        "Frequencies over those of plain RoPE, pairs whose wavelength exceeds the trained length of "
        f"{latex.length(run.trained_length)} tokens, and the magnitude of the rotation."
    )
    heads = ["method", "fastest kept", "slowest kept", "pairs beyond", "magnitude"]
    return latex.table(heads, body, latex.caption(run, what), NAME)
