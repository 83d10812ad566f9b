"""--check of both golden scripts: silent on what they wrote, loud on one changed digit, a lost and a foreign file."""
import contextlib
import importlib.util
import io
import pathlib
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"


def load(name):
    specification = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


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
        self.notices(load("make_goldens"), "yarn.json", "0.86596432336006535", "0.86596432336006536")

    def test_positions(self):
        module = load("make_position_goldens")
        module.CASES = {method: cases[:1] for method, cases in module.CASES.items()}  # enough, and quick
        self.notices(module, "string.json", "[1,0]", "[2,0]")


if __name__ == "__main__":
    unittest.main()
