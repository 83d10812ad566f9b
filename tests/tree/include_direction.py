"""Dependencies point one way: which layer may include which, directly or through others.

    include_direction.py [ROOT]    lists every include that breaks the order; exits 1 if there is one
"""

import pathlib
import re
import sys

# Folder -> the layers whose headers it may reach. The first folder that matches a path is its layer.
LAYERS = {
    "harness/base": [],
    "scalings": ["harness/base"],
    "evals": ["harness/base"],
    "harness/checkpoint": ["harness/base", "scalings", "evals"],
    # Trains on the prompts of the protocols, so it stands above the model and sees all of evals.
    "harness/model/training": [
        "harness/base", "scalings", "evals", "harness/checkpoint", "harness/model",
        "harness/model/kernels",
    ],
    "harness/model/kernels": ["scalings", "evals"],
    "harness/model": [
        "harness/base", "scalings", "evals", "harness/checkpoint", "harness/model/kernels",
    ],
    "harness/sweep": ["harness/base", "scalings", "evals", "harness/checkpoint", "harness/model"],
    "harness/cli": [
        "harness/base", "scalings", "evals", "harness/checkpoint", "harness/model",
        "harness/model/kernels", "harness/model/training", "harness/sweep",
    ],
}  # fmt: skip

# What is asked and answered, as plain data. The layers below sweep see no more of evals than this:
# protocols and statistics are none of their business.
EVALS_DATA = {
    "evals/document.h", "evals/language_model.h", "evals/snapshots.h", "evals/tokenizer.h",
}
SEES_ONLY_EVALS_DATA = {"harness/checkpoint", "harness/model", "harness/model/kernels"}

TORCH = re.compile(r"^(torch|ATen|c10|caffe2)/")
SEES_TORCH = {
    "harness/model", "harness/model/kernels", "harness/model/training", "harness/sweep",
    "harness/cli",
}  # fmt: skip

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def layer_of(path):
    return next((layer for layer in LAYERS if path.startswith(layer + "/")), None)


def includes_by_file(root):
    """Path -> the names it includes, for every source of the layers, relative to the root."""
    files = {}
    for layer in LAYERS:
        for path in sorted((root / layer).rglob("*")):
            if path.suffix in {".h", ".cpp"}:
                text = path.read_text(encoding="utf-8")
                files[path.relative_to(root).as_posix()] = INCLUDE.findall(text)
    return files


def reached(start, files):
    """Every name that `start` includes, at any depth, with the chain of files that leads to it."""
    chains = {}
    queue = [(name, [start, name]) for name in files[start]]
    while queue:
        name, chain = queue.pop(0)
        if name not in chains:
            chains[name] = chain
            queue += [(further, chain + [further]) for further in files.get(name, [])]
    return chains


def forbidden(layer, name):
    """Why a file of `layer` may not reach `name`; None where it may."""
    if TORCH.match(name):
        return None if layer in SEES_TORCH else f"{layer} knows no Torch"
    other = layer_of(name)
    if other is None or other == layer:
        return None
    if other not in LAYERS[layer]:
        return f"{layer} does not see {other}"
    if other == "evals" and layer in SEES_ONLY_EVALS_DATA and name not in EVALS_DATA:
        return f"{layer} sees only the plain data of evals"
    return None


def violations(root):
    files = includes_by_file(root)
    found = []
    for path, names in files.items():
        for name in names:
            if name not in files and (root / path).parent.joinpath(name).exists():
                found.append(f"{path}: {name}: write the path from the root of the repository")
        for name, chain in reached(path, files).items():
            reason = forbidden(layer_of(path), name)
            if reason:
                found.append(f"{' -> '.join(chain)}: {reason}")
    return found


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    if not includes_by_file(root):
        sys.exit(f"{root}: no sources of any layer here")
    found = violations(root)
    sys.stdout.writelines(violation + "\n" for violation in found)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
