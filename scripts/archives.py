"""Archives of packages for scripts/corpora and scripts/models: found or downloaded, and read."""

import contextlib
import gzip
import pathlib
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib

# Debian's own Python comes without pip; the one that scripts/setup made has it.
OURS = pathlib.Path(__file__).resolve().parent.parent / ".venv" / "bin" / "python"

# What readers throw of an archive that is cut or damaged.
DAMAGE = (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, struct.error)


class ArchiveError(Exception):
    pass


def pip_download(requirement, *options):
    """The command that downloads one package of PyPI without its dependencies, into where it is run."""
    python = str(OURS) if OURS.exists() else sys.executable
    return [python, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check",
            *options, requirement]  # fmt: skip


def run(command, cwd, next_step=""):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        cause = f"{' '.join(command)} failed in {cwd}:\n{done.stderr.strip()}"
        raise ArchiveError(cause + (f"; {next_step}" if next_step else ""))


def find(folder, pattern, download, next_step=None):
    """The one archive in `folder` that matches; where there is none, what the command `download` puts there."""
    by_hand = f"get {pattern} by hand and name its folder with --packages"
    folder.mkdir(parents=True, exist_ok=True)
    found = sorted(folder.glob(pattern))
    if not found:
        run(download, folder, next_step or by_hand)
        found = sorted(folder.glob(pattern))
    if not found:
        raise ArchiveError(f"{folder}: nothing known after `{' '.join(download)}`; {by_hand}")
    return found[-1]


@contextlib.contextmanager
def reading(archive, script):
    """Names the archive and the way out, whatever its readers throw of one that is cut or is another."""
    try:
        yield
    except (ArchiveError, *DAMAGE) as error:
        raise ArchiveError(f"{archive}: cannot be read: {error}; delete it and run {script} again") from None
