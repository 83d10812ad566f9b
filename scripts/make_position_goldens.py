#!/usr/bin/env python3
"""Golden distances for every method that changes which keys a query sees, and how far away it sees them.

An independent oracle: each paper's definition as a function of one query and one key, evaluated for every pair
in integers and fractions. It imports nothing of this project, and nothing here was read off its C++.

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
import argparse
import functools
import hashlib
import json
import math
import pathlib
import sys
from fractions import Fraction

SCHEMA_VERSION = 1
LENGTHS = (1, 2, 17, 64, 300)
SAMPLED = (0, 63, 128, 199, 256, 299)
GOLDENS = pathlib.Path(__file__).resolve().parent.parent / "tests" / "goldens" / "positions"

# ------------------------------------------- the definitions: distance of key k from query m >= k, None = not attended


def self_extend(m, k, group, window):
    """arXiv 2401.01325, equation 4 with its floors."""
    return m - k if m - k < window else m // group + window - window // group - k // group


def self_extend_shifted(m, k, group, window):
    """The prefill of its code (LongLM): the shift is a true quotient, W - W/G."""
    return m - k if m - k < window else m // group + window - Fraction(window, group) - k // group


def rerope(m, k, window):
    """kexue.fm 9708."""
    return min(m - k, window)


def leaky_rerope(m, k, window, factor):
    """kexue.fm 9708: steps of 1/factor beyond the window."""
    return m - k if m - k < window else window + (m - k - window) / Fraction(factor)


def dual_chunk(m, k, chunk, local):
    """arXiv 2402.17463 as released (ChunkLlama): positions wrap every chunk - local tokens, queries are held to
    chunk, where the paper's formula says chunk - 1."""
    period = chunk - local
    if m // period == k // period:
        query = m % period
    elif m // period == k // period + 1:
        query = min(m % period + period, chunk)
    else:
        query = min(2 * period - 1, chunk)
    return query - k % period


def string(m, k, shift, window):
    """arXiv 2410.18745, the rule of its decode: a distance of exactly shift belongs to the shifted side."""
    return m - k if m - k < shift else m - k - shift + window


def lm_infinite(m, k, window, global_tokens, distance_ceiling=None):
    """arXiv 2308.16137: a Lambda-shaped mask and a ceiling on the distance."""
    if m - k >= window and k >= global_tokens:
        return None
    return min(m - k, window if distance_ceiling is None else distance_ceiling)


def streaming(m, k, sinks, window):
    """arXiv 2309.17453: positions are indices in the cache of the sinks and the last `window` tokens."""
    if k >= sinks and m - k >= window:
        return None
    return sum(token < sinks or m - token < window for token in range(k + 1, m + 1))


def sliding_window(m, k, window):
    return m - k if m - k < window else None


def llama_cpp_rows(n, group, window):
    """llama.cpp PR 4815, one token per batch: before token m is computed, its cache may be shifted and divided.

    Row m is what token m sees at that moment, so it is the same for every n > m; a longer batch, which is shifted
    as a whole, would see something else.
    """
    assert window % group == 0
    cache, past, grouped, rows = [], 0, 0, []
    for _ in range(n):
        while past >= grouped + window:
            shift = group * grouped // window * (window // group) * (group - 1)
            back = window // group - shift - window
            cache = [p + shift if grouped <= p < past else p for p in cache]
            begin, end = grouped + shift, grouped + shift + window
            cache = [p // group if begin <= p < end else p for p in cache]
            cache = [p + back if end <= p < past + shift else p for p in cache]
            past -= (window // group) * (group - 1)
            grouped += window // group
        cache.append(past)
        rows.append([past - p for p in cache])
        past += 1
    return rows


@functools.cache
def matrix_of(method, n, params):
    params = dict(params)
    if method == "llama_cpp_self_extend":
        return llama_cpp_rows(n, **params)
    distance = globals()[method]
    return [[distance(m, k, **params) for k in range(m + 1)] for m in range(n)]


def matrix(method, n, params):
    """Row m: the distances query m measures to the keys 0..m."""
    return matrix_of(method, n, tuple(params.items()))


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

# ------------------------------------------------------------------------------------------------ tables known before

KNOWN = {
    ("self_extend", 2, 4): {3: "3 2 1 0", 4: "4 3 2 1 0", 7: "5 5 4 4 3 2 1 0", 11: "7 7 6 6 5 5 4 4 3 2 1 0",
                            15: "9 9 8 8 7 7 6 6 5 5 4 4 3 2 1 0"},
    ("self_extend", 3, 4): {7: "5 5 5 4 3 2 1 0", 15: "8 8 8 7 7 7 6 6 6 5 5 5 3 2 1 0"},
    ("llama_cpp_self_extend", 2, 4): {3: "3 2 1 0", 4: "2 2 1 1 0", 7: "5 5 4 4 3 2 1 0",
                                      11: "7 7 6 6 5 5 4 4 3 2 1 0", 15: "9 9 8 8 7 7 6 6 5 5 4 4 3 2 1 0"},
    ("rerope", 4): {5: "4 4 3 2 1 0", 11: "4 4 4 4 4 4 4 4 3 2 1 0"},
    ("leaky_rerope", 4, 2): {5: "4.5 4 3 2 1 0", 11: "7.5 7 6.5 6 5.5 5 4.5 4 3 2 1 0"},
    ("dual_chunk", 6, 2): {3: "3 2 1 0", 4: "4 3 2 1 0", 7: "6 5 4 3 3 2 1 0", 8: "6 5 4 3 4 3 2 1 0",
                           11: "6 5 4 3 6 5 4 3 3 2 1 0", 15: "6 5 4 3 6 5 4 3 6 5 4 3 3 2 1 0"},
    ("string", 6, 2): {5: "5 4 3 2 1 0", 6: "2 5 4 3 2 1 0", 11: "7 6 5 4 3 2 5 4 3 2 1 0",
                       15: "11 10 9 8 7 6 5 4 3 2 5 4 3 2 1 0"},
    ("lm_infinite", 6, 2): {6: "6 5 4 3 2 1 0", 13: "6 6 x x x x x x 5 4 3 2 1 0"},
    ("streaming", 2, 4): {5: "5 4 3 2 1 0", 6: "5 4 x 3 2 1 0", 11: "5 4 x x x x x x 3 2 1 0"},
}


def text(value):
    if value is None:
        return "x"
    if isinstance(value, int):
        return str(value)
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.17g}"


def line(row):
    return " ".join(text(value) for value in row)


def require(holds, what):
    if not holds:
        raise SystemExit(f"make_position_goldens.py: {what}: a definition is broken")


def check_known_tables():
    names = {method: list(cases[0]) for method, cases in CASES.items()}
    for (method, *values), rows in KNOWN.items():
        computed = matrix(method, 16, dict(zip(names[method], values)))
        for query, row in rows.items():
            require(line(computed[query]) == row, f"{method} {values} row {query} is not {row}")


def check_limits():
    """What the papers say of the largest distance, and when a method is the base model."""
    for n in (17, 64, 300):
        plain = [[m - k for k in range(m + 1)] for m in range(n)]
        for method, cases in CASES.items():
            for params in cases:
                rows = matrix(method, n, params)
                seen = [d for row in rows for d in row if d is not None]
                require(min(seen) == 0 and all(row[-1] == 0 for row in rows), f"{method} {params}: diagonal")
                window = params.get("window", 0)
                bound = {
                    "self_extend": lambda: max(
                        window - 1, (n - 1) // params["group"] + window - window // params["group"]),
                    "rerope": lambda: window,
                    "leaky_rerope": lambda: max(window, window + Fraction(n - 1 - window) / Fraction(params["factor"])),
                    "dual_chunk": lambda: params["chunk"],
                    "string": lambda: max(params["shift"] - 1, n - 1 - params["shift"] + window),
                    "lm_infinite": lambda: params.get("distance_ceiling", window),
                    "streaming": lambda: params["sinks"] + window - 1,
                    "sliding_window": lambda: window - 1}.get(method)
                require(bound is None or max(seen) <= bound(), f"{method} {params}: largest distance {max(seen)}")
                same_until = {
                    "dual_chunk": lambda: params["chunk"] - params["local"], "string": lambda: params["shift"],
                    "streaming": lambda: params["sinks"] + window}.get(method, lambda: window)()
                same_always = params.get("group") == 1 or params.get("factor") == 1
                for m in range(n if same_always else min(n, same_until)):
                    require(rows[m] == plain[m], f"{method} {params}: row {m} is not plain")
    for group, window in ((2, 4), (4, 16), (8, 32)):
        shifted, paper = (matrix(method, 300, {"group": group, "window": window})
                          for method in ("llama_cpp_self_extend", "self_extend"))
        equal = [m for m in range(window, 300) if shifted[m] == paper[m]]
        require(equal == [m for m in range(window, 300) if (m + 1) % window == 0],
                f"llama_cpp_self_extend {group} {window} equals the paper at the last token of a block, and only there")


# ---------------------------------------------------------------------------------------------------------- the files


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
    return "  {\n" + ",\n".join(f'   "{key}": {value}' for key, value in entries.items()) + "\n  }"


def document(method):
    blocks = [case(method, params, n) for params in CASES[method] for n in LENGTHS]
    return (f'{{\n "schema_version": {SCHEMA_VERSION},\n "method": "{method}",\n "cases": [\n'
            + ",\n".join(blocks) + "\n ]\n}\n")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=GOLDENS, metavar="DIR")
    parser.add_argument("--check", action="store_true", help="compare with the files of DIR instead of writing them")
    options = parser.parse_args(arguments)

    check_known_tables()
    check_limits()
    documents = {f"{method}.json": document(method) for method in CASES}
    if not options.check:
        options.out.mkdir(parents=True, exist_ok=True)
        for name, content in documents.items():
            (options.out / name).write_text(content, encoding="ascii")
        return 0
    present = {path.name: path.read_text(encoding="ascii") for path in options.out.glob("*.json")}
    wrong = sorted(name for name in documents.keys() | present.keys() if documents.get(name) != present.get(name))
    for name in wrong:
        state = "missing" if name not in present else "not made by this script" if name not in documents else "differs"
        print(f"{options.out / name}: {state}; run scripts/make_position_goldens.py and read the difference",
              file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
