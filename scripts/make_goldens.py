#!/usr/bin/env python3
"""Golden values for every method that edits frequencies, magnitude or gain.

The numbers come from goldens/formulas.py, an oracle independent of the C++, and have 17 digits.

  make_goldens.py                writes tests/goldens/frequencies/<method>.json
  make_goldens.py --check        derives everything again and compares byte for byte
  make_goldens.py --out DIR      writes (or, with --check, compares) DIR instead

A file is {"schema_version", "method", "cases": [...]}; a case is a chain, the shape of the model, the length
of the path, and what the chain must yield:
  inv_freq     [sets][pairs]; set 0 turns every token except where token_sets says otherwise
  token_sets   only where two sets exist: which set turns the tokens `at`
  magnitude    multiplies cos and sin;  gain: multiplies the logits of the query `at` (absent: 1 everywhere)
  theta_after  the base a later member of the chain would start from
  angles       position * inv_freq of set 0 in [0, 2 pi), at a few pairs; compare on the circle
"""
import sys

from mpmath import mp, mpf

from goldens import files, formulas
from goldens.formula_cases import cases_of_files

ANGLE_POSITIONS = [1, 4095, 65537, 199999]


def gain_positions(chain, plan):
    """Both ends, and both sides of every step the chain can make."""
    edges = [plan.trained_length]
    for member in chain:
        edges += [member[key] for key in ("original_length", "floor_length") if key in member]
    edges += [2 * edge for edge in edges] + [8192, 65536, 131072, 200000]
    near = {0, 1, plan.length // 2} | {edge + step for edge in edges for step in (-2, -1, 0, 1)}
    return sorted(m for m in near | {plan.length - 1} if 0 <= m < plan.length)


def case(chain, geometry, length):
    plan = formulas.run(chain, geometry, length)
    pairs = sorted({0, 1, plan.pairs // 3, plan.pairs // 2, plan.pairs - 1})
    result = {"chain": chain, "head_dim": plan.head_dim, "rotary_dim": plan.rotary_dim, "theta": geometry[2],
              "trained_length": plan.trained_length, "length": length, "inv_freq": plan.sets}
    if plan.unscaled_first_tokens:
        first = plan.unscaled_first_tokens
        result["token_sets"] = {"at": [0, first - 1, first, length - 1], "set": [1, 1, 0, 0]}
    result["magnitude"] = plan.magnitude
    if plan.gain:
        at = gain_positions(chain, plan)
        result["gain"] = {"at": at, "value": [plan.gain(m) for m in at]}
    result["theta_after"] = plan.theta
    result["angles"] = {"positions": ANGLE_POSITIONS, "pairs": pairs, "value_mod_2pi": [
        [mp.fmod(p * plan.sets[0][i], 2 * mp.pi) for i in pairs] for p in ANGLE_POSITIONS]}
    return {key: as_json(value) for key, value in result.items()}


def as_json(value):
    """JSON on one line, mpmath numbers with 17 significant digits."""
    if value is True or value is False or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, mpf):
        return mp.nstr(value, 17, min_fixed=-5, max_fixed=17)
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}": {as_json(item)}' for key, item in value.items()) + "}"
    return "[" + ", ".join(as_json(item) for item in value) + "]"


def documents():
    return {f"{method}.json": files.document(method, [case(*entry) for entry in cases])
            for method, cases in cases_of_files()}


def main(arguments=None):
    parser, _ = files.command_line(sys.modules[__name__], files.FOLDER / "frequencies")
    return files.write_or_check(parser.parse_args(arguments), documents())


if __name__ == "__main__":
    sys.exit(main())
