#!/usr/bin/env python3
"""Golden audit reports: what `ropewalk audit` says of every checkpoint in configs/checkpoints, and of
two of them as GGUF files.

    make_audit_goldens.py ROPEWALK               writes tests/goldens/audit
    make_audit_goldens.py ROPEWALK --check       asks again and compares byte for byte
    make_audit_goldens.py ROPEWALK --out DIR     writes (or, with --check, compares) DIR instead

Read the difference before you commit it: these reports are the product.
"""

import pathlib
import subprocess
import sys
import tempfile

from goldens import files

sys.path.insert(0, str(files.ROOT / "tests" / "cli"))
import sparse_gguf  # noqa: E402

# File -> checkpoint, types of the matrices and of the embedding, pre-tokenizer.
GGUF = {
    "smollm2-135m.gguf": ("smollm2-135m", "Q4_1", "Q8_0", "smollm"),
    "llama-3.1-8b.gguf": ("llama-3.1-8b", "Q4_K", "Q6_K", "llama-bpe"),
}


def runs(scratch):
    """Golden's name, arguments, and the folder in which they are given."""
    for folder in sorted((files.ROOT / "configs" / "checkpoints").iterdir()):
        yield folder.name, [f"configs/checkpoints/{folder.name}"], files.ROOT
    case = ["configs/checkpoints/yi-34b-2023-11", "configs/checkpoints/llama-2-7b"]
    yield "yi-34b-2023-11-against-llama-2-7b", case, files.ROOT
    yield "yi-34b-2023-11-against-llama-2-7b-claims-200000", [*case, "--claims", "200000"], files.ROOT
    for name, made_of in GGUF.items():
        sparse_gguf.write(scratch / name, *made_of)
        yield name, [name], scratch


def documents(ropewalk):
    texts = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, of, folder in runs(pathlib.Path(scratch)):
            for ending, flags in ((".txt", []), (".json", ["--json"])):
                command = [str(ropewalk.resolve()), "audit", *of, *flags]
                said = subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout
                texts[name + ending] = said.decode("utf-8")
    return texts


def main(arguments=None):
    parser, _ = files.command_line(sys.modules[__name__], files.FOLDER / "audit")
    parser.add_argument("ropewalk", type=pathlib.Path, metavar="ROPEWALK")
    options = parser.parse_args(arguments)
    return files.write_or_check(options, documents(options.ropewalk))


if __name__ == "__main__":
    sys.exit(main())
