"""`ropewalk show` computes what Transformers computes, for every method that the installed Transformers has.

Both run here, on the same settings; Transformers works in fp32, so frequencies agree to 2e-6 relative.
"""

import json
import os
import subprocess
import unittest

import numpy
import torch
import transformers.utils.logging
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

BINARY = os.environ["ROPEWALK_BINARY"]
FP32 = 2e-6
transformers.utils.logging.set_verbosity_error()

GEOMETRIES = [  # head_dim, theta, trained length, factor
    (128, 10000.0, 4096, 8.0),
    (64, 500000.0, 8192, 32.0),
    (64, 5000000.0, 4096, 2.0),
]


def show(method, head_dim, theta, trained, length):
    run = subprocess.run(
        [BINARY, "show", "--json", "--method", json.dumps([method] if method else []),
         "--head-dim", str(head_dim), "--theta", repr(theta), "--trained", str(trained),
         "--length", str(length)],
        stdout=subprocess.PIPE, check=True, text=True,
    )  # fmt: skip
    plan = json.loads(run.stdout)
    return numpy.array(plan["inv_freq"]), plan["magnitude"]


def transformers_plan(rope_scaling, head_dim, theta, trained, length):
    config = LlamaConfig(
        hidden_size=2 * head_dim, num_attention_heads=2, head_dim=head_dim, rope_theta=theta,
        max_position_embeddings=trained, rope_scaling=rope_scaling,
    )  # fmt: skip
    init = ROPE_INIT_FUNCTIONS[rope_scaling["rope_type"]]
    inv_freq, magnitude = init(config, torch.device("cpu"), seq_len=length)
    return inv_freq.to(torch.float64).numpy(), magnitude


def cases(head_dim, trained, factor):
    """(rope_scaling of Transformers, our method, lengths)"""
    pairs = head_dim // 2
    lengths = [trained, trained + 1, 8 * trained]
    original = {"original_max_position_embeddings": trained}
    yield {"rope_type": "default"}, None, [trained]
    yield {"rope_type": "linear", "factor": factor}, {"type": "linear", "factor": factor}, [trained]
    yield {"rope_type": "dynamic", "factor": factor}, {"type": "dynamic_ntk", "factor": factor}, lengths
    for more in (
        {},
        {"beta_fast": 64.0, "beta_slow": 2.0},
        {"truncate": False},
        {"attention_factor": 0.5},
        {"mscale": 0.707, "mscale_all_dim": 1.0},
    ):
        more = {"factor": factor, **more}
        yield {"rope_type": "yarn", **original, **more}, {"type": "yarn", **more}, [trained]
    bands = {"factor": factor, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
    yield {"rope_type": "llama3", **original, **bands}, {"type": "llama3", **bands}, [trained]
    lists = {
        "factor": factor,
        "short_factor": [1 + i / pairs for i in range(pairs)],
        "long_factor": [1 + factor * i / pairs for i in range(pairs)],
    }
    yield {"rope_type": "longrope", **lists}, {"type": "longrope", **lists}, lengths


def worst(ours, theirs):
    return float(numpy.max(numpy.abs(ours / theirs - 1)))


class TransformersRope(unittest.TestCase):
    def test_every_method_of_transformers_is_compared(self):
        compared = {scaling["rope_type"] for scaling, _, _ in cases(128, 4096, 8.0)}
        self.assertEqual(compared, set(ROPE_INIT_FUNCTIONS))

    def test_frequencies_and_magnitudes_agree(self):
        for head_dim, theta, trained, factor in GEOMETRIES:
            for scaling, method, lengths in cases(head_dim, trained, factor):
                for length in lengths:
                    with self.subTest(head_dim=head_dim, theta=theta, method=method, length=length):
                        ours, magnitude = show(method, head_dim, theta, trained, length)
                        theirs, wanted = transformers_plan(scaling, head_dim, theta, trained, length)
                        self.assertLess(worst(ours, theirs), FP32)
                        self.assertAlmostEqual(magnitude, wanted, delta=1e-12)

    def test_the_comparison_sees_a_neighbouring_factor(self):
        ours, _ = show({"type": "yarn", "factor": 8.0001}, 128, 10000.0, 4096, 4096)
        theirs, _ = transformers_plan(
            {"rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 4096},
            128, 10000.0, 4096, 4096,
        )  # fmt: skip
        self.assertGreater(worst(ours, theirs), FP32)


if __name__ == "__main__":
    unittest.main()
