#!/usr/bin/env python3
"""Golden distances for every method that changes which keys a query sees, and how far away it sees them.

The numbers come from goldens/distances.py, an oracle independent of the C++, which must first agree with the
tables of goldens/known_distances.py.

  make_position_goldens.py             writes tests/goldens/positions/<method>.json
  make_position_goldens.py --check     derives everything again and compares byte for byte
  make_position_goldens.py --out DIR   writes (or, with --check, compares) DIR instead

A file is {"schema_version", "method", "cases": [...]}; a case has
  params        of the method; what it leaves out has its default
  n             tokens of the path
  max_distance  the largest distance any query sees
  rows          {query: distances to the keys 0..query, null where not attended}; every query up to n = 64, else a few
  row_sha256    (n > 64) per query, SHA-256 of its row as text: space separated, x where not attended, whole numbers
                without a point, others as %.17g, no newline. Left out where a distance is no exact double: the
                last bit would then depend on the order of operations, so compare such rows with a tolerance.
  magnitude     only where the method sets it (string)
  log_n_gain    (rerope, leaky_rerope) the published query gain max(1, ln(m + 1) / ln(trained_length)), when on
"""
import hashlib
import json
import math
import sys
from fractions import Fraction

from goldens import files, known_distances
from goldens.distances import line, matrix, text

LENGTHS = (1, 2, 17, 64, 300)
SAMPLED = (0, 63, 128, 199, 256, 299)
CASES = {
    "self_extend": [dict(group=g, window=w) for g, w in
                    ((2, 4), (3, 4), (5, 7), (4, 4), (1, 4), (4, 16), (8, 32), (8, 1024))],
    "self_extend_shifted": [dict(group=g, window=w) for g, w in
                            ((2, 4), (3, 4), (5, 7), (1, 4), (4, 6), (8, 20), (8, 1024))],
    "rerope": [dict(window=w) for w in (1, 4, 16, 100)],
    "leaky_rerope": [dict(window=w, factor=f) for w, f in ((4, 2), (4, 1), (6, 3), (5, 1.5), (8, 4), (16, 16))],
    "dual_chunk": [dict(chunk=c, local=w) for c, w in ((6, 2), (5, 1), (7, 2), (8, 4), (12, 4), (48, 16), (80, 16))],
    "string": [dict(shift=s, window=w) for s, w in ((6, 2), (6, 6), (20, 4), (21, 5), (100, 32))],
    "lm_infinite": [dict(window=w, global_tokens=g) for w, g in ((6, 2), (6, 10), (16, 4), (64, 10), (100, 1))]
    + [dict(window=8, global_tokens=3, distance_ceiling=12)],
    "streaming": [dict(sinks=s, window=w) for s, w in ((2, 4), (1, 1), (10, 6), (4, 12), (4, 60))],
    "sliding_window": [dict(window=w) for w in (1, 4, 16, 100)],
    "llama_cpp_self_extend": [dict(group=g, window=w) for g, w in ((2, 4), (4, 4), (1, 4), (4, 16), (8, 32))],
}


def is_exact_double(value):
    return value is None or isinstance(value, int) or value == Fraction(float(value))


def numbers(row):
    return "[" + ",".join("null" if v is None else text(v) for v in row) + "]"


def case(method, params, n):
    rows = matrix(method, n, params)
    shown = range(n) if n <= 64 else SAMPLED
    entries = {
        "params": json.dumps(params), "n": str(n),
        "max_distance": text(max(d for row in rows for d in row if d is not None)),
        "rows": "{\n" + ",\n".join(f'"{m}": {numbers(rows[m])}' for m in shown) + "}"}
    if n > 64 and all(is_exact_double(value) for row in rows for value in row):
        digests = [hashlib.sha256(line(row).encode("ascii")).hexdigest() for row in rows]
        entries["row_sha256"] = "[\n" + ",\n".join(f'"{digest}"' for digest in digests) + "]"
    if method == "string":
        entries["magnitude"] = repr(0.1 * math.log(2) + 1)
    if method in ("rerope", "leaky_rerope"):
        trained = 32
        at = sorted({m for m in (0, 1, 30, 31, 32, 33, n // 2, n - 1) if m < n})
        value = [max(1.0, math.log(m + 1) / math.log(trained)) for m in at]
        entries["log_n_gain"] = json.dumps({"trained_length": trained, "at": at, "value": value})
    return entries


def documents():
    known_distances.check_known_tables(CASES)
    known_distances.check_limits(CASES)
    return {f"{method}.json": files.document(method, [case(method, params, n) for params in variants for n in LENGTHS])
            for method, variants in CASES.items()}


def main(arguments=None):
    parser, _ = files.command_line(sys.modules[__name__], files.FOLDER / "positions")
    return files.write_or_check(parser.parse_args(arguments), documents())


if __name__ == "__main__":
    sys.exit(main())
