"""--check of both golden scripts: silent on what they wrote, loud on one changed digit, a lost and a foreign file."""
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import make_goldens  # noqa: E402
import make_position_goldens  # noqa: E402


class Check(unittest.TestCase):
    def notices(self, module, name, old, new):
        main = module.main
        with tempfile.TemporaryDirectory() as folder:
            def check():
                errors = io.StringIO()
                with contextlib.redirect_stderr(errors):
                    return main(["--check", "--out", folder]), errors.getvalue()

            self.assertEqual(main(["--out", folder]), 0)
            self.assertEqual(check(), (0, ""))
            path = pathlib.Path(folder, name)
            text = path.read_text(encoding="ascii")
            self.assertIn(old, text)
            path.write_text(text.replace(old, new, 1), encoding="ascii")
            self.assertRegex(check()[1], f"{name}: differs")
            path.rename(path.with_name("stranger.json"))
            status, errors = check()
            self.assertEqual(status, 1)
            self.assertRegex(errors, f"{name}: missing")
            self.assertRegex(errors, "stranger.json: not made by this script")

    def test_frequencies(self):
        self.notices(make_goldens, "yarn.json", "0.86596432336006535", "0.86596432336006536")

    def test_positions(self):
        one_case_each = {method: cases[:1] for method, cases in make_position_goldens.CASES.items()}
        with mock.patch.object(make_position_goldens, "CASES", one_case_each), \
                mock.patch.object(make_position_goldens.known_distances, "check_limits"):  # slow, and not in question
            self.notices(make_position_goldens, "string.json", "[1,0]", "[2,0]")


if __name__ == "__main__":
    unittest.main()
