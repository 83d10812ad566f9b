"""The figure of wavelengths asks the binary itself for its plans: what comes back is what papers print."""

import os
import pathlib
import types
import unittest

import numpy

import plot_support  # noqa: F401  puts scripts on the path
from plot import wavelength
from plot.run import PlotError, chains_of

BINARY = pathlib.Path(os.environ["ROPEWALK_BINARY"])
PAIRS = 32


def plans(length=16384, **methods):
    """method -> inv_freq over that of plain RoPE, at theta 10,000 and 64 rotary dimensions."""
    experiment = {"methods": methods, "lengths": [length]}
    identity = {"shape": {"head_dim": 64, "rotary_dim": 64, "theta": 10000.0},
                "configured": [{"type": "linear", "factor": 2}]}  # fmt: skip
    run = types.SimpleNamespace(
        experiment=experiment, chains=chains_of(experiment, identity), methods=list(methods), trained_length=4096,
        identity=identity,
    )  # fmt: skip
    data = wavelength.plans(run, BINARY)
    return {method: lines["ratio_to_plain"].to_numpy() for method, lines in data.groupby("method")}


class Plans(unittest.TestCase):
    def test_linear_divides_every_frequency_and_ntk_from_none_to_all(self):
        found = plans(linear=[{"type": "linear", "factor": 4}], ntk=[{"type": "ntk", "factor": 4}])
        numpy.testing.assert_allclose(found["linear"], numpy.full(PAIRS, 0.25), rtol=1e-14, atol=0)
        expected = 4.0 ** (-numpy.arange(PAIRS) / (PAIRS - 1))
        numpy.testing.assert_allclose(found["ntk"], expected, rtol=1e-12, atol=0)

    def test_methods_of_positions_turn_as_plain_does(self):
        found = plans(dual_chunk=[{"type": "dual_chunk", "chunk": 3072, "local": 512}])
        numpy.testing.assert_array_equal(found["dual_chunk"], numpy.ones(PAIRS))

    def test_a_method_that_follows_the_length_is_shown_at_the_longest(self):
        family = [{"type": "linear", "factor": "length/trained"}]
        for length, ratio in ((4096, 1.0), (32768, 1 / 8)):
            numpy.testing.assert_allclose(plans(length, family=family)["family"], ratio, rtol=1e-14, atol=0)

    def test_a_method_with_frequencies_of_its_own_for_the_first_tokens_is_shown_with_those_of_the_others(self):
        longrope = {"type": "longrope", "factor": 4, "short_factor": [1] * PAIRS, "long_factor": [4] * PAIRS,
                    "unscaled_first_tokens": 128}  # fmt: skip
        numpy.testing.assert_allclose(plans(longrope=[longrope])["longrope"], 0.25, rtol=1e-14, atol=0)

    def test_as_configured_is_the_scaling_of_the_checkpoint(self):
        numpy.testing.assert_allclose(plans(own="as_configured")["own"], 0.5, rtol=1e-14, atol=0)

    def test_a_method_that_the_binary_refuses_is_an_error_with_its_words(self):
        with self.assertRaisesRegex(PlotError, "`show` of .*no_such_method.* failed: .*no_such_method"):
            plans(wrong=[{"type": "no_such_method"}])


if __name__ == "__main__":
    unittest.main()
