"""What every method makes of the frequencies, the magnitude and the gain: an oracle independent of the C++.

The formulas of each paper, written down once more in mpmath with 40 digits. Nothing of this project is imported,
and nothing here was read off its code. In every formula the number of rotated channels d is rotary_dim, and the
trained length L is original_length or else trained_length.
"""
from mpmath import mp, mpf

mp.dps = 40


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
