"""The oracle of scripts/goldens/formulas.py against Transformers' own functions, for every method that it has.

Every golden case that Transformers can express is handed to its ROPE_INIT_FUNCTIONS. They compute in float32, so
frequencies agree to a few of its units; the attention factor is computed in double there too.
"""
import pathlib
import sys
import unittest

from transformers import LlamaConfig, logging
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from goldens import formulas  # noqa: E402
from goldens.formula_cases import cases_of_files  # noqa: E402

logging.set_verbosity_error()  # it would rather have 32.0 than 32
NAMES = {"linear": "linear", "dynamic_ntk": "dynamic", "yarn": "yarn", "llama3": "llama3", "longrope": "longrope"}
FLOAT32_UNIT = 2.0**-23
REQUIRED = {"dynamic_ntk": {"factor": 1.0},
            "llama3": {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}}


def config_of(chain, geometry):
    """The LlamaConfig that asks for the same, or None."""
    head_dim, rotary_dim, theta, trained_length = geometry
    if chain and chain[0]["type"] == "abf":
        theta, chain = chain[0].get("theta"), chain[1:]
    if theta is None or len(chain) != 1 or chain[0]["type"] not in NAMES or "unscaled_first_tokens" in chain[0]:
        return None
    parameters = dict(chain[0])
    method = parameters.pop("type")
    original = parameters.pop("original_length", trained_length)
    scaling = {"rope_type": NAMES[method], **REQUIRED.get(method, {}), **parameters}
    dynamic = method == "dynamic_ntk"  # the one whose L is max_position_embeddings
    if not dynamic:
        scaling["original_max_position_embeddings"] = original
    config = LlamaConfig(
        hidden_size=2 * head_dim, num_attention_heads=2, head_dim=head_dim, rope_theta=theta, rope_scaling=scaling,
        max_position_embeddings=original if dynamic else int(original * scaling["factor"]))
    config.partial_rotary_factor = rotary_dim / head_dim
    if method == "longrope":
        config.original_max_position_embeddings = original
    return config


class Transformers(unittest.TestCase):
    def test_every_case_it_can_express(self):
        compared = dict.fromkeys(NAMES, 0)
        for method, cases in cases_of_files():
            for chain, geometry, length in cases:
                config = config_of(chain, geometry)
                if config is None:
                    continue
                plan = formulas.run(chain, geometry, length)
                theirs, attention = ROPE_INIT_FUNCTIONS[NAMES[method]](config, "cpu", seq_len=length)
                with self.subTest(chain=chain, geometry=geometry, length=length):
                    self.assertEqual(len(theirs), len(plan.sets[0]))
                    for ours, float32 in zip(plan.sets[0], theirs.tolist()):
                        self.assertLessEqual(abs(float32 - ours), 8 * FLOAT32_UNIT * ours)
                    self.assertLessEqual(abs(attention - plan.magnitude), 1e-15 * plan.magnitude)
                compared[method] += 1
        self.assertTrue(all(count >= 9 for count in compared.values()), compared)


if __name__ == "__main__":
    unittest.main()
