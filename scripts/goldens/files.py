"""Golden files: how they are written, and how --check compares them."""
import argparse
import pathlib
import sys

SCHEMA_VERSION = 1
FOLDER = pathlib.Path(__file__).resolve().parents[2] / "tests" / "goldens"


def document(method, cases):
    """The text of one file; a case is {key: value as JSON}, one line each, so that a difference shows where it is."""
    blocks = ["  {\n" + ",\n".join(f'   "{key}": {value}' for key, value in case.items()) + "\n  }" for case in cases]
    return (f'{{\n "schema_version": {SCHEMA_VERSION},\n "method": "{method}",\n "cases": [\n'
            + ",\n".join(blocks) + "\n ]\n}\n")


def write_or_check(script, folder, documents, arguments=None):
    """Runs the command line of a golden script; documents() gives {file name: text}. Returns the exit status."""
    parser = argparse.ArgumentParser(description=script.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=FOLDER / folder, metavar="DIR")
    parser.add_argument("--check", action="store_true", help="compare with the files of DIR instead of writing them")
    options = parser.parse_args(arguments)

    texts = documents()
    if not options.check:
        options.out.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (options.out / name).write_text(text, encoding="ascii")
        return 0
    present = {path.name: path.read_text(encoding="ascii") for path in options.out.glob("*.json")}
    wrong = sorted(name for name in texts.keys() | present.keys() if texts.get(name) != present.get(name))
    for name in wrong:
        state = "missing" if name not in present else "not made by this script" if name not in texts else "differs"
        print(f"{options.out / name}: {state}; run {pathlib.Path(script.__file__).name} without --check and read the "
              "difference", file=sys.stderr)
    return 1 if wrong else 0
