#!/usr/bin/env python3
"""Writes tests/goldens/audit: what `ropewalk audit` says of every checkpoint in configs/checkpoints.

    make_audit_goldens.py ROPEWALK [--check]     --check: exit 1 when a golden differs

Read the difference before you commit it: these reports are the product.
"""

import argparse
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests" / "goldens" / "audit"


def runs():
    """Golden's name -> arguments."""
    for folder in sorted((ROOT / "configs" / "checkpoints").iterdir()):
        yield folder.name, [f"configs/checkpoints/{folder.name}"]
    case = ["configs/checkpoints/yi-34b-2023-11", "configs/checkpoints/llama-2-7b"]
    yield "yi-34b-2023-11-against-llama-2-7b", case
    yield "yi-34b-2023-11-against-llama-2-7b-claims-200000", [*case, "--claims", "200000"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ropewalk", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    command = [str(arguments.ropewalk.resolve()), "audit"]
    stale = []
    for name, of in runs():
        for ending, flags in ((".txt", []), (".json", ["--json"])):
            said = subprocess.run(
                command + of + flags, cwd=ROOT, check=True, capture_output=True
            ).stdout
            path = FOLDER / (name + ending)
            if not arguments.check:
                path.write_bytes(said)
            elif not path.is_file() or path.read_bytes() != said:
                stale.append(path.name)
    if stale:
        sys.exit("the binary says something else than tests/goldens/audit: " + ", ".join(stale))


if __name__ == "__main__":
    main()
