"""Distances known before this oracle was written, and what the papers promise of every method."""
from fractions import Fraction

from goldens.distances import line, matrix

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


def require(holds, what):
    if not holds:
        raise SystemExit(f"goldens/distances.py: {what}: a definition is broken")


def check_known_tables(all_cases):
    """all_cases: {method: [params]}; a row of KNOWN gives the values of the same params in the same order."""
    names = {method: list(cases[0]) for method, cases in all_cases.items()}
    for (method, *values), rows in KNOWN.items():
        computed = matrix(method, 16, dict(zip(names[method], values)))
        for query, row in rows.items():
            require(line(computed[query]) == row, f"{method} {values} row {query} is not {row}")


def check_limits(all_cases):
    """What the papers say of the largest distance, and when a method is the base model."""
    for n in (17, 64, 300):
        plain = [[m - k for k in range(m + 1)] for m in range(n)]
        for method, cases in all_cases.items():
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
    for params in all_cases["llama_cpp_self_extend"]:
        require(matrix("llama_cpp_self_extend", 300, params) == whole_blocks_grouped(300, **params),
                f"llama_cpp_self_extend {params}: the blocks before that of the query, and only they, are grouped")


def whole_blocks_grouped(n, group, window):
    """What the cache shifts of llama.cpp amount to: in place of the last `window` tokens, the tokens since the last
    multiple of the window are exact, so that the paper's map appears at the end of every block only."""
    rows = []
    for m in range(n):
        block = m - m % window
        rows.append([m - k if k >= block else m - block + block // group - k // group for k in range(m + 1)])
    return rows
