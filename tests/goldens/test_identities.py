"""The oracle of scripts/goldens/formulas.py against itself: the identities that tie the methods to one another."""
import unittest

from mpmath import mp, mpf

from oracle import LLAMA2, LLAMA32, frequencies, one, plain, run


class Identities(unittest.TestCase):
    def equal(self, left, right, tolerance=mpf("1e-35")):
        self.assertEqual(len(left), len(right))
        for a, b in zip(left, right):
            self.assertLessEqual(abs(a - b), tolerance * abs(b))


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


if __name__ == "__main__":
    unittest.main()
