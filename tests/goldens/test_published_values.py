"""The oracle of scripts/goldens/formulas.py against numbers that others have published or computed.

Plain unittest; needs mpmath and nothing of this project but that file. Sources: the expected arrays of
Transformers' tests/utils/test_modeling_rope_utils.py (five digits), figures of papers, model cards and bug
reports (named where used), and float64 evaluations made before this oracle existed (nine digits and more).
A printed number must agree in all its digits.
"""
import unittest
from unittest import mock

from mpmath import mp, mpf

from oracle import GPT_OSS, LLAMA1, LLAMA2, LLAMA3, LLAMA32, TINY, formulas, frequencies, one, plain, run
from published_vectors import (
    BY_PARTS_TINY, COPE_TINY, DEFAULT, DEFAULT_500K, DYNAMIC_TINY, LLAMA31_8B, LLAMA32_1B, NTK_TINY, P0, P2, P3,
    YARN_GPT_OSS, YARN_TINY,
)


class Printed(unittest.TestCase):
    """Agreement to half a unit of the last of `digits` significant digits."""

    def same(self, value, printed, digits):
        printed = mpf(printed)
        if printed == 0:
            self.assertEqual(value, 0)
            return
        unit = mpf(10) ** (mp.floor(mp.log10(abs(printed))) - digits + 1)
        self.assertLessEqual(abs(value - printed), unit * mpf("0.5000001"), f"{mp.nstr(value, 17)} is not {printed}")

    def same_all(self, values, printed, digits):
        printed = printed.split() if isinstance(printed, str) else printed
        self.assertEqual(len(values), len(printed))
        for value, text in zip(values, printed):
            self.same(value, text, digits)

    def same_at(self, values, printed, digits):
        for index, text in printed.items():
            self.same(values[index], text, digits)


class TransformersExpectedArrays(Printed):
    """LlamaConfig: head_dim 128, base 10000, 2048 positions."""

    def test_default(self):
        self.same_all(plain(), P0, 5)

    def test_linear(self):
        for factor in (2, 10, 20):
            self.same_all([f * factor for f in frequencies("linear", LLAMA1, factor=factor)], P0, 5)

    def test_dynamic(self):
        for factor in (2, 10, 20):
            self.same_all(frequencies("dynamic_ntk", LLAMA1, 1, factor=factor), P0, 5)
        plan = run(one("dynamic_ntk", factor=10), LLAMA1, 16384)
        self.same(plan.theta, "759702.2311", 10)
        self.same_all(plan.sets[0], P2, 5)

    def test_yarn(self):
        self.same_all(frequencies("yarn", LLAMA1, factor=10), P3, 5)
        for factor, attention in ((2, "1.0693147"), (10, "1.2302585"), (20, "1.2995732")):
            self.same(run(one("yarn", factor=factor), LLAMA1, 2048).magnitude, attention, 8)
        self.assertEqual(run(one("yarn", factor=10, attention_factor=0.5), LLAMA1, 2048).magnitude, 0.5)
        wide = frequencies("yarn", LLAMA1, factor=10, beta_fast=1000)
        self.assertEqual([i for i in range(64) if wide[i] == plain()[i]], [0])
        self.same_all([10 * f for f in wide[44:]], P0.split()[44:], 5)

    def test_llama3(self):
        scaled = frequencies("llama3", LLAMA1, factor=10)
        self.same_all(scaled[:31], P0.split()[:31], 5)
        self.same_all(scaled[31:41], """1.0730e-02 7.7785e-03 5.6009e-03 3.9991e-03 2.8248e-03 1.9675e-03 1.3449e-03
                      8.9549e-04 5.7363e-04 3.4539e-04""", 5)
        self.same_all([10 * f for f in scaled[41:]], P0.split()[41:], 5)
        for f, before in zip(frequencies("llama3", LLAMA1, factor=10, high_freq_factor=1000), plain()):
            self.assertLess(f, before)

    def test_proportional(self):
        self.same_all(frequencies("proportional", LLAMA1, fraction=0.25), P0.split()[:16] + ["0"] * 48, 5)
        self.assertEqual(sum(f != 0 for f in frequencies("proportional", LLAMA1, fraction=0.5)), 32)

    def test_longrope(self):
        factors = {"short_factor": [2] * 64, "long_factor": list(range(1, 65))}
        short = frequencies("longrope", LLAMA1, 1, factor=10, **factors)
        self.same_all([2 * f for f in short], P0, 5)
        long = frequencies("longrope", LLAMA1, 2049, factor=10, **factors)
        self.same_all([(i + 1) * f for i, f in enumerate(long)], P0, 5)
        for factor, attention in ((2, "1.0444659357"), (10, "1.1410492817"), (20, "1.1802129274")):
            self.same(run(one("longrope", factor=factor, **factors), LLAMA1, 1).magnitude, attention, 11)
        half = run(one("longrope", factor=10, attention_factor=0.5, **factors), LLAMA1, 1)
        self.assertEqual(half.magnitude, 0.5)


class FiguresOfPapersAndReports(Printed):
    def test_attention_factors(self):
        self.same(formulas.mscale_of(8), "1.208", 4)  # YaRN paper, equation 25
        self.same(formulas.mscale_of(40) ** 2, "1.87385", 6)  # DeepSeek-V3, onnxruntime/mobius 548
        self.same(formulas.mscale_of(40, 0.707) ** 2, "1.58963", 6)  # DeepSeek-V2, the same
        self.same(run(one("yarn", factor=16), LLAMA3, 8192).magnitude, "1.2773", 5)  # vLLM 48623
        pair = run(one("yarn", factor=16, mscale=1, mscale_all_dim=1), LLAMA3, 8192)
        self.assertEqual(pair.magnitude, 1)
        factors = {"short_factor": [1] * 64, "long_factor": [1] * 64}
        for factor, length, attention in ((32, 4096, "1.1902380714"), (8, 4096, "1.1180339887"),
                                          (16, 8192, "1.1435437498"), (4, 32768, "1.0645812948")):
            geometry = (128, 128, 10000, length)  # the first: Phi-3-mini-128k
            self.same(run(one("longrope", factor=factor, **factors), geometry, 1).magnitude, attention, 11)
        for factor, mscale in ((2, "1.0693147181"), (4, "1.1386294361"), (8, "1.2079441542"), (16, "1.2772588722"),
                               (32, "1.3465735903"), (40, "1.3688879454"), (64, "1.4158883083"),
                               (128, "1.4852030264")):
            self.same(formulas.mscale_of(factor), mscale, 11)

    def test_critical_base(self):
        self.same(run(one("abf", target_length=32768), LLAMA2, 1).theta, "192144.46", 8)
        self.same(run(one("abf", target_length=131072), LLAMA3, 1).theta, "7.976e7", 4)

    def test_correction_ranges(self):
        for (d, theta, length), raw, whole in (
                ((128, 10000, 4096), ("20.9445", "45.0269"), (20, 46)),
                ((128, 10000, 2048), ("16.1280", "40.2104"), (16, 41)),
                ((64, 10000, 2048), ("8.0640", "20.1052"), (8, 21)),
                ((128, 500000, 8192), ("18.0811", "34.9841"), (18, 35)),
                ((128, 1000000, 32768), ("23.5959", "39.6509"), (23, 40)),
                ((64, 10000, 4096), ("10.4722", "22.5134"), (10, 23)),
                ((64, 150000, 4096), ("8.0928", "17.3980"), (8, 18))):
            plan = run([], (d, d, theta, length), length)
            for value, printed in zip(formulas.correction_range(plan, length, 32, 1, False), raw):
                self.same(value, printed, len(printed) - 1)
            self.assertEqual(formulas.correction_range(plan, length, 32, 1, True), whole)
        low, high = formulas.correction_range(run([], LLAMA2, 1), 4096, 32, 1, False)
        self.same(low, "20.94448162063605", 15)
        self.same(high, "45.02688127375455", 15)

    def test_llama32_pairs(self):
        """Llama-3.2-1B: pairs 0-14 as they were, 15-17 blended, the rest / 32; GGUF stores the divisors."""
        divisors = [a / b for a, b in zip(plain(LLAMA32), frequencies("llama3", LLAMA32, factor=32))]
        self.assertEqual(divisors[:15], [1] * 15)
        self.same_all(divisors[15:18], "1.65132925 3.2922621 9.66672898", 9)
        self.same_all(divisors[18:], ["32"] * 14, 30)

    def test_paper_and_code_form_of_by_parts_differ_in_the_middle(self):
        paper = frequencies("ntk_by_parts", LLAMA1, factor=10)
        code = frequencies("ntk_by_parts_index", LLAMA1, factor=10)
        ratios = [a / b for a, b in zip(paper, code)]
        self.assertEqual(ratios.index(min(ratios)), 32)
        self.same(min(ratios), "0.39", 2)


class SpotValues(Printed):
    """LLaMA-2 geometry, 4096 to 32768."""

    def test_static_methods(self):
        self.same_at(plain(LLAMA2), {8: "0.316227766", 16: "0.1", 24: "0.0316227766", 32: "0.01", 40: "0.00316227766",
                                     48: "0.001", 56: "0.000316227766", 63: "0.000115478198"}, 9)
        self.same_at(frequencies("linear", LLAMA2, factor=8), {
            8: "0.0395284708", 16: "0.0125", 32: "0.00125", 63: "1.44347748e-05"}, 9)
        ntk = run(one("ntk", factor=8), LLAMA2, 32768)
        self.same(ntk.theta, "82684.6226", 9)
        self.same_at(ntk.sets[0], {
            8: "0.242840941", 16: "0.0589717224", 24: "0.0143207485", 32: "0.00347766405", 40: "0.000844519209",
            48: "0.000205083839", 56: "4.98027524e-05", 63: "1.44347748e-05"}, 9)
        self.same_at(frequencies("yarn", LLAMA2, factor=8), {
            17: "0.0865964323", 24: "0.0273658644", 32: "0.00596153846", 40: "0.00103382154", 41: "0.00080309422",
            48: "0.000125"}, 9)
        self.same_at(frequencies("yarn", LLAMA2, factor=8, truncate=False), {
            24: "0.0281120808", 32: "0.00598313344", 40: "0.000972857759", 41: "0.000742963499"}, 9)
        self.same_at(frequencies("ntk_by_parts", LLAMA2, factor=8), {
            24: "0.0214606337", 32: "0.00280777844", 40: "0.000490030521", 41: "0.000402991624"}, 9)
        self.same_at(frequencies("ntk_fixed", LLAMA2, factor=8), {
            0: "0.968030897", 16: "0.0575594615", 32: "0.00342250606", 63: "1.44347748e-05"}, 9)
        self.same_at(frequencies("ntk_mixed", LLAMA2, factor=8), {
            0: "0.912197094", 16: "0.0463294042", 32: "0.0028215161", 63: "1.44347748e-05"}, 9)

    def test_dynamic_bases(self):
        for length, bases in ((4096, ("10000", "10000", "10000")), (8192, ("20221.2617", "30527.7367", "93194.2711")),
                              (16384, ("40889.9424", "72195.8601", "263105.261")),
                              (32768, ("82684.6226", "156588.323", "607779.273")),
                              (131072, ("338096.946", "672824.056", "2717904.9"))):
            for factor, base in zip((1, 2, 8), bases):
                self.same(run(one("dynamic_ntk", factor=factor), LLAMA2, length).theta, base, 9)
        self.same(run(one("dynamic_ntk"), TINY, 16384).theta, "85550.3758857", 12)
        self.same(run(one("dynamic_ntk", factor=4), TINY, 8192).theta, "141213.757398", 12)

    def test_gains(self):
        for n, trained, gain in ((8192, 4096, "1.083333333"), (16384, 4096, "1.166666667"),
                                 (65536, 4096, "1.333333333"), (8192, 2048, "1.181818182"),
                                 (200000, 4096, "1.46747004")):
            self.same(run(one("log_n"), (128, 128, 10000, trained), n).gain(n - 1), gain, 10)
        gain = run(one("temperature"), LLAMA3, 200000).gain
        for m, value in ((8190, "1"), (8191, "1.069314718"), (16383, "1.109861229"), (65535, "1.219722458"),
                         (131071, "1.283321334"), (199999, "1.321887582")):
            self.same(gain(m), value, 10)
        ministral = run(one("temperature", floor_length=16384, offset=0), LLAMA3, 200000).gain
        self.assertEqual(ministral(16383), 1)
        self.same(ministral(16384), "1.069314718", 10)


class CasesToCheckByHand(Printed):
    """LLaMA-2 geometry, where pair 16 j turns by 10^-j."""

    def test_power(self):
        for exponent, at_middle in ((1, "0.005"), (2, "0.0025"), (0.5, "0.00707106781")):
            self.same_at(frequencies("power", LLAMA2, exponent=exponent), {0: "1", 32: at_middle}, 9)

    def test_truncated(self):
        """2 pi / 4096 = 0.00153398: wavelengths up to 4096 stay, up to 8 times as long become 16 times 4096."""
        cut = frequencies("truncated", LLAMA2, period=4096)
        self.assertEqual(cut[:46], plain(LLAMA2)[:46])  # pair 45: 0.00153993
        self.same_all(cut[46:60], ["9.58737992e-05"] * 14, 9)  # pair 59: 0.00020535, 1/8 of the edge: 0.00019175
        self.assertEqual(cut[60:], [0] * 4)

    def test_hard_clip(self):
        clipped = frequencies("cope", LLAMA2, hard=True)
        self.assertEqual(clipped, plain(LLAMA2)[:44] + [0] * 20)


class FullVectors(Printed):
    def test_every_pair(self):
        for computed, printed in (
                (plain(TINY), DEFAULT), (plain(LLAMA32), DEFAULT_500K),
                (frequencies("llama3", LLAMA32, factor=32), LLAMA32_1B),
                (frequencies("llama3", LLAMA3, factor=8), LLAMA31_8B), (frequencies("yarn", TINY, factor=8), YARN_TINY),
                (frequencies("ntk_by_parts", TINY, factor=8), BY_PARTS_TINY),
                (frequencies("ntk", TINY, factor=8), NTK_TINY),
                (frequencies("dynamic_ntk", TINY, 16384), NTK_TINY),
                (frequencies("dynamic_ntk", TINY, 8192, factor=4), DYNAMIC_TINY),
                (frequencies("yarn", GPT_OSS, factor=32, truncate=False), YARN_GPT_OSS),
                (frequencies("cope", TINY, pairs=20), COPE_TINY)):
            self.same_all(computed, printed, 10)


class ABrokenFormulaIsNoticed(unittest.TestCase):
    """The comparisons above must be able to fail."""

    def fails(self, case, name, **replaced):
        with mock.patch.multiple(formulas, **replaced), mock.patch.dict(formulas.METHODS, {
                key: value for key, value in replaced.items() if key in formulas.METHODS}):
            result = unittest.TestResult()
            case(name).run(result)
        self.assertTrue(result.failures)

    def test_inverted_ramp(self):
        right = formulas.blend
        inverted = {"blend": lambda plan, factor, keep: right(plan, factor, lambda i: 1 - keep(i))}
        for name in ("test_yarn", "test_llama3"):
            self.fails(TransformersExpectedArrays, name, **inverted)
        self.fails(FullVectors, "test_every_pair", **inverted)

    def test_wrong_exponent(self):
        wrong = {"ntk_theta": lambda plan, stretch: plan.theta * mpf(stretch) ** (mpf(128) / 127)}
        self.fails(TransformersExpectedArrays, "test_dynamic", **wrong)
        self.fails(SpotValues, "test_dynamic_bases", **wrong)

    def test_swapped_ends_of_the_range(self):
        right = formulas.correction_range
        swapped = {"correction_range": lambda *arguments: right(*arguments)[::-1]}
        self.fails(TransformersExpectedArrays, "test_yarn", **swapped)
        llama3 = formulas.llama3
        self.fails(TransformersExpectedArrays, "test_llama3", llama3=lambda plan, original, factor, **kw: llama3(
            plan, original, factor, low_freq_factor=4, high_freq_factor=1))


if __name__ == "__main__":
    unittest.main()
