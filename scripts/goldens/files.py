"""Files that a script derives: its command line, how they are written, and how --check compares them."""
import argparse
import pathlib
import sys

SCHEMA_VERSION = 1
ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "goldens"


def document(method, cases):
    """The text of one file; a case is {key: value as JSON}, one line each, so that a difference shows where it is."""
    blocks = ["  {\n" + ",\n".join(f'   "{key}": {value}' for key, value in case.items()) + "\n  }" for case in cases]
    return (f'{{\n "schema_version": {SCHEMA_VERSION},\n "method": "{method}",\n "cases": [\n'
            + ",\n".join(blocks) + "\n ]\n}\n")


def command_line(script, folder):
    """The parser of a script that writes `folder`, and its group of modes, of which one run has one at most."""
    parser = argparse.ArgumentParser(description=script.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.set_defaults(script=pathlib.Path(script.__file__).resolve().relative_to(ROOT))
    parser.add_argument("--out", type=pathlib.Path, default=folder, metavar="DIR")
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--check", action="store_true", help="compare with the files of DIR instead of writing them")
    return parser, modes


def write_or_check(options, texts):
    """Writes {path below DIR: text}, or compares byte for byte with what is there. Returns the exit status.

    A file of DIR that is not among `texts` but ends like one of them is foreign: nothing derives it again.
    """
    derived = {name: text.encode("utf-8") for name, text in texts.items()}
    if not options.check:
        for name, content in derived.items():
            path = options.out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return 0
    endings = {pathlib.PurePath(name).suffix for name in derived}
    present = {path.relative_to(options.out).as_posix(): path.read_bytes()
               for path in options.out.rglob("*") if path.suffix in endings and path.is_file()}
    wrong = sorted(name for name in derived.keys() | present.keys() if derived.get(name) != present.get(name))
    for name in wrong:
        if name not in derived:
            state = f"not made by {options.script}; delete it"
        else:
            state = "differs" if name in present else "missing"
            state += f"; run {options.script} without --check and read the difference"
        print(f"{options.out / name}: {state}", file=sys.stderr)
    return 1 if wrong else 0
