#!/usr/bin/env python3
"""Writes tests/goldens/audit: what `ropewalk audit` says of every checkpoint in configs/checkpoints, and of
two of them as GGUF files.

    make_audit_goldens.py ROPEWALK [--check]     --check: exit 1 when a golden differs

Read the difference before you commit it: these reports are the product.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests" / "goldens" / "audit"
sys.path.insert(0, str(ROOT / "tests" / "cli"))
import sparse_gguf  # noqa: E402

# File -> checkpoint, types of the matrices and of the embedding, pre-tokenizer.
GGUF = {
    "smollm2-135m.gguf": ("smollm2-135m", "Q4_1", "Q8_0", "smollm"),
    "llama-3.1-8b.gguf": ("llama-3.1-8b", "Q4_K", "Q6_K", "llama-bpe"),
}


def runs(scratch):
    """Golden's name, arguments, and the folder in which they are given."""
    for folder in sorted((ROOT / "configs" / "checkpoints").iterdir()):
        yield folder.name, [f"configs/checkpoints/{folder.name}"], ROOT
    case = ["configs/checkpoints/yi-34b-2023-11", "configs/checkpoints/llama-2-7b"]
    yield "yi-34b-2023-11-against-llama-2-7b", case, ROOT
    yield "yi-34b-2023-11-against-llama-2-7b-claims-200000", [*case, "--claims", "200000"], ROOT
    for name, made_of in GGUF.items():
        sparse_gguf.write(scratch / name, *made_of)
        yield name, [name], scratch


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ropewalk", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    command = [str(arguments.ropewalk.resolve()), "audit"]
    stale = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, of, folder in runs(pathlib.Path(scratch)):
            for ending, flags in ((".txt", []), (".json", ["--json"])):
                said = subprocess.run(
                    command + of + flags, cwd=folder, check=True, capture_output=True
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
