"""Tables of a paper with one method a line and one length a column, whatever stands in their cells."""

import math

from plot import latex
from plot.theme import label_of

# Why a length could not be certified, whatever the answers.
TOO_LITTLE = {"too_few_trials", "dependent_trials"}


def by_length(run, protocol, lines, cell, claims=None):
    """Headings and lines for `latex.table`: what `cell` makes of each line, the best set in bold, families of
    models below a rule.

    `claims` are measures of effective_length.csv -> headings; their columns are left out where the run claims
    none of them."""
    known = (run.claim(method, protocol, measure) for method in run.methods for measure in claims or {})
    claims = claims if any(claim is not None for claim in known) else {}
    lengths = sorted(lines["length"].unique())
    found = {(line.method, line.length): line for line in lines.itertuples()}
    body, previous = [], None
    for method in run.methods_in(lines):
        if previous is not None and run.is_family(method) and not run.is_family(previous):
            body.append(None)
        cells = [emphasized(found.get((method, length)), cell) for length in lengths]
        reached = [claim_cell(run.claim(method, protocol, measure)) for measure in claims]
        body.append([latex.escape(label_of(run, method)), *cells, *reached])
        previous = method
    return ["method", *map(latex.length, lengths), *claims.values()], body


def emphasized(line, cell):
    if line is None:
        return "--"
    return latex.bold(cell(line)) if getattr(line, "in_best_set", "") == "yes" else cell(line)


def claim_cell(claim):
    """A length; "none" where it was not shown; "n/c" where these trials could not have shown it."""
    if claim is None:
        return "--"
    if math.isnan(claim["length"]):
        return "n/c" if claim["ended_by"] in TOO_LITTLE else "none"
    return latex.length(claim["length"])
