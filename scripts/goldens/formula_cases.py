"""Which chains, models and lengths the goldens of the formulas cover.

A case is (chain, (head_dim, rotary_dim, theta, trained_length), length of the path).
"""

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
    """(method, cases) for every file; a chain stands under its last member."""
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
