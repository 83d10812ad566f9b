"""`ropewalk audit` as a user meets it: exit codes, what it opens, and what it costs."""

import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROPEWALK = os.environ["ROPEWALK_BINARY"]


def run(*arguments, **more):
    return subprocess.run(
        [ROPEWALK, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, **more
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
            os.mkfifo(home / "pipe")
            trace = root / "trace"
            traced = subprocess.run(
                ["strace", "-f", "-y", "-e", "trace=open,openat,openat2,execve", "-o", trace]
                + [ROPEWALK, "audit", home, home, "--weights"],
                capture_output=True,
                text=True,
            )
            self.assertEqual(traced.returncode, 0, traced.stderr)
            opened = set()
            for line in trace.read_text().splitlines():
                match = re.search(r'(?:open|openat|openat2)\((?:AT_FDCWD[^,]*, )?"([^"]*)"', line)
                if match and match.group(1).startswith(str(root)):
                    opened.add(pathlib.Path(match.group(1)))
            # The folder itself (listed) and the index; no link, no code, no pickle, no pipe.
            self.assertEqual(opened, {home, home / "model.safetensors.index.json"})
            self.assertEqual(trace.read_text().count("execve("), 1)

    def test_a_hundred_gigabytes_cost_no_memory(self):
        """Twenty sparse shards of 5 GB, 80 layers; only headers are read."""
        hidden, inner, layers, shards = 8192, 28672, 80, 20
        config = json.loads((ROOT / "configs/checkpoints/llama-2-70b/config.json").read_text())
        with tempfile.TemporaryDirectory() as folder:
            home = pathlib.Path(folder)
            (home / "config.json").write_text(json.dumps(config))
            tensors = {"model.embed_tokens.weight": [32000, hidden], "model.norm.weight": [hidden]}
            tensors["lm_head.weight"] = [32000, hidden]
            for i in range(layers):
                layer = f"model.layers.{i}."
                tensors[layer + "input_layernorm.weight"] = [hidden]
                tensors[layer + "post_attention_layernorm.weight"] = [hidden]
                for name, rows in (("q", hidden), ("k", 1024), ("v", 1024), ("o", hidden)):
                    tensors[layer + f"self_attn.{name}_proj.weight"] = [rows, hidden]
                tensors[layer + "mlp.gate_proj.weight"] = [inner, hidden]
                tensors[layer + "mlp.up_proj.weight"] = [inner, hidden]
                tensors[layer + "mlp.down_proj.weight"] = [hidden, inner]
            names = list(tensors)
            index, total = {}, 0
            for shard in range(shards):
                file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
                header, offset = {}, 0
                for name in names[shard::shards]:
                    size = 2
                    for extent in tensors[name]:
                        size *= extent
                    header[name] = {
                        "dtype": "BF16",
                        "shape": tensors[name],
                        "data_offsets": [offset, offset + size],
                    }
                    offset += size
                    index[name] = file
                text = json.dumps(header).encode()
                with open(home / file, "wb") as stream:
                    stream.write(struct.pack("<Q", len(text)) + text)
                    stream.truncate(8 + len(text) + offset)
                total += offset
            (home / "model.safetensors.index.json").write_text(
                json.dumps({"metadata": {"total_size": total}, "weight_map": index})
            )
            self.assertGreater(total, 100e9)
            report = json.loads(run("audit", home, "--json").stdout)
            self.assertEqual(report["structure"]["verdict"], "same")
            self.assertEqual(report["structure"]["parameters"], 68_976_648_192)
            extra = peak_memory("audit", home) - peak_memory("--version")
            print(f"{total / 1e9:.0f} GB: {extra / 1e6:.1f} MB above --version", file=sys.stderr)
            self.assertLess(extra, 50e6)


if __name__ == "__main__":
    unittest.main()
