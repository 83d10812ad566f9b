"""How far away every query sees every key, or that it does not: an oracle independent of the C++.

Each paper's definition as a function of one query and one key, in integers and fractions: the distance of key k
from query m >= k, None where not attended. Nothing of this project is imported, and nothing was read off its code.
"""
import functools
from fractions import Fraction


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


def text(value):
    """Whole numbers without a point, others as %.17g."""
    if value is None:
        return "x"
    if isinstance(value, int):
        return str(value)
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.17g}"


def line(row):
    """A row in its canonical text, of which the SHA-256 is taken."""
    return " ".join(text(value) for value in row)
