"""Recomputes with SciPy, or from the definition, every number that the statistics report.

usage: scipy_check.py NUMBERS.json    exits with 1 and names each number that differs by more than 1e-10
"""

import json
import math
import sys

import numpy as np
from scipy import stats

TOLERANCE = 1e-10
differences = []
compared = 0


def same(what, ours, expected):
    global compared
    compared += 1
    if not math.isclose(ours, float(expected), rel_tol=TOLERANCE, abs_tol=1e-14):
        differences.append(f"{what}: {ours!r}, SciPy has {float(expected)!r}")


def exact_low(hits, n, alpha):
    return 0.0 if hits == 0 else stats.beta.ppf(alpha, hits, n - hits + 1)


def exact_high(hits, n, alpha):
    return 1.0 if hits == n else stats.beta.ppf(1 - alpha, hits + 1, n - hits)


def check_proportion(row):
    hits, n, alpha, p0 = row["hits"], row["trials"], row["alpha"], row["p0"]
    at = f"{hits} of {n}, alpha {alpha}, p0 {p0}: "
    wilson = stats.binomtest(hits, n).proportion_ci(1 - alpha, method="wilson")
    same(at + "wilson low", row["wilson"][0], wilson.low)
    same(at + "wilson high", row["wilson"][1], wilson.high)
    same(at + "lower", row["lower"], exact_low(hits, n, alpha))
    same(at + "upper", row["upper"], exact_high(hits, n, alpha))
    for side in ("greater", "less"):
        same(at + side, row[side], stats.binomtest(hits, n, p0, alternative=side).pvalue)


def check_mcnemar(row):
    first, second = row["only_first"], row["only_second"]
    expected = stats.binomtest(first, first + second, 0.5).pvalue if first + second else 1.0
    same(f"mcnemar {first} against {second}", row["p"], expected)


def check_holm(row):
    """Adjusted p-value: the smallest level at which the step-down procedure still rejects."""
    p = np.array(row["p"])
    order = np.argsort(p, kind="stable")
    for place, index in enumerate(order):
        levels = [(len(p) - step) * p[order[step]] for step in range(place + 1)]
        same(f"holm of {p[index]}", row["adjusted"][index], min(1.0, max(levels)))


def check_sample_size(row):
    n, tau, alpha, p = row["trials"], row["tau"], row["alpha"], row["p"]
    needed = [h for h in range(n + 1) if stats.binom.sf(h - 1, n, tau) <= alpha]
    at = f"{n} trials, tau {tau}: "
    if not needed:
        if row["needed"] is not None:
            differences.append(at + "should not certify")
        same(at + "power", row["power"], 0.0)
        return
    if row["needed"] != needed[0]:
        differences.append(f"{at}needs {row['needed']}, SciPy has {needed[0]}")
    same(at + "power", row["power"], stats.binom.sf(needed[0] - 1, n, p))


def ratio(sums, weights, strata):
    """Ratio and its linearised standard error, from the covariance of the cluster totals."""
    value = sums.sum() / weights.sum()
    variance = 0.0
    for name in np.unique(strata):
        of = strata == name
        covariance = np.cov(sums[of], weights[of], ddof=1)
        gradient = np.array([1.0, -value])
        variance += of.sum() * gradient @ covariance @ gradient
    return value, math.sqrt(max(variance, 0.0)) / weights.sum()


def check_cluster_bootstrap(row):
    sums, weights, strata = (np.array(row[key], float) for key in ("sums", "weights", "strata"))
    value, error = ratio(sums, weights, strata)
    t = []
    for drawn in row["draws"]:  # [stratum][position]: index within the stratum
        pick = np.concatenate([np.flatnonzero(strata == s)[d] for s, d in enumerate(drawn)])
        resampled, resampled_error = ratio(sums[pick], weights[pick], strata[pick])
        t.append((resampled - value) / resampled_error)
    t = np.sort(t)
    rank = int((len(t) + 1) * row["alpha"] + 1e-9)
    same("bootstrap p", row["p"], (1 + np.sum(np.abs(t) >= abs(value / error))) / (1 + len(t)))
    same("bootstrap value", row["value"], value)
    same("bootstrap low", row["bounds"][0], value - t[len(t) - rank] * error)
    same("bootstrap high", row["bounds"][1], value - t[rank - 1] * error)


def check_newcombe(row):
    """Method 10 of Newcombe 1998, from two vectors of answers."""
    sizes, alpha = row["counts"], row["alpha"]
    first, second = np.repeat([1, 1, 0, 0], sizes), np.repeat([1, 0, 1, 0], sizes)
    n = len(first)
    d = first.mean() - second.mean()
    (l1, u1), (l2, u2) = (
        stats.binomtest(int(hits.sum()), n).proportion_ci(1 - alpha, method="wilson") for hits in (first, second)
    )
    phi = 0.0
    if first.std() > 0 and second.std() > 0:
        phi = np.corrcoef(first, second)[0, 1]
        if phi > 0:  # less n / 2 in the numerator e h - f g, n squared times the covariance
            phi = max(0.0, phi - 1 / (2 * n * first.std() * second.std()))
    covariance = np.array([[1, -phi], [-phi, 1]])
    below, above = np.array([first.mean() - l1, u2 - second.mean()]), np.array([u1 - first.mean(), second.mean() - l2])
    same(f"newcombe {sizes} low", row["bounds"][0], max(-1, d - math.sqrt(below @ covariance @ below)))
    same(f"newcombe {sizes} high", row["bounds"][1], min(1, d + math.sqrt(above @ covariance @ above)))


def main():
    with open(sys.argv[1], encoding="utf-8") as stream:
        numbers = json.load(stream)
    checks = {
        "proportion": check_proportion,
        "mcnemar": check_mcnemar,
        "holm": check_holm,
        "sample_size": check_sample_size,
        "cluster_bootstrap": check_cluster_bootstrap,
        "newcombe": check_newcombe,
    }
    for name, check in checks.items():
        if not numbers[name]:
            differences.append(f"{name}: nothing to check")
        for row in numbers[name]:
            check(row)
    for difference in differences:
        print(difference, file=sys.stderr)
    print(f"{compared} numbers compared, {len(differences)} differ")
    return 1 if differences else 0


sys.exit(main())
