"""`ropewalk train` as a user meets it: interrupted, started again, and told what is wrong."""

import json
import os
import pathlib
import random
import signal
import subprocess
import tempfile
import unittest

ROPEWALK = os.environ["ROPEWALK_BINARY"]

CONFIG = {
    "model": {"vocabulary": 320, "hidden": 16, "intermediate": 32, "layers": 1, "heads": 1, "head_dim": 16},
    "corpus": ["text.txt"],
    "dtype": "float32",
    "sources": {"text": {"type": "text"}},
    "batch_tokens": 128,
    "phases": [{"length": 32, "tokens": 38400, "mixture": {"text": 1}}],
    "log_every": 1,
}


def some_text():
    draw = random.Random(1)
    words = ["rope", "walk", "lane", "yard", "mast", "sail", "knot", "hemp", "holds", "turns", "finds", "keeps"]
    return ".\n".join(" ".join(draw.choices(words, k=6)) for _ in range(500)) + ".\n"


class Train(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        (self.folder / "text.txt").write_text(some_text())

    def command(self, out, **changes):
        config = self.folder / "config.json"
        config.write_text(json.dumps(CONFIG | changes))
        return [ROPEWALK, "train", str(config), "--out", str(self.folder / out)]

    def run_train(self, out, **changes):
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        return subprocess.run(self.command(out, **changes), capture_output=True, text=True, env=environment)

    def interrupt_after(self, out, steps, with_signal):
        """Starts the run and sends the signal once that many steps are reported; its exit status."""
        process = subprocess.Popen(
            self.command(out, checkpoint_seconds=0), stderr=subprocess.PIPE, text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        with process:
            for line in process.stderr:
                if line.startswith(f"step {steps}/"):
                    process.send_signal(with_signal)
                    break
            self.last_words = process.stderr.read()
        return process.returncode

    def test_a_run_that_was_asked_to_stop_and_one_that_was_killed_go_on_and_end_alike(self):
        whole = self.run_train("whole")
        self.assertEqual(whole.returncode, 0, whole.stderr)
        self.assertEqual(whole.stdout, f"{self.folder / 'whole'}\n")
        self.assertEqual(self.interrupt_after("broken", 20, signal.SIGTERM), 4)
        self.assertIn("run the same command again to go on", self.last_words)
        self.assertEqual(self.interrupt_after("broken", 60, signal.SIGKILL), -signal.SIGKILL)
        again = self.run_train("broken")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("resumed at step", again.stderr)
        for name in ("model.safetensors", "tokenizer.model", "config.json"):
            self.assertEqual(
                (self.folder / "broken" / name).read_bytes(), (self.folder / "whole" / name).read_bytes(), name
            )

    def test_a_config_that_is_wrong_is_bad_input(self):
        done = self.run_train("model", sead=3)
        self.assertEqual(done.returncode, 2)
        self.assertIn("/sead", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_a_model_to_go_on_from_takes_the_place_of_its_description(self):
        self.assertEqual(self.run_train("first").returncode, 0)
        done = subprocess.run(
            [*self.command("second"), "--from", self.folder / "first"], capture_output=True, text=True
        )
        self.assertEqual(done.returncode, 2)
        self.assertIn("remove it from the config", done.stderr)


if __name__ == "__main__":
    unittest.main()
