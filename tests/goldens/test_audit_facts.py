"""The approved audit reports (tests/goldens/audit) hold true numbers: each is derived here once more, from
the published values alone, with formulas of its own and 50 digits. Nothing of Ropewalk is imported or run.
"""

import json
import pathlib
import unittest

from mpmath import mp, mpf, pi

mp.dps = 50
ROOT = pathlib.Path(__file__).resolve().parents[2]
REPORTS = ROOT / "tests" / "goldens" / "audit"
CHECKPOINTS = ROOT / "configs" / "checkpoints"

# From model cards, papers and index files. Columns: hidden, layers, heads, key/value heads, intermediate,
# vocabulary, base, longest promised length, trained length as far as the files say, verdict.
LLAMA = {
    "yi-6b-2023-11": (4096, 32, 32, 4, 11008, 64000, 5e6, 32768, 4096, "renamed"),
    "yi-34b-2023-11": (7168, 60, 56, 8, 20480, 64000, 5e6, 32768, 4096, "renamed"),
    "yi-34b-llama": (7168, 60, 56, 8, 20480, 64000, 5e6, 4096, 4096, "same"),
    "yi-6b-200k-2023-11": (4096, 32, 32, 4, 11008, 64000, 5e6, 200000, 200000, "renamed"),
    "yi-34b-200k-2023-11": (7168, 60, 56, 8, 20480, 64000, 5e6, 200000, 200000, "renamed"),
    "yi-6b-200k-2024-03": (4096, 32, 32, 4, 11008, 64000, 1e7, 200000, 200000, "same"),
    "yi-34b-200k-2024-03": (7168, 60, 56, 8, 20480, 64000, 1e7, 200000, 200000, "same"),
    "llama-1-7b": (4096, 32, 32, 32, 11008, 32000, 1e4, 2048, 2048, "same"),
    "llama-2-7b": (4096, 32, 32, 32, 11008, 32000, 1e4, 4096, 4096, "same"),
    "llama-2-13b": (5120, 40, 40, 40, 13824, 32000, 1e4, 4096, 4096, "same"),
    "llama-2-70b": (8192, 80, 64, 8, 28672, 32000, 1e4, 4096, 4096, "same"),
    "llama-3-8b": (4096, 32, 32, 8, 14336, 128256, 5e5, 8192, 8192, "same"),
    "llama-3-70b": (8192, 80, 64, 8, 28672, 128256, 5e5, 8192, 8192, "same"),
    "llama-3.1-8b": (4096, 32, 32, 8, 14336, 128256, 5e5, 131072, 8192, "same"),
    "llama-3.1-70b": (8192, 80, 64, 8, 28672, 128256, 5e5, 131072, 8192, "same"),
    "code-llama-7b": (4096, 32, 32, 32, 11008, 32016, 1e6, 100000, 16384, "same"),
    "code-llama-34b": (8192, 48, 64, 8, 22016, 32000, 1e6, 100000, 16384, "same"),
    "mistral-7b-v0.1": (4096, 32, 32, 8, 14336, 32000, 1e4, 32768, 32768, "same"),
    "mistral-7b-v0.2": (4096, 32, 32, 8, 14336, 32000, 1e6, 32768, 32768, "same"),
    "mistral-7b-v0.3": (4096, 32, 32, 8, 14336, 32768, 1e6, 32768, 32768, "same"),
    "smollm2-135m": (576, 30, 9, 3, 1536, 49152, 1e5, 8192, 8192, "same"),
    "smollm2-360m": (960, 32, 15, 5, 2560, 49152, 1e5, 8192, 8192, "same"),
    "smollm2-1.7b": (2048, 24, 32, 32, 8192, 49152, 1.3e5, 8192, 8192, "same"),
}
TIED = {"smollm2-135m", "smollm2-135m.gguf", "smollm2-360m", "smollm2-1.7b"}
STORED_FREQUENCIES = {"yi-6b-200k-2024-03"}
FALCON = {"falcon-7b": (4544, 32, 71, 1, 65024), "falcon-40b": (8192, 60, 128, 8, 65024)}
FLAGSHIP = "yi-34b-2023-11-against-llama-2-7b"
FLAGSHIP_200K = FLAGSHIP + "-claims-200000"

# The same as GGUF files, which say no more than one length.
GGUF = {
    "smollm2-135m.gguf": LLAMA["smollm2-135m"],
    "llama-3.1-8b.gguf": LLAMA["llama-3.1-8b"][:8] + (131072, "same"),
}

BEYOND = {"claim-contradicts-config", "claim-beyond-training"}

# What each report has to say beyond structure, and nothing else.
FINDINGS = {
    "yi-6b-2023-11": BEYOND | {"remote-code", "base-change"},
    "yi-34b-2023-11": BEYOND | {"remote-code", "base-change"},
    "yi-34b-llama": {"remote-code", "base-change"},  # of its tokenizer only
    "yi-6b-200k-2023-11": {"remote-code", "base-change", "length-unproven"},
    "yi-34b-200k-2023-11": {"remote-code", "base-change", "length-unproven"},
    "yi-6b-200k-2024-03": {"base-change", "length-unproven", "stored-inv-freq"},
    "yi-34b-200k-2024-03": {"base-change", "length-unproven"},
    "llama-1-7b": set(),
    "llama-2-7b": set(),
    "llama-2-13b": set(),
    "llama-2-70b": set(),
    "llama-3-8b": {"base-change"},
    "llama-3-70b": {"base-change"},
    "llama-3.1-8b": {"claim-beyond-training", "factor-does-not-give-the-length"},
    "llama-3.1-70b": {"claim-beyond-training", "factor-does-not-give-the-length"},
    "code-llama-7b": BEYOND | {"base-change"},
    "code-llama-34b": BEYOND | {"base-change"},
    "mistral-7b-v0.1": {"sliding-window", "length-unproven"},
    "mistral-7b-v0.2": {"base-change", "length-unproven"},
    "mistral-7b-v0.3": {"base-change", "length-unproven"},
    "smollm2-135m": {"base-change"},
    "smollm2-360m": {"base-change"},
    "smollm2-1.7b": {"base-change"},
    "falcon-7b": {"missing-rope-theta", "no-context-length"},
    "falcon-40b": {"missing-rope-theta", "no-context-length"},
    "smollm2-135m.gguf": {"quantised-weights", "scaling-not-stated", "base-change", "chat-template"},
    "llama-3.1-8b.gguf": {"quantised-weights", "scaling-as-a-table", "chat-template"},
    FLAGSHIP: BEYOND | {"remote-code", "base-change"},
    FLAGSHIP_200K: BEYOND | {"remote-code", "base-change"},
}


def report(name):
    return json.loads((REPORTS / f"{name}.json").read_text(encoding="utf-8"))


def turning(base, head_dim, length):
    """Pairs that complete a turn within `length` tokens."""
    wavelengths = [2 * pi * mpf(base) ** (mpf(2 * i) / head_dim) for i in range(head_dim // 2)]
    return sum(wavelength <= length for wavelength in wavelengths)


def reached(base, head_dim, length):
    """The same, by counting the turns of every pair instead of comparing wavelengths."""
    return sum(
        int(length * mpf(base) ** (-mpf(2 * i) / head_dim) / (2 * pi)) >= 1 for i in range(head_dim // 2)
    )


class AuditFacts(unittest.TestCase):
    def test_every_published_checkpoint_has_its_report(self):
        self.assertEqual(
            {path.stem for path in REPORTS.glob("*.json")},
            {*LLAMA, *FALCON, *GGUF, FLAGSHIP, FLAGSHIP_200K},
        )
        self.assertEqual({path.name for path in CHECKPOINTS.iterdir()}, {*LLAMA, *FALCON})

    def test_counts_of_tensors_and_parameters(self):
        for name, (d, layers, heads, kv, inner, vocab, *_) in (LLAMA | GGUF).items():
            with self.subTest(name):
                structure = report(name)["structure"]
                kv_rows = d // heads * kv
                stored = name in STORED_FREQUENCIES
                outside = 2 if name in TIED else 3
                layer = 2 * d * d + 2 * kv_rows * d + 3 * inner * d + 2 * d
                total = layers * layer + vocab * d * (outside - 1) + d
                self.assertEqual(structure["parameters"], total + stored * layers * d // heads // 2)
                self.assertEqual(
                    sum(tensor["count"] for tensor in structure["tensors"]),
                    layers * (9 + stored) + outside,
                )
                self.assertEqual(structure["layers"], layers)
                sizes = structure["sizes"]
                self.assertEqual(
                    [sizes[key] for key in ("hidden", "query_rows", "key_value_rows", "intermediate")],
                    [d, d, kv_rows, inner],
                )
                self.assertEqual(sizes["vocabulary"], vocab)

    def test_structure_of_falcon(self):
        for name, (d, layers, heads, kv, vocab) in FALCON.items():
            with self.subTest(name):
                structure = report(name)["structure"]
                norms = 4 if name == "falcon-40b" else 2
                fused = d + 2 * (d // heads) * kv
                self.assertEqual(structure["verdict"], "different")
                self.assertEqual(structure["sizes"]["fused_query_key_value_rows"], fused)
                self.assertEqual(
                    sum(tensor["count"] for tensor in structure["tensors"]), layers * (norms + 4) + 4
                )
                self.assertEqual(
                    structure["parameters"],
                    layers * (norms * d + fused * d + d * d + 8 * d * d) + 2 * vocab * d + 2 * d,
                )

    def test_verdicts_and_renamed_tensors(self):
        for name, row in LLAMA.items():
            with self.subTest(name):
                structure = report(name)["structure"]
                self.assertEqual(structure["verdict"], row[-1])
                renamed = {
                    tensor["pattern"]: tensor["standard_name"]
                    for tensor in structure["tensors"]
                    if tensor["pattern"] != tensor["standard_name"]
                }
                norm = "model.layers.{}.%s.weight"
                yi = {norm % "ln1": norm % "input_layernorm", norm % "ln2": norm % "post_attention_layernorm"}
                self.assertEqual(renamed, yi if row[-1] == "renamed" else {})

    def test_a_gguf_file_has_names_and_keys_of_its_own(self):
        for name in GGUF:
            with self.subTest(name):
                case = report(name)
                self.assertEqual(case["structure"]["verdict"], "same")
                patterns = {tensor["pattern"]: tensor["role"] for tensor in case["structure"]["tensors"]}
                self.assertEqual(patterns["blk.{}.attn_k.weight"], "key")
                self.assertEqual(patterns["blk.{}.attn_norm.weight"], "input norm")
                self.assertEqual((case["context"]["claimed_in"], case["structure"]["from"]), (name, name))
                self.assertEqual({finding["file"] for finding in case["findings"]}, {name})
                prose = (REPORTS / f"{name}.txt").read_text(encoding="utf-8")
                for word in ("config.json:", "rope_theta", "max_position_embeddings", "tokenizer_config"):
                    self.assertNotIn(word, prose)
                quantised = next(f for f in case["findings"] if f["id"] == "quantised-weights")
                self.assertIn(f"{self.bits(name):.2f} bits a weight", quantised["why"])

    def bits(self, name):
        """Bits a weight, of the blocks' sizes in ggml-common.h."""
        d, layers, heads, kv, inner, vocab, *_ = GGUF[name]
        matrix, embedding = {"smollm2-135m.gguf": (20 * 8 / 32, 34 * 8 / 32)}.get(name, (144 * 8 / 256, 210 * 8 / 256))
        matrices = layers * (2 * d * d + 2 * d // heads * kv * d + 3 * inner * d)
        tables = vocab * d * (1 if name in TIED else 2)
        norms = d * (2 * layers + 1) + (0 if name in TIED else d // heads // 2)
        return (matrix * matrices + embedding * tables + 32 * norms) / (matrices + tables + norms)

    def test_context_in_numbers(self):
        for name, (d, layers, heads, kv, _, _, base, claimed, trained, _) in (LLAMA | GGUF).items():
            with self.subTest(name):
                self.check_context(report(name)["context"], d, layers, heads, kv, base, claimed, trained)
        yi = LLAMA["yi-34b-2023-11"]
        self.check_context(report(FLAGSHIP)["context"], *yi[:4], *yi[6:9])
        self.check_context(report(FLAGSHIP_200K)["context"], *yi[:4], yi[6], 200000, yi[8])

    def check_context(self, context, d, layers, heads, kv, base, claimed, trained):
        head_dim = d // heads
        within, at_claim = turning(base, head_dim, trained), turning(base, head_dim, claimed)
        self.assertEqual(within, reached(base, head_dim, trained))
        self.assertEqual(at_claim, reached(base, head_dim, claimed))
        self.assertEqual((context["trained"], context["claimed"]), (trained, claimed))
        self.assertEqual(context["theta"], base)
        self.assertEqual(context["pairs"], head_dim // 2)
        self.assertEqual(context["pairs_turning_when_trained"], within)
        self.assertEqual(context["pairs_turning_at_claim"], at_claim)
        self.assertEqual(context["pairs_first_wrapping"], at_claim - within)
        self.assertEqual(context["kv_bytes_at_claim"], 2 * layers * kv * head_dim * 2 * claimed)
        self.assertEqual(context["share_trained"], trained / claimed)

    def test_the_published_table_of_turning_pairs(self):
        table = {1e4: (46, 64), 5e5: (32, 51), 1e6: (31, 49), 5e6: (27, 44), 1e7: (26, 42)}
        for base, counts in table.items():
            self.assertEqual((turning(base, 128, 4096), turning(base, 128, 200000)), counts)

    def test_findings(self):
        for name, expected in FINDINGS.items():
            with self.subTest(name):
                found = report(name)["findings"]
                self.assertEqual({finding["id"] for finding in found}, expected)
        tokenizer = report("yi-34b-llama")["findings"]
        self.assertEqual(
            [finding["file"] for finding in tokenizer if finding["id"] == "remote-code"],
            ["tokenizer_config.json"],
        )

    def test_the_case_that_started_this(self):
        """Two names; 4,096 in the config; remote code; a raised base; and no weight of LLaMA."""
        for name, claimed in ((FLAGSHIP, 32768), (FLAGSHIP_200K, 200000)):
            with self.subTest(name):
                self.check_the_case(name, claimed)

    def check_the_case(self, name, claimed):
        case = report(name)
        prose = " ".join((REPORTS / f"{name}.txt").read_text(encoding="utf-8").split())
        findings = {finding["id"]: finding for finding in case["findings"]}
        self.assertEqual(findings["claim-contradicts-config"]["severity"], "error")
        self.assertEqual(findings["claim-contradicts-config"]["value"], "4096")
        self.assertIn(f"{claimed:,} tokens are claimed", findings["claim-contradicts-config"]["why"])
        self.assertIn("the files promise 4,096 and no rope_scaling", prose)
        self.assertIn("modeling_yi.YiForCausalLM", prose)
        self.assertIn("2 of 12 names changed (120 of 543 tensors)", prose)
        wide, ordinary = turning(5e6, 128, 4096), turning(1e4, 128, 4096)
        self.assertIn(
            f"{wide} of 64 pairs complete a turn, with 10,000 it would be {ordinary}",
            findings["base-change"]["why"],
        )
        self.assertIn(
            f"{64 - wide} of 64 pairs complete no turn within it, so that every angle beyond it is new "
            f"to them; {turning(5e6, 128, claimed) - wide} of these wrap for the first time",
            findings["claim-beyond-training"]["why"],
        )
        against = case["against"]
        self.assertTrue(against["same_structure"])
        self.assertFalse(against["same_shapes"])
        self.assertEqual((against["tensors"], against["tensors_matching"]), (543, 0))
        self.assertTrue(against["model"].startswith("not the same weights"))
        self.assertEqual(len(against["names"]), 2)

    def test_a_stored_table_of_frequencies_in_bfloat16(self):
        """Its worst angle at 200,000, by rounding to 8 significant bits by hand."""
        worst = mpf(0)
        for i in range(64):
            exact = mpf(1e7) ** (-mpf(2 * i) / 128)
            step = mpf(2) ** (mp.floor(mp.log(exact, 2)) - 7)
            worst = max(worst, abs(mp.nint(exact / step) * step - exact) * 200000)
        findings = {finding["id"]: finding for finding in report("yi-6b-200k-2024-03")["findings"]}
        self.assertIn(f"wrong by up to {mp.nstr(worst, 3)[:-2]} rad", findings["stored-inv-freq"]["why"])


if __name__ == "__main__":
    unittest.main()
