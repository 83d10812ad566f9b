"""`ropewalk audit` as a user meets it: exit codes, what it opens, what it writes and what it costs."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import sparse_checkpoint  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROPEWALK = os.environ["ROPEWALK_BINARY"]


def run(*arguments, **more):
    return subprocess.run(
        [ROPEWALK, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, **more
    )


def make_checkpoint(folder, **more):
    """A small random LLaMA: the same seed gives the same numbers under any names."""
    wanted = {
        "model_type": "Yi" if more.get("yi_names") else "llama",
        "vocab_size": 256,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "rms_norm_eps": 1e-5,
        "rope_theta": 5e6,
        "max_position_embeddings": 128,
    }
    subprocess.run(
        [os.environ["ROPEWALK_MAKE_RANDOM_CHECKPOINT"], folder, json.dumps({**wanted, **more})],
        check=True,
    )


def peak_memory(*arguments):
    """Largest resident set of one run, in bytes."""
    child = subprocess.Popen([ROPEWALK, *map(str, arguments)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return usage.ru_maxrss * 1024


class Audit(unittest.TestCase):
    def test_prints_the_approved_reports(self):
        script = ROOT / "scripts" / "make_audit_goldens.py"
        check = subprocess.run(
            [sys.executable, "-B", script, ROPEWALK, "--check"], capture_output=True, text=True
        )
        self.assertEqual((check.returncode, check.stderr), (0, ""))

    def test_published_tables_are_what_their_script_writes(self):
        script = ROOT / "scripts" / "make_checkpoint_tables.py"
        check = subprocess.run(
            [sys.executable, "-B", script, "--check"], capture_output=True, text=True
        )
        self.assertEqual((check.returncode, check.stderr), (0, ""))

    def test_exit_codes(self):
        yi = "configs/checkpoints/yi-34b-2023-11"
        self.assertEqual(run("audit", yi).returncode, 0)
        self.assertEqual(json.loads(run("audit", yi, "--json").stdout)["checkpoint"], yi)
        missing = run("audit", "configs/none")
        self.assertEqual(missing.returncode, 2)
        self.assertIn("configs/none: no such folder", missing.stderr)
        self.assertEqual(run("audit", yi, "--weights").returncode, 2)
        self.assertEqual(run("audit", yi, "--claims", "0").returncode, 2)
        self.assertEqual(run("audit").returncode, 2)

    def test_opens_nothing_outside_a_hostile_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder).resolve()
            home, outside = root / "home", root / "outside"
            home.mkdir()
            outside.mkdir()
            for name in ("config.json", "a.safetensors", "tokenizer_config.json"):
                (outside / name).write_text("{}")
            (home / "config.json").symlink_to("../outside/config.json")
            (home / "tokenizer_config.json").symlink_to(outside / "tokenizer_config.json")
            (home / "model.safetensors.index.json").write_text(
                json.dumps(
                    {"weight_map": {"a": "../outside/a.safetensors", "b": "link.safetensors"}}
                )
            )
            (home / "link.safetensors").symlink_to("../outside/a.safetensors")
            (home / "modeling.py").write_text("raise SystemExit")
            (home / "pytorch_model.bin").write_bytes(b"PK\x03\x04")
            (home / "chat_template.jinja").write_text("{{ }}")
            os.mkfifo(home / "pipe")
            opened = self.opened(root, "audit", home, home, "--weights", "--claims", "200000")
            # The folder itself (listed) and the index; no link, no code, no pickle, no template,
            # no pipe.
            self.assertEqual(
                {path for path, _ in opened}, {home, home / "model.safetensors.index.json"}
            )

    def test_follows_a_hub_link_into_blobs_and_no_further(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder).resolve()
            blobs, home = root / "models--a--b" / "blobs", root / "models--a--b" / "snapshots" / "0"
            blobs.mkdir(parents=True)
            home.mkdir(parents=True)
            (blobs / "1f").write_text('{"model_type": "llama"}')
            (root / "secret").write_text("{}")
            (home / "config.json").symlink_to("../../blobs/1f")
            (home / "tokenizer_config.json").symlink_to("../../../secret")
            (home / "generation_config.json").symlink_to("../../blobs/../../secret")
            for flags, expected in (([], {home}), (["--hub"], {home, blobs / "1f"})):
                opened = self.opened(root, "audit", home, *flags)
                self.assertEqual({path for path, _ in opened}, expected)

    def test_rename_writes_into_its_own_folder_only(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder).resolve()
            home, back = root / "yi", root / "back"
            make_checkpoint(home, yi_names=True)
            (home / "modeling_yi.py").write_text("raise SystemExit")
            (home / "tokenizer.model").symlink_to("/etc/passwd")
            opened = self.opened(root, "audit", home, "--rename", back)
            partial = root / "back.partial"
            for path, how in opened:
                if re.search("O_WRONLY|O_RDWR|O_CREAT", how):
                    self.assertEqual(path.parent, partial)
            self.assertNotIn(home / "modeling_yi.py", {path for path, _ in opened})
            self.assertEqual(
                {path.name for path in back.iterdir()}, {"config.json", "model.safetensors"}
            )
            self.assertFalse(partial.exists())

    def opened(self, root, *arguments):
        """(path, flags) of every file below `root` that a run opens."""
        trace = root / "trace"
        traced = subprocess.run(
            ["strace", "-f", "-e", "trace=open,openat,openat2,creat,execve", "-o", trace, ROPEWALK]
            + [str(argument) for argument in arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        self.assertEqual(traced.returncode, 0, traced.stderr)
        calls = trace.read_text()
        trace.unlink()
        self.assertEqual(calls.count("execve("), 1, "ran something")
        call = re.compile(r'(?:open|openat|openat2|creat)\((?:AT_FDCWD, )?"([^"]*)", ([^)]*)\)')
        found = {(pathlib.Path(match[1]), match[2]) for match in call.finditer(calls)}
        return {(path, how) for path, how in found if root in (path, *path.parents)}

    def test_renaming_changes_no_score(self):
        """LLaMA under Yi's names and back: the same bytes, and the same log-probabilities."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for shards in (1, 3):
                llama, yi, back = (root / f"{name}{shards}" for name in ("llama", "yi", "back"))
                make_checkpoint(llama, shards=shards)
                make_checkpoint(yi, shards=shards, yi_names=True)
                renamed = run("audit", yi, "--rename", back)
                self.assertEqual(renamed.returncode, 0, renamed.stderr)
                self.assertIn("30 tensors written under LLaMA's names", renamed.stderr)
                weights = sorted(path.name for path in llama.glob("*.safetensors*"))
                self.assertEqual(weights, sorted(path.name for path in back.glob("*.safetensors*")))
                for name in weights:
                    self.assertEqual((llama / name).read_bytes(), (back / name).read_bytes())
                report = json.loads(run("audit", back, yi, "--weights", "--json").stdout)
                self.assertEqual(report["against"]["model"], "the same weights, number by number")
                self.assertEqual(len(report["against"]["names"]), 2)
                scores = [self.scores(checkpoint) for checkpoint in (llama, yi, back)]
                self.assertEqual(len(scores[0]), 4 * 299)
                self.assertEqual(scores[0], scores[1])
                self.assertEqual(scores[0], scores[2])

    def scores(self, checkpoint):
        """Log-probabilities of 300 tokens, as the scorer's own bytes."""
        out = checkpoint.with_suffix(".f32")
        job = {
            "checkpoint": str(checkpoint),
            "methods": [],
            "trained_length": 128,
            "dtype": "float32",
            "query_offset": 0,
            "tokens": [(7 * i * i + 3 * i) % 256 for i in range(300)],
            "scored_from": 1,
            "threads": 1,
            "out": str(out),
        }
        jobs = checkpoint.with_suffix(".jobs")
        jobs.write_text(json.dumps([job]))
        subprocess.run([os.environ["ROPEWALK_SCORE"], jobs], check=True, capture_output=True)
        return out.read_bytes()

    def test_what_it_says_to_paste_is_an_experiment(self):
        """The shell's part of it is run as it stands, and `ropewalk check` reads what it wrote."""
        with tempfile.TemporaryDirectory() as folder:
            model = pathlib.Path(folder) / "it's $HOME; a model"
            shutil.copytree(ROOT / "configs/models/ropewalk-4k", model)
            config = json.loads((model / "config.json").read_text())
            config["rope_theta"] = 20000.0
            (model / "config.json").write_text(json.dumps(config))
            report = json.loads(run("audit", model, "--claims", 32768, "--json").stdout)
            commands = {
                finding["id"]: finding["settle"]
                for finding in report["findings"]
                if (finding["settle"] or "").startswith("printf")
            }
            self.assertIn("claim-contradicts-config", commands)
            self.assertIn("base-change", commands)
            for name, command in commands.items():
                write, _, sweep = command.partition(" && ")
                subprocess.run(["bash", "-c", write], cwd=folder, check=True)
                file = sweep.split()[2]
                check = run("check", pathlib.Path(folder) / file)
                self.assertEqual((name, check.returncode), (name, 0), check.stderr)

    def test_a_hundred_gigabytes_cost_no_memory(self):
        """Sparse shards: only headers are read."""
        with tempfile.TemporaryDirectory() as folder:
            home = pathlib.Path(folder)
            total = sparse_checkpoint.write(home)
            self.assertGreater(total, 100e9)
            report = json.loads(run("audit", home, "--json").stdout)
            self.assertEqual(report["structure"]["verdict"], "same")
            self.assertEqual(report["structure"]["parameters"], 68_976_648_192)
            extra = peak_memory("audit", home) - peak_memory("--version")
            self.assertLess(extra, 50e6)


if __name__ == "__main__":
    unittest.main()
