#!/usr/bin/env python3
"""Golden values for every method that edits frequencies, magnitude or gain.

An independent oracle: the formulas of each paper, written down once more in mpmath with 40 digits
and printed with 17. It imports nothing of this project, and nothing here was read off its C++.

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
In every formula the number of rotated channels d is rotary_dim, and L is original_length or else trained_length.
"""
import argparse
import pathlib
import sys

from mpmath import mp, mpf

mp.dps = 40
SCHEMA_VERSION = 1
ANGLE_POSITIONS = [1, 4095, 65537, 199999]
GOLDENS = pathlib.Path(__file__).resolve().parent.parent / "tests" / "goldens" / "frequencies"

# ---------------------------------------------------------------------------------------------------- the formulas


class Plan:
    """What a chain has decided so far: plain RoPE to begin with."""

    def __init__(self, geometry, length):
        self.head_dim, self.rotary_dim, theta, self.trained_length = geometry
        self.length = length
        self.theta = mpf(theta)
        self.sets = [self.powers(self.theta)]
        self.unscaled_first_tokens = 0
        self.magnitude = mpf(1)
        self.gain = None  # position -> factor on the logits

    @property
    def pairs(self):
        return self.rotary_dim // 2

    def powers(self, theta):
        """theta^(-2i/d)"""
        return [mpf(theta) ** (mpf(-2 * i) / self.rotary_dim) for i in range(self.pairs)]

    def set_theta(self, theta):
        self.theta = mpf(theta)
        self.sets = [self.powers(theta)]

    def multiply_gain(self, factor):
        before = self.gain or (lambda m: mpf(1))
        self.gain = lambda m: before(m) * factor(m)


def clamp(x, low, high):
    return max(mpf(low), min(mpf(high), x))


def well_off(x, step):
    """x, which floor, ceil or round is about to see: no double may fall on the other side of the step."""
    assert abs(x - step) > mpf("1e-6"), "a case that doubles cannot decide; choose another"
    return x


def ntk_theta(plan, stretch):
    d = mpf(plan.rotary_dim)
    return plan.theta * mpf(stretch) ** (d / (d - 2))


def blend(plan, factor, keep):
    """keep(i) = 1 leaves pair i alone, 0 divides it by the factor."""
    plan.sets = [[f * keep(i) + f / mpf(factor) * (1 - keep(i)) for i, f in enumerate(plan.powers(plan.theta))]]


def turns(plan, i, original):
    """How often pair i goes round within the trained window."""
    return original * plan.theta ** (mpf(-2 * i) / plan.rotary_dim) / (2 * mp.pi)


def linear(plan, original, factor):
    """Chen et al., arXiv 2306.15595."""
    plan.sets = [[f / mpf(factor) for f in plan.sets[0]]]


def ntk(plan, original, factor):
    """bloc97; arXiv 2309.00071 definition 1."""
    plan.set_theta(ntk_theta(plan, factor))


def ntk_fixed(plan, original, factor):
    """kexue.fm 9706: also the fastest pair is slowed."""
    d, k = mpf(plan.rotary_dim), mpf(factor)
    plan.sets = [[(plan.theta * k) ** (-2 * i / d) / k ** (2 / d) for i in range(plan.pairs)]]


def ntk_mixed(plan, original, factor, beta=0.75):
    """kexue.fm 9706: exp(-a (i+1)^beta) with a such that the last pair is divided by the factor."""
    a = mp.log(factor) / mpf(plan.pairs) ** mpf(beta)
    plan.sets = [[f * mp.exp(-a * mpf(i + 1) ** mpf(beta)) for i, f in enumerate(plan.powers(plan.theta))]]


def ntk_by_parts(plan, original, factor, alpha=1, beta=32):
    """arXiv 2309.00071 definition 2: linear in the number of turns."""
    blend(plan, factor, lambda i: clamp((turns(plan, i, original) - alpha) / (mpf(beta) - alpha), 0, 1))


def correction_range(plan, original, beta_fast, beta_slow, truncate):
    def pair_that_turns(count):
        return plan.rotary_dim * mp.log(original / (mpf(count) * 2 * mp.pi)) / (2 * mp.log(plan.theta))

    low, high = pair_that_turns(beta_fast), pair_that_turns(beta_slow)
    if truncate:
        low, high = mp.floor(well_off(low, mp.nint(low))), mp.ceil(well_off(high, mp.nint(high)))
    low, high = max(low, mpf(0)), min(high, mpf(plan.rotary_dim - 1))
    return low, high + mpf("0.001") if low == high else high


def ntk_by_parts_index(plan, original, factor, beta_fast=32, beta_slow=1, truncate=True):
    """The ramp of the YaRN authors' code: linear in the index of the pair."""
    low, high = correction_range(plan, original, beta_fast, beta_slow, truncate)
    blend(plan, factor, lambda i: 1 - clamp((i - low) / (high - low), 0, 1))


def mscale_of(factor, mscale=1):
    return mpf(1) if factor <= 1 else mpf("0.1") * mpf(mscale) * mp.log(factor) + 1


def yarn(plan, original, factor, beta_fast=32, beta_slow=1, truncate=True, attention_factor=None, mscale=None,
         mscale_all_dim=None):
    """arXiv 2309.00071 with the attention factor as Transformers reads its three keys."""
    ntk_by_parts_index(plan, original, factor, beta_fast, beta_slow, truncate)
    if attention_factor is not None:
        plan.magnitude = mpf(attention_factor)
    elif mscale and mscale_all_dim:
        plan.magnitude = mscale_of(factor, mscale) / mscale_of(factor, mscale_all_dim)
    else:
        plan.magnitude = mscale_of(factor)


def stretch_of(plan, original):
    return max(mpf(1), mpf(plan.length) / original)


def dynamic_linear(plan, original):
    linear(plan, original, stretch_of(plan, original))


def dynamic_ntk(plan, original, factor=1):
    """Transformers `dynamic`, the parameters of the whole path."""
    plan.set_theta(ntk_theta(plan, factor * stretch_of(plan, original) - (mpf(factor) - 1)))


def dynamic_ntk_vllm(plan, original, factor):
    """vLLM `dynamic`: one table, that of n = L * factor, for every length."""
    plan.set_theta(ntk_theta(plan, mpf(factor) * factor - factor + 1))


def dynamic_yarn(plan, original, beta_fast=32, beta_slow=1, truncate=True):
    yarn(plan, original, stretch_of(plan, original), beta_fast, beta_slow, truncate)


def llama3(plan, original, factor=8, low_freq_factor=1, high_freq_factor=4):
    """meta-llama apply_scaling, case by case as there."""

    def keep(i):
        wavelength = 2 * mp.pi * plan.theta ** (mpf(2 * i) / plan.rotary_dim)
        if wavelength < original / mpf(high_freq_factor):
            return mpf(1)
        if wavelength > original / mpf(low_freq_factor):
            return mpf(0)
        return (original / wavelength - low_freq_factor) / (mpf(high_freq_factor) - low_freq_factor)

    blend(plan, factor, keep)


def longrope(plan, original, factor, short_factor, long_factor, attention_factor=None, unscaled_first_tokens=0):
    """arXiv 2402.13753; the long factors from the first length above the original one."""
    divisors = long_factor if plan.length > original else short_factor
    assert len(divisors) == plan.pairs
    plain = plan.powers(plan.theta)
    plan.sets = [[f / mpf(e) for f, e in zip(plain, divisors)]]
    if unscaled_first_tokens:
        plan.sets.append(plain)
        plan.unscaled_first_tokens = unscaled_first_tokens
    if attention_factor is not None:
        plan.magnitude = mpf(attention_factor)
    elif factor > 1:
        plan.magnitude = mp.sqrt(1 + mp.log(factor) / mp.log(original))


def abf(plan, original, theta=None, target_length=None):
    """arXiv 2309.16039; or the critical base of arXiv 2310.05209."""
    if theta is None:
        theta = plan.theta ** (mp.log(target_length / (2 * mp.pi)) / mp.log(original / (2 * mp.pi)))
    plan.set_theta(theta)


def proportional(plan, original, fraction, factor=1):
    """arXiv 2410.06205."""
    turning = int(mp.floor(mpf(fraction) * plan.rotary_dim / 2))
    plan.sets = [[f / mpf(factor) if i < turning else mpf(0) for i, f in enumerate(plan.powers(plan.theta))]]


def cope(plan, original, pairs=None, hard=False):
    """arXiv 2602.05258: a half cosine over the slowest pairs, or zero."""
    if pairs is None:
        assert 20 * plan.rotary_dim % 128 == 0, "the rounding of the default is nowhere defined"
        pairs = 20 * plan.rotary_dim // 128
    start = plan.pairs - pairs

    def taper(i):
        if i < start:
            return mpf(1)
        return mpf(0) if hard else (1 + mp.cospi(mpf(i - start) / (pairs - 1))) / 2

    plan.sets = [[f * taper(i) for i, f in enumerate(plan.sets[0])]]


def resonance(plan, original):
    """arXiv 2403.00071: whole wavelengths; a pair that does not turn stays so."""

    def resonate(f):
        if f == 0:
            return f
        wavelength = 2 * mp.pi / f
        return 2 * mp.pi / mp.nint(well_off(wavelength, mp.floor(wavelength) + mpf("0.5")))

    plan.sets = [[resonate(f) for f in plan.sets[0]]]


def truncated(plan, original, period):
    """Giraffe, arXiv 2308.10882, with the constants of its code."""
    floor = 2 * mp.pi / mpf(period)

    def cut(f):
        return f if f >= floor else floor / 16 if f >= floor / 8 else mpf(0)

    plan.sets = [[cut(f) for f in plan.sets[0]]]


def power(plan, original, exponent):
    """Giraffe: theta_i (1 - i/(d/2))^k."""
    plan.sets = [[f * (1 - mpf(i) / plan.pairs) ** mpf(exponent) for i, f in enumerate(plan.sets[0])]]


def log_n(plan, original):
    """kexue.fm 8823."""
    plan.multiply_gain(lambda m: max(mpf(1), mp.log(m + 1) / mp.log(original)))


def temperature(plan, original, scale=0.1, floor_length=8192, offset=1):
    """Llama 4 (offset 1); Ministral 3 with offset 0."""
    plan.multiply_gain(lambda m: 1 + mpf(scale) * mp.log((m + offset) // floor_length + 1))


METHODS = {f.__name__: f for f in (
    linear, ntk, ntk_fixed, ntk_mixed, ntk_by_parts, ntk_by_parts_index, yarn, dynamic_linear, dynamic_ntk,
    dynamic_ntk_vllm, dynamic_yarn, llama3, longrope, abf, proportional, cope, resonance, truncated, power, log_n,
    temperature)}


def run(chain, geometry, length):
    """The plan of a chain for (head_dim, rotary_dim, theta, trained_length)."""
    plan = Plan(geometry, length)
    for member in chain:
        arguments = {key: value for key, value in member.items() if key not in ("type", "original_length")}
        METHODS[member["type"]](plan, mpf(member.get("original_length", plan.trained_length)), **arguments)
    return plan


# ------------------------------------------------------------------------------------------------------- the cases

LLAMA2 = (128, 128, 10000, 4096)
LLAMA3 = (128, 128, 500000, 8192)
YI = (128, 128, 5000000, 4096)
TINY = (64, 64, 10000, 2048)
LLAMA32 = (64, 64, 500000, 8192)
PARTIAL = (128, 64, 10000, 4096)
PARTIAL_YI = (128, 64, 5000000, 2048)
GEOMETRIES = (LLAMA2, LLAMA3, YI, TINY, LLAMA32, PARTIAL, PARTIAL_YI)
FEW = (LLAMA2, LLAMA32, PARTIAL)

# LLaMA-2-7B as published in microsoft/LongRoPE (branch dev/starmys, MIT): 4k_la2_128k and ft_la2_128k.
SHORT_LLAMA2 = [float(x) for x in """1.01 1.02 1.06 1.08 1.08 1.1 1.1 1.11 1.11 1.11 1.14 1.14 1.15 1.16 1.17 1.21 1.22
1.24 1.26 1.27 1.28 1.28 1.33 1.33 1.33 1.34 1.41 1.41 1.43 1.45 1.46 1.48 1.53 1.62 1.63 1.71 1.75 1.79 1.79 1.84 1.96
1.98 1.98 1.98 2 2 2 2 2.03 2.07 2.16 2.17 2.18 2.18 2.23 2.28 2.38 2.43 2.46 2.48 2.63 2.69 2.76 2.79""".split()]
LONG_LLAMA2 = [float(x) for x in """1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1.01 1.06 1.2 1.4 1.69 1.94 2.14 2.5 2.84 3.06
3.55 3.78 3.95 5.18 5.26 6.38 6.66 7.42 8 11.75 17.29 18.37 25.72 28.49 29.16""".split()] + [32.0] * 20
SHORT_32 = [1 + i / 64 for i in range(32)]
LONG_32 = [1 + i * i / 32 for i in range(32)]


def one(method, **parameters):
    return [{"type": method, **parameters}]


def static_cases(method, variants, few_variants=()):
    """Frequencies do not depend on the length: every variant on every geometry, the exotic ones on a few."""
    for geometries, some in ((GEOMETRIES, variants), (FEW, few_variants)):
        for parameters in some:
            for geometry in geometries:
                yield one(method, **parameters), geometry, int(geometry[3] * parameters.get("factor", 4))


def lengths_around(geometry):
    trained = geometry[3]
    return [1, trained, trained + 1, 2 * trained, 32768, 200000]


def dynamic_cases(method, variants):
    for parameters in variants:
        for geometry in (LLAMA2, LLAMA3, TINY, PARTIAL_YI):
            for length in lengths_around(geometry):
                yield one(method, **parameters), geometry, length


def longrope_cases():
    big = {"short_factor": SHORT_LLAMA2, "long_factor": LONG_LLAMA2}
    small = {"short_factor": SHORT_32, "long_factor": LONG_32}
    for length in (1, 4096, 4097, 131072):
        yield one("longrope", factor=32, **big), LLAMA2, length
    for length in (4096, 4097):
        yield one("longrope", factor=16, attention_factor=0.5, **big), LLAMA2, length
        yield one("longrope", factor=32, unscaled_first_tokens=4, **big), LLAMA2, length
        yield one("longrope", factor=4, **small), PARTIAL, length
    yield one("longrope", factor=8, unscaled_first_tokens=256, **small), TINY, 16384
    yield one("longrope", factor=1, **small), TINY, 1024
    yield one("longrope", factor=8, original_length=1024, **small), TINY, 1025
    yield one("longrope", factor=8, original_length=8192, **big), YI, 8192
    yield one("abf", theta=5000000) + one("longrope", factor=4, unscaled_first_tokens=8, **big), LLAMA2, 16384


def yarn_cases():
    yield from static_cases("yarn", [{"factor": 2}, {"factor": 8}, {"factor": 48.828125}], [
        {"factor": 1}, {"factor": 8, "truncate": False}, {"factor": 16, "beta_fast": 128, "beta_slow": 2},
        {"factor": 8, "attention_factor": 0.5}, {"factor": 40, "mscale": 1, "mscale_all_dim": 1},
        {"factor": 40, "mscale": 0.707, "mscale_all_dim": 1}, {"factor": 40, "mscale": 1, "mscale_all_dim": 0.707},
        {"factor": 40, "mscale": 0.5}, {"factor": 40, "mscale_all_dim": 0.5},
        {"factor": 4, "original_length": 1024}])
    yield one("yarn", factor=10), (128, 128, 10000, 2048), 20480
    yield one("yarn", factor=10, beta_fast=1000), (128, 128, 10000, 2048), 20480
    yield one("yarn", factor=4), (128, 128, 1000000, 32768), 131072
    yield one("yarn", factor=32, truncate=False), (64, 64, 150000, 4096), 131072
    # The slow end of the ramp lies beyond the last pair: it is held to d - 1, not to d/2 - 1.
    yield one("yarn", factor=2, original_length=131072), LLAMA2, 262144
    for stretch in ({"theta": 5000000}, {"target_length": 32768}):
        for geometry in FEW:
            yield one("abf", **stretch) + one("yarn", factor=8), geometry, 8 * geometry[3]


def cases_of_files():
    wide = [{"factor": 2}, {"factor": 8}, {"factor": 48.828125}]
    yield "plain", [([], geometry, geometry[3]) for geometry in GEOMETRIES]
    yield "linear", [*static_cases("linear", wide, [{"factor": 1}]),
                     (one("abf", theta=1000000) + one("linear", factor=8), LLAMA2, 32768)]
    yield "ntk", [*static_cases("ntk", wide, [{"factor": 1}]),
                  (one("abf", theta=1000000) + one("ntk", factor=4), PARTIAL, 16384)]
    yield "ntk_fixed", static_cases("ntk_fixed", wide, [{"factor": 1}])
    yield "ntk_mixed", static_cases("ntk_mixed", wide, [{"factor": 12}, {"factor": 8, "beta": 0.5}])
    yield "ntk_by_parts", static_cases("ntk_by_parts", wide, [
        {"factor": 8, "alpha": 2, "beta": 16}, {"factor": 8, "original_length": 1024}])
    yield "ntk_by_parts_index", static_cases("ntk_by_parts_index", wide, [
        {"factor": 8, "truncate": False}, {"factor": 8, "beta_fast": 16, "beta_slow": 2},
        {"factor": 8, "original_length": 1024}])
    yield "yarn", yarn_cases()
    yield "dynamic_linear", dynamic_cases("dynamic_linear", [{}])
    yield "dynamic_ntk", [*dynamic_cases("dynamic_ntk", [{}, {"factor": 4}]),
                          (one("dynamic_ntk", factor=10), (128, 128, 10000, 2048), 16384),
                          (one("abf", theta=500000) + one("dynamic_ntk"), LLAMA2, 32768)]
    yield "dynamic_ntk_vllm", [*static_cases("dynamic_ntk_vllm", [{"factor": 4}], [{"factor": 1}, {"factor": 8}]),
                               (one("dynamic_ntk_vllm", factor=4), LLAMA2, 100)]
    yield "dynamic_yarn", dynamic_cases("dynamic_yarn", [{}, {"beta_fast": 16, "beta_slow": 2, "truncate": False}])
    yield "llama3", [*static_cases("llama3", [{}, {"factor": 32}], [
        {"factor": 10, "low_freq_factor": 2, "high_freq_factor": 16}, {"factor": 8, "original_length": 1024}]),
        (one("llama3", factor=10), (128, 128, 10000, 2048), 20480),
        (one("abf", theta=1000000) + one("llama3"), LLAMA2, 32768)]
    yield "longrope", longrope_cases()
    yield "abf", [*static_cases("abf", [{"theta": 10000000}, {"target_length": 131072}], [
        {"theta": 1000000}, {"target_length": 32768, "original_length": 2048}]),
        (one("abf", target_length=32768), LLAMA2, 32768)]
    yield "proportional", [
        (one("proportional", **parameters), geometry, geometry[3])
        for geometry in (LLAMA2, YI, LLAMA32)
        for parameters in ({"fraction": 0.25}, {"fraction": 0.75, "factor": 8}, {"fraction": 0.3}, {"fraction": 1})]
    yield "cope", [*static_cases("cope", [{}], [
        {"hard": True}, {"pairs": 20}, {"pairs": 2}, {"pairs": 3, "hard": True}, {"pairs": 32}]),
        (one("linear", factor=8) + one("cope"), LLAMA2, 32768),
        (one("yarn", factor=8) + one("cope", hard=True), LLAMA3, 65536),
        (one("dynamic_ntk") + one("cope"), TINY, 8192),
        (one("abf", theta=500000) + one("cope"), PARTIAL, 65536)]
    yield "resonance", [
        *[(before + one("resonance"), geometry, 8 * geometry[3]) for geometry in (LLAMA2, YI, LLAMA32, PARTIAL)
          for before in ([], one("linear", factor=8), one("ntk", factor=8), one("yarn", factor=8))],
        (one("llama3") + one("resonance"), LLAMA3, 65536),
        (one("abf", theta=5000000) + one("yarn", factor=4) + one("resonance"), LLAMA2, 16384),
        (one("dynamic_ntk") + one("resonance"), TINY, 16384),
        (one("cope") + one("resonance"), TINY, 4096)]
    yield "truncated", static_cases("truncated", [{"period": 4096}, {"period": 20000}], [{"period": 200000}])
    yield "power", [*static_cases("power", [{"exponent": 0.5}, {"exponent": 2}], [{"exponent": 0.1}]),
                    (one("linear", factor=8) + one("power", exponent=0.5), LLAMA2, 32768)]
    yield "log_n", [
        (one("log_n"), LLAMA2, 200000), (one("log_n"), TINY, 2048), (one("log_n", original_length=512), TINY, 8192),
        (one("ntk_mixed", factor=12) + one("log_n"), LLAMA2, 49152),
        (one("dynamic_ntk") + one("log_n"), TINY, 16384), (one("yarn", factor=4) + one("log_n"), PARTIAL, 16384)]
    yield "temperature", [
        (one("temperature"), LLAMA3, 200000), (one("temperature"), TINY, 2048),
        (one("temperature", floor_length=16384, offset=0), LLAMA2, 200000),
        (one("temperature", scale=0.5, floor_length=100, offset=0), TINY, 4096),
        (one("temperature", scale=0.5, floor_length=100), TINY, 4096),
        (one("yarn", factor=16) + one("temperature", floor_length=16384, offset=0), YI, 65536),
        (one("log_n") + one("temperature"), LLAMA2, 65536)]


# ------------------------------------------------------------------------------------------------------ the writing


def gain_positions(chain, plan):
    """Both ends, and both sides of every step the chain can make."""
    edges = [plan.trained_length]
    for member in chain:
        edges += [member[key] for key in ("original_length", "floor_length") if key in member]
    edges += [2 * edge for edge in edges] + [8192, 65536, 131072, 200000]
    near = {0, 1, plan.length // 2} | {edge + step for edge in edges for step in (-2, -1, 0, 1)}
    return sorted(m for m in near | {plan.length - 1} if 0 <= m < plan.length)


def case(chain, geometry, length):
    plan = run(chain, geometry, length)
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
    return result


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


def document(method, cases):
    """One line per entry of a case, so that a difference shows where it is."""
    blocks = []
    for entry in cases:
        lines = [f'   "{key}": {as_json(value)}' for key, value in case(*entry).items()]
        blocks.append("  {\n" + ",\n".join(lines) + "\n  }")
    return (f'{{\n "schema_version": {SCHEMA_VERSION},\n "method": "{method}",\n "cases": [\n'
            + ",\n".join(blocks) + "\n ]\n}\n")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=GOLDENS, metavar="DIR")
    parser.add_argument("--check", action="store_true", help="compare with the files of DIR instead of writing them")
    options = parser.parse_args(arguments)

    documents = {f"{method}.json": document(method, cases) for method, cases in cases_of_files()}
    if not options.check:
        options.out.mkdir(parents=True, exist_ok=True)
        for name, text in documents.items():
            (options.out / name).write_text(text, encoding="ascii")
        return 0
    present = {path.name: path.read_text(encoding="ascii") for path in options.out.glob("*.json")}
    wrong = sorted(name for name in documents.keys() | present.keys() if documents.get(name) != present.get(name))
    for name in wrong:
        state = "missing" if name not in present else "not made by this script" if name not in documents else "differs"
        print(f"{options.out / name}: {state}; run scripts/make_goldens.py and read the difference", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
