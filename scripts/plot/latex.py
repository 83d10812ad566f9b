"""Tables for a paper: booktabs, intervals, a caption that names protocol, n, seed and model."""

import math

from plot import losses
from plot.theme import FAMILY_NOTE

WHOLE = 100  # from here on a number has no decimals

SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "†": r"\textsuperscript{\dag}", "[": "{[}", "]": "{]}",
}  # fmt: skip


def escape(text):
    return "".join(SPECIAL.get(character, character) for character in str(text))


def quantity(text):
    """95\\,\\%: a number and its unit are never torn apart."""
    return escape(text).replace(" ", r"\,")


def length(value):
    """12{,}288; an en dash where there is none."""
    return "--" if value is None or math.isnan(value) else f"{int(value):,}".replace(",", "{,}")


def number(value, digits=2):
    """0.94, 16{,}092, or $1.3\\times10^{5}$, as in a figure's legend"""
    if value is None or math.isnan(value):
        return "--"
    if math.isinf(value):
        return r"$\infty$"
    if abs(round(value, digits)) < WHOLE:
        text, power = f"{value:.{digits}f}", None
    else:
        text, power = losses.digits_and_power(value)
        text = text.replace(",", "{,}")
    if power is not None:
        text += f"\\times10^{{{power}}}"
    return f"${text}$" if power is not None or text.startswith("-") else text


ONE_COLUMN = 3  # columns of numbers with their intervals, or of method names, that fit one of a page of two
BELOW = "\n"  # in a cell: the rest stands on a line of its own


def interval(value, low, high, digits=2, between=" "):
    """0.94 {\\scriptsize[0.84, 0.98]}; with BELOW between them, narrow enough for many columns"""
    if value is None or math.isnan(value):
        return "--"
    if low is None or math.isnan(low) or abs(value) >= losses.HUGE:
        return number(value, digits)
    return f"{number(value, digits)}{between}{{\\scriptsize[{number(low, digits)}, {number(high, digits)}]}}"


def estimate(line, digits=2):
    """That of a line of a summary, its interval below it."""
    return interval(line.estimate, line.low, line.high, digits, BELOW)


def bold(text):
    """The number, not the interval below it. A minus makes it mathematics, which \\textbf alone leaves light."""
    first, below, rest = text.partition(BELOW)
    heavy = "\\boldmath" if first.startswith("$") else ""
    return f"\\textbf{{{heavy}{first}}}{below}{rest}"


def caption(run, what, protocol="", n=""):
    """The stub of a caption: whoever reads the table can find the run again."""
    parts = [what]
    if protocol:
        parts.append(f"Protocol \\texttt{{{escape(protocol)}}}.")
    if n:
        parts.append(f"$n$ = {escape(n)}.")
    if any(map(run.is_family, run.methods)):
        parts.append(escape(FAMILY_NOTE) + ".")
    model = escape(run.experiment["model"])
    parts.append(f"Seed {run.seed}; model {model}, weights SHA-256 \\texttt{{{run.weights}}}.")
    return " ".join(parts)


def written(cells):
    """A line of cells in LaTeX: two lines where one has something BELOW."""
    stacks = [cell.split(BELOW) for cell in cells]
    height = max(map(len, stacks))
    rows = zip(*(stack + [""] * (height - len(stack)) for stack in stacks))
    return "\n".join(" & ".join(row).rstrip() + r" \\" for row in rows) + ("\n\\addlinespace" if height > 1 else "")


def table(columns, lines, caption_text, label):
    """`columns` are headings; `lines` are lists of cells, or None for a rule between groups.

    Set small and close: a length more is a column more, and a page has 6.9 inches."""
    environment = "table" if len(columns) <= ONE_COLUMN else "table*"
    body = "\n".join("\\midrule" if line is None else written(line) for line in lines)
    return f"""% needs \\usepackage{{booktabs}}
\\begin{{{environment}}}
\\centering\\small
\\setlength{{\\tabcolsep}}{{3pt}}
\\caption{{{caption_text}}}
\\label{{tab:{label}}}
\\begin{{tabular}}{{l{'r' * (len(columns) - 1)}}}
\\toprule
{' & '.join(columns)} \\\\
\\midrule
{body}
\\bottomrule
\\end{{tabular}}
\\end{{{environment}}}
"""
