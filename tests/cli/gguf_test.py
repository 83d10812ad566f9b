"""`ropewalk check`, `sweep` and `audit` on a GGUF file, and on a directory whose tokenizer is tokenizer.json."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy
from safetensors.numpy import load_file, save_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/cli"), str(ROOT / "tests/parity")]
import tiny_sweep  # noqa: E402
import tokenizer_makers  # noqa: E402

CONVERT = ROOT / "tests/harness/checkpoint/gguf/gguf_convert.py"
SCALING = {"rope_type": "linear", "factor": 2.0}
EVALS = [{"type": "passkey", "protocol": "landmark", "trials": 4, "depths": 2},
         {"type": "perplexity", "protocol": "fixed-target", "targets": 64, "corpus": ["book.txt"]}]
METHODS = {"plain": [], "yarn": [{"type": "yarn", "factor": 4}], "as_configured": "as_configured"}


def make_directory(folder):
    """A tiny LLaMA of Hugging Face's layout, stretched by its config, with tokenizer.json alone."""
    tokenizer, config = tokenizer_makers.llama3(tiny_sweep.words())
    model = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64,
        "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "head_dim": 16, "rms_norm_eps": 1e-5, "vocab_size": tokenizer.get_vocab_size(),
        "max_position_embeddings": 512, "rope_theta": 10000.0, "rope_scaling": SCALING,
        "tie_word_embeddings": True, "seed": 5}
    subprocess.run([os.environ["ROPEWALK_MAKE_RANDOM_CHECKPOINT"], folder, json.dumps(model)], check=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def convert(folder, file, *kind):
    subprocess.run([sys.executable, "-B", CONVERT, folder, file, *kind], check=True)


def experiment(folder, model, **changes):
    changes = {"methods": METHODS, "lengths": [256, 1024], "evals": EVALS, **changes}
    return tiny_sweep.make_experiment(folder, model.replace(".", "-"), model=model, **changes)


def ropewalk(*arguments):
    return subprocess.run([tiny_sweep.ROPEWALK, *map(str, arguments)], capture_output=True, text=True)


def results(run):
    """Rows without what the file's own hash goes into, and the losses of every token."""
    rows, losses = tiny_sweep.lines(run, "rows.jsonl"), []
    for row in rows:
        del row["cell"]
        for forward in row.get("perplexity", {}).get("forwards", []):
            losses.append(numpy.load(run / forward.pop("nll_file")).tolist())
    return rows, losses


class Gguf(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        make_directory(cls.folder / "model")
        convert(cls.folder / "model", cls.folder / "model.gguf")

    def swept(self, model, **changes):
        out = self.folder / f"run-{model}"
        ended = tiny_sweep.sweep(experiment(self.folder, model, **changes), out)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return results(out)

    def test_gives_the_log_probabilities_of_its_directory(self):
        """Bit by bit, under every method, the one of its own metadata among them."""
        rows, losses = self.swept("model")
        self.assertEqual(len(rows), 3 * 2 * (4 + 1))
        self.assertEqual({row["status"] for row in rows}, {"ok"})
        self.assertEqual(len({row["plan"] for row in rows}), 3 * 2 * 2)
        self.assertEqual(self.swept("model.gguf"), (rows, losses))

    def test_is_dequantised(self):
        """Quantised by the gguf package: the log-probabilities of what that package reads back."""
        make_directory(self.folder / "rounded")
        plain = {"methods": {"plain": []}, "lengths": [1024]}
        before = self.swept("rounded", **plain)
        for kind in ("Q4_1", "Q8_0"):
            with self.subTest(kind):
                model = self.folder / f"rounded-{kind}"
                make_directory(model)
                convert(model, self.folder / f"{kind}.gguf", kind)
                rounded = self.swept(model.name, **plain)
                self.assertNotEqual(rounded[1], before[1])
                self.assertEqual(self.swept(f"{kind}.gguf", **plain), rounded)

    def test_costs_what_its_directory_costs(self):
        priced = {}
        for model in ("model", "model.gguf"):
            done = ropewalk("check", experiment(self.folder, model), "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            priced[model] = json.loads(done.stdout)
            for price in priced[model]["prices"]:
                # Rates are measured anew by each check; a GGUF file is read into memory.
                del price["seconds"], price["least_seconds"], price["peak_bytes"]
        self.assertEqual(priced["model.gguf"]["prices"], priced["model"]["prices"])
        self.assertEqual(len(priced["model"]["prices"]), 6)

    def test_a_bad_file_is_one_clear_error(self):
        whole = (self.folder / "model.gguf").read_bytes()
        bad = {
            "empty.gguf": (b"", "byte 0: does not begin with GGUF"),
            "text.gguf": (b"<!doctype html>\n", "byte 0: does not begin with GGUF"),
            "pointer.gguf": (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer"),
            "cut.gguf": (whole[:-4096], "ends beyond the file"),
            "header.gguf": (whole[:2000], "the file is cut or damaged"),
            "mamba.gguf": (whole.replace(b"\5\0\0\0\0\0\0\0llama", b"\5\0\0\0\0\0\0\0mamba", 1),
                           'general.architecture: "mamba" is not an architecture that can be computed'),
            "tokens.gguf": (whole.replace(b"tokenizer.ggml.model", b"tokenizer.ggml.modem", 1),
                            'tokenizer.ggml.model: "" is not supported'),
            "weights.gguf": (whole.replace(b"blk.1.ffn_up.weight", b"blk.1.ffn_uq.weight", 1),
                             'tensor "blk.1.ffn_up.weight": is implied by the metadata and missing'),
        }
        for name, (content, cause) in bad.items():
            with self.subTest(name):
                (self.folder / name).write_bytes(content)
                file = experiment(self.folder, name)
                for verb in (["check", file], ["sweep", file, "--out", self.folder / "none"]):
                    done = ropewalk(*verb)
                    self.assertEqual((done.returncode, done.stdout), (2, ""))
                    self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
                    self.assertIn(name, done.stderr)
                    self.assertIn(cause, done.stderr)
                self.assertFalse((self.folder / "none").exists())

    def test_names_a_tensor_that_is_not_used(self):
        model = self.folder / "more"
        make_directory(model)
        weights = load_file(model / "model.safetensors")
        name = "model.layers.0.self_attn.rotary_emb.inv_freq"
        save_file({**weights, name: numpy.ones(8, numpy.float32)}, model / "model.safetensors")
        warnings = {}
        for each in ("model", "more"):
            done = ropewalk("check", experiment(self.folder, each), "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            warnings[each] = json.loads(done.stdout)["warnings"]
        self.assertEqual(warnings["more"], [f'{model}: 1 tensors are not used, "{name}" among them', *warnings["model"]])

    def test_what_audit_says_to_paste_runs(self):
        """The scaling of the file's metadata is one of the experiment's methods."""
        for model in ("model", "model.gguf"):
            with self.subTest(model):
                done = ropewalk("audit", self.folder / model, "--json")
                self.assertEqual(done.returncode, 0, done.stderr)
                findings = {finding["id"]: finding for finding in json.loads(done.stdout)["findings"]}
                self.assertNotIn("unreadable", findings)
                write, _, sweep = findings["claim-beyond-training"]["settle"].partition(" && ")
                self.assertIn("as_configured", write)
                subprocess.run(["bash", "-c", write], cwd=self.folder, check=True)
                check = ropewalk("check", self.folder / sweep.split()[2])
                self.assertEqual(check.returncode, 0, check.stderr)


if __name__ == "__main__":
    unittest.main()
