"""The oracle of scripts/goldens/formulas.py against numbers that others have published or computed.

Plain unittest; needs mpmath and nothing of this project but that file. Sources: the expected arrays of
Transformers' tests/utils/test_modeling_rope_utils.py (five digits), figures of papers, model cards and bug
reports (named where used), float64 evaluations made before this oracle existed (nine digits and more), and the
identities that tie the methods to one another. A printed number must agree in all its digits.
"""
import pathlib
import sys
import unittest
from unittest import mock

from mpmath import mp, mpf

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from goldens import formulas  # noqa: E402
from goldens.formula_cases import one  # noqa: E402
from goldens.formulas import run  # noqa: E402

LLAMA1 = (128, 128, 10000, 2048)
LLAMA2 = (128, 128, 10000, 4096)
LLAMA3 = (128, 128, 500000, 8192)
LLAMA32 = (64, 64, 500000, 8192)
TINY = (64, 64, 10000, 2048)
GPT_OSS = (64, 64, 150000, 4096)

P0 = " ".join(f"{mantissa}e-{decade + 1}" for decade in range(4) for mantissa in (
    "10.000 8.6596 7.4989 6.4938 5.6234 4.8697 4.2170 3.6517 3.1623 2.7384 2.3714 2.0535 1.7783 1.5399 1.3335 "
    "1.1548").split())
DEFAULT = """
        1 0.7498942093 0.5623413252 0.4216965034 0.316227766 0.2371373706 0.177827941 0.1333521432 0.1 0.07498942093
        0.05623413252 0.04216965034 0.0316227766 0.02371373706 0.0177827941 0.01333521432 0.01 0.007498942093
        0.005623413252 0.004216965034 0.00316227766 0.002371373706 0.00177827941 0.001333521432 0.001
        0.0007498942093 0.0005623413252 0.0004216965034 0.000316227766 0.0002371373706 0.000177827941
        0.0001333521432"""
DEFAULT_500K = """
        1 0.6636012377 0.4403666027 0.2922278226 0.1939227447 0.1286873734 0.08539710029 0.05666962145 0.03760603093
        0.02495540867 0.01656044008 0.01098952853 0.007292664737 0.004839421346 0.003211445995 0.002131119537
        0.001414213562 0.0009384738704 0.0006227724219 0.00041327255 0.0002742481757 0.0001819914288 0.0001207697374
        8.014294722e-05 5.318295897e-05 3.52922774e-05 2.341999896e-05 1.55415403e-05 1.031338538e-05
        6.843975301e-06 4.541670481e-06 3.013858152e-06"""
LLAMA32_1B = """
        1 0.6636012377 0.4403666027 0.2922278226 0.1939227447 0.1286873734 0.08539710029 0.05666962145
        0.03760603093 0.02495540867 0.01656044008 0.01098952853 0.007292664737 0.004839421346 0.003211445995
        0.001290547928 0.0004295567966 9.708287803e-05 1.946163818e-05 1.291476719e-05 8.57025549e-06 5.68723215e-06
        3.774054294e-06 2.504467101e-06 1.661967468e-06 1.102883669e-06 7.318749675e-07 4.856731343e-07
        3.22293293e-07 2.138742282e-07 1.419272025e-07 9.418306725e-08"""
LLAMA31_8B = """
        1 0.8146172339 0.6636012377 0.5405810046 0.4403666027 0.3587302238 0.2922278226 0.2380538205 0.1939227447
        0.1579728099 0.1286873734 0.1048309522 0.08539710029 0.06956594961 0.05666962145 0.04616405027 0.03760603093
        0.03063452089 0.02495540867 0.02032910598 0.01656044008 0.01349041989 0.01098952853 0.008952259336
        0.007292664737 0.005940730376 0.004839421346 0.00394227603 0.003211445995 0.002166570764 0.001371893568
        0.0008567514129 0.000524846161 0.0003126937504 0.0001785078128 9.556212354e-05 7.784655274e-05
        6.341514346e-05 5.165906875e-05 4.208236769e-05 3.428102196e-05 2.792591128e-05 2.27489286e-05
        1.853166929e-05 1.509621718e-05 1.229763868e-05 1.00178684e-05 8.160728247e-06 6.647869871e-06
        5.415469365e-06 4.411534675e-06 3.593712174e-06 2.92749987e-06 2.384791846e-06 1.942692537e-06
        1.582550821e-06 1.289173172e-06 1.050182683e-06 8.554969126e-07 6.969025286e-07 5.677088101e-07
        4.624653805e-07 3.76732269e-07 3.068925989e-07"""
YARN_TINY = """
        1 0.7498942093 0.5623413252 0.4216965034 0.316227766 0.2371373706 0.177827941 0.1333521432 0.1 0.06994205606
        0.04866415314 0.03365462479 0.02310895213 0.01573315247 0.0106012811 0.007052276805 0.004615384615
        0.00295631371 0.001838423563 0.001094788999 0.0006081303193 0.0002964217132 0.0002222849263 0.000166690179
        0.000125 9.373677617e-05 7.029266565e-05 5.271206293e-05 3.952847075e-05 2.964217132e-05 2.222849263e-05
        1.66690179e-05"""
BY_PARTS_TINY = """
        1 0.7498942093 0.5623413252 0.4216965034 0.316227766 0.2371373706 0.177827941 0.1333521432 0.1 0.05899346902
        0.03453554447 0.02044142904 0.01226045122 0.007468520608 0.004630268722 0.002926554126 0.001887760187
        0.001243068356 0.0008351365989 0.0005716983418 0.0003980286955 0.0002964217132 0.0002222849263
        0.000166690179 0.000125 9.373677617e-05 7.029266565e-05 5.271206293e-05 3.952847075e-05 2.964217132e-05
        2.222849263e-05 1.66690179e-05"""
NTK_TINY = """
        1 0.7012422345 0.4917406714 0.3448293272 0.2418088879 0.1695666049 0.1189072649 0.08338279614 0.05847153828
        0.04100271216 0.02875283349 0.02016270121 0.01413893765 0.009914820229 0.006952690692 0.004875520356
        0.003418920789 0.002397491653 0.001681222404 0.001178944155 0.0008267254338 0.0005797347905 0.0004065345199
        0.0002850791751 0.0001999095578 0.000140185025 9.830366017e-05 6.893467831e-05 4.833990785e-05 3.3897985e-05
        2.377069874e-05 1.66690179e-05"""
DYNAMIC_TINY = """
        1 0.690345254 0.4765765697 0.329002373 0.2271252268 0.1567948223 0.1082425614 0.07472473857 0.05158586863
        0.03561205958 0.02458461631 0.01697187319 0.01171645211 0.008088397107 0.005583786555 0.003854740547
        0.002661101842 0.001837079027 0.001268218787 0.0008755088208 0.0006044033593 0.0004172469905 0.0002880444797
        0.0001988501395 0.00013727525 9.476731734e-05 6.542216776e-05 4.516388301e-05 3.117867229e-05
        2.152404844e-05 1.485902469e-05 1.025785717e-05"""
YARN_GPT_OSS = """
        1 0.6890443059 0.4747820555 0.3271458719 0.2254180002 0.1553229895 0.1070244215 0.07374456821 0.05081327482
        0.03170569618 0.01933500113 0.01159204926 0.00679495949 0.003860359317 0.002093792379 0.001052602101
        0.0004564839192 0.0001293187012 3.830881237e-05 2.639646903e-05 1.818833668e-05 1.253256982e-05
        8.635495875e-06 5.950239261e-06 4.099978482e-06 2.825066827e-06 1.946596211e-06 1.341291035e-06
        9.242089502e-07 6.368209146e-07 4.387978251e-07 3.023511428e-07"""
COPE_TINY = """
        1 0.7498942093 0.5623413252 0.4216965034 0.316227766 0.2371373706 0.177827941 0.1333521432 0.1 0.07498942093
        0.05623413252 0.04216965034 0.0316227766 0.02355202482 0.01730103368 0.01253159264 0.008945702547
        0.00628891869 0.004349564386 0.002955450297 0.001969285466 0.001283600097 0.0008157151301 0.0005030806369
        0.0002991522877 0.0001698704764 9.073895434e-05 4.445935495e-05 1.90568732e-05 6.424378417e-06
        1.212670667e-06 0"""
P2 = """
        1.0000e+00 8.0931e-01 6.5498e-01 5.3008e-01 4.2900e-01 3.4720e-01 2.8099e-01 2.2741e-01 1.8404e-01
        1.4895e-01 1.2055e-01 9.7558e-02 7.8955e-02 6.3899e-02 5.1714e-02 4.1853e-02 3.3872e-02 2.7413e-02
        2.2185e-02 1.7955e-02 1.4531e-02 1.1760e-02 9.5176e-03 7.7027e-03 6.2339e-03 5.0451e-03 4.0831e-03
        3.3045e-03 2.6744e-03 2.1644e-03 1.7517e-03 1.4176e-03 1.1473e-03 9.2852e-04 7.5146e-04 6.0817e-04
        4.9220e-04 3.9834e-04 3.2238e-04 2.6091e-04 2.1115e-04 1.7089e-04 1.3830e-04 1.1193e-04 9.0585e-05
        7.3312e-05 5.9332e-05 4.8018e-05 3.8861e-05 3.1451e-05 2.5453e-05 2.0600e-05 1.6672e-05 1.3492e-05
        1.0920e-05 8.8374e-06 7.1522e-06 5.7883e-06 4.6845e-06 3.7912e-06 3.0683e-06 2.4832e-06 2.0097e-06
        1.6265e-06"""
P3 = """
        1.0000e+00 8.6596e-01 7.4989e-01 6.4938e-01 5.6234e-01 4.8697e-01 4.2170e-01 3.6517e-01 3.1623e-01
        2.7384e-01 2.3714e-01 2.0535e-01 1.7783e-01 1.5399e-01 1.3335e-01 1.1548e-01 1.0000e-01 8.3479e-02
        6.9590e-02 5.7925e-02 4.8136e-02 3.9931e-02 3.3061e-02 2.7315e-02 2.2515e-02 1.8512e-02 1.5177e-02
        1.2403e-02 1.0101e-02 8.1924e-03 6.6143e-03 5.3120e-03 4.2400e-03 3.3599e-03 2.6396e-03 2.0520e-03
        1.5746e-03 1.1882e-03 8.7713e-04 6.2810e-04 4.3007e-04 2.7384e-04 2.3714e-04 2.0535e-04 1.7783e-04
        1.5399e-04 1.3335e-04 1.1548e-04 1.0000e-04 8.6596e-05 7.4989e-05 6.4938e-05 5.6234e-05 4.8697e-05
        4.2170e-05 3.6517e-05 3.1623e-05 2.7384e-05 2.3714e-05 2.0535e-05 1.7783e-05 1.5399e-05 1.3335e-05
        1.1548e-05"""

def plain(geometry=LLAMA1):
    return run([], geometry, geometry[3]).sets[0]


def frequencies(method, geometry, length=None, **parameters):
    return run(one(method, **parameters), geometry, length or geometry[3]).sets[0]


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


class Identities(unittest.TestCase):
    def equal(self, left, right, tolerance=mpf("1e-35")):
        self.assertEqual(len(left), len(right))
        for a, b in zip(left, right):
            self.assertLessEqual(abs(a - b), tolerance * abs(b))


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


class HowTheMethodsAreTied(Identities):
    GEOMETRIES = (LLAMA2, LLAMA32, (128, 64, 5000000, 2048))

    def test_dynamic_at_factor_one_is_ntk_at_the_ratio_of_lengths(self):
        for geometry in self.GEOMETRIES:
            for ratio in (2, 8, 48.828125):
                self.equal(frequencies("dynamic_ntk", geometry, int(geometry[3] * ratio)),
                           frequencies("ntk", geometry, factor=ratio))

    def test_dynamic_methods_are_plain_within_the_trained_length(self):
        for geometry in self.GEOMETRIES:
            for method in ("dynamic_linear", "dynamic_ntk", "dynamic_yarn"):
                for length in (1, geometry[3]):
                    plan = run(one(method), geometry, length)
                    self.equal(plan.sets[0], plain(geometry))
                    self.assertEqual(plan.magnitude, 1)

    def test_vllm_dynamic_is_the_table_of_length_times_factor(self):
        for factor, alpha in ((4, 13), (8, 57)):
            table = frequencies("dynamic_ntk_vllm", LLAMA2, 7, factor=factor)
            self.equal(table, frequencies("ntk", LLAMA2, factor=alpha))
            self.equal(table, frequencies("dynamic_ntk", LLAMA2, 4096 * factor, factor=factor))

    def test_llama3_is_the_paper_form_of_by_parts(self):
        for geometry in self.GEOMETRIES:
            self.equal(frequencies("llama3", geometry, factor=8, low_freq_factor=2, high_freq_factor=16),
                       frequencies("ntk_by_parts", geometry, factor=8, alpha=2, beta=16))

    def test_proportional_of_everything_is_linear(self):
        self.equal(frequencies("proportional", LLAMA2, fraction=1, factor=8), frequencies("linear", LLAMA2, factor=8))

    def test_factor_one_is_plain(self):
        for geometry in self.GEOMETRIES:
            for method in ("linear", "ntk", "ntk_fixed", "ntk_mixed", "ntk_by_parts", "yarn", "llama3"):
                plan = run(one(method, factor=1), geometry, geometry[3])
                self.equal(plan.sets[0], plain(geometry))
                self.assertEqual(plan.magnitude, 1)

    def test_last_pair_is_divided_by_the_factor(self):
        for geometry in self.GEOMETRIES:
            for method in ("linear", "ntk", "ntk_fixed", "ntk_mixed", "yarn"):
                self.equal(frequencies(method, geometry, factor=8)[-1:], [plain(geometry)[-1] / 8])

    def test_longrope_with_one_divisor_is_linear(self):
        same = {"short_factor": [8] * 64, "long_factor": [8] * 64}
        self.equal(frequencies("longrope", LLAMA2, factor=8, **same), frequencies("linear", LLAMA2, factor=8))

    def test_abf_then_a_method_is_that_method_at_the_new_base(self):
        for method in ("linear", "ntk", "yarn", "llama3", "ntk_by_parts"):
            both = run(one("abf", theta=500000) + one(method, factor=8), LLAMA2, 32768)
            self.equal(both.sets[0], frequencies(method, (128, 128, 500000, 4096), factor=8))

    def test_critical_base_of_the_trained_length_is_the_base(self):
        self.equal([run(one("abf", target_length=4096), LLAMA2, 1).theta], [mpf(10000)])

    def test_resonance_gives_whole_wavelengths_and_is_idempotent(self):
        chain = one("yarn", factor=8) + one("resonance")
        once = run(chain, LLAMA2, 32768).sets[0]
        self.equal(run(chain + one("resonance"), LLAMA2, 32768).sets[0], once)
        self.equal(once[:1], [2 * mp.pi / 6])


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
