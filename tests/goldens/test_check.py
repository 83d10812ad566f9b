"""Golden scripts write only when asked to; --check is silent on what they wrote, loud on one changed digit, a lost and
a foreign file."""
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import make_audit_goldens  # noqa: E402
import make_checkpoint_tables  # noqa: E402
import make_goldens  # noqa: E402
import make_position_goldens  # noqa: E402
import make_prompt_goldens  # noqa: E402


class Check(unittest.TestCase):
    def notices(self, module, name, old, new, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            def check():
                errors = io.StringIO()
                with contextlib.redirect_stderr(errors):
                    return module.main([*arguments, "--check", "--out", folder]), errors.getvalue()

            self.assertEqual(module.main([*arguments, "--out", folder]), 0)
            self.assertEqual(check(), (0, ""))
            path = pathlib.Path(folder, name)
            text = path.read_text(encoding="ascii")
            self.assertIn(old, text)
            path.write_text(text.replace(old, new, 1), encoding="ascii")
            self.assertRegex(check()[1], f"{name}: differs")
            path.rename(path.with_name("stranger" + path.suffix))
            status, errors = check()
            self.assertEqual(status, 1)
            self.assertRegex(errors, f"{name}: missing")
            self.assertRegex(errors, "stranger.(json|txt): not made by scripts/make_.*; delete it")

    def test_frequencies(self):
        self.notices(make_goldens, "yarn.json", "0.86596432336006535", "0.86596432336006536")

    def test_positions(self):
        one_case_each = {method: cases[:1] for method, cases in make_position_goldens.CASES.items()}
        with mock.patch.object(make_position_goldens, "CASES", one_case_each), \
                mock.patch.object(make_position_goldens.known_distances, "check_limits"):  # slow, and not in question
            self.notices(make_position_goldens, "string.json", "[1,0]", "[2,0]")

    def test_prompts(self):
        with mock.patch.object(make_prompt_goldens, "LENGTHS", [512]):
            self.notices(make_prompt_goldens, "bpe.json", '"seed": 7', '"seed": 8')

    def test_audit_reports(self):
        with tempfile.TemporaryDirectory() as folder:
            ropewalk = pathlib.Path(folder, "ropewalk")
            ropewalk.write_text("#!/bin/sh\nprintf '%s, ' \"$@\"\n")  # says what it was asked
            ropewalk.chmod(0o755)
            self.notices(make_audit_goldens, "llama-2-7b.txt", "audit", "edit", str(ropewalk))

    def test_checkpoint_tables(self):
        self.notices(make_checkpoint_tables, "llama-2-7b/config.json", "4096", "4097")


class CommandLine(unittest.TestCase):
    def said(self, *arguments):
        """(exit status, what a wrong or a finished command line prints) where nothing may be derived or written."""
        output = io.StringIO()
        with mock.patch.object(make_prompt_goldens, "goldens", side_effect=AssertionError(arguments)), \
                contextlib.redirect_stdout(output), contextlib.redirect_stderr(output), \
                self.assertRaises(SystemExit) as ended:
            make_prompt_goldens.main(list(arguments))
        return ended.exception.code, output.getvalue()

    def test_an_argument_that_is_not_known_derives_nothing(self):
        for arguments, error in (
            (["--chek"], "unrecognized arguments: --chek"),
            (["--for"], "argument --for: expected one argument"),
            (["--bos"], "--bos is an option of --for MODEL"),
            (["--check", "--models"], "argument --models: not allowed with argument --check"),
        ):
            status, output = self.said(*arguments)
            self.assertEqual(status, 2, output)
            self.assertIn(error, output)

    def test_help_is_what_the_script_says_of_itself(self):
        status, output = self.said("--help")
        self.assertEqual(status, 0)
        self.assertIn(make_prompt_goldens.__doc__, output)


if __name__ == "__main__":
    unittest.main()
