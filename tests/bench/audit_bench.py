"""Time and memory of `ropewalk audit` on a sharded checkpoint of 138 GB (sparse: headers only).

usage: audit_bench.py ROPEWALK [RUNS]

Prints the seconds of every run and the peak resident memory above that of `ropewalk --version`.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
import sparse_checkpoint  # noqa: E402


def measured(*command):
    """(seconds, peak resident bytes)"""
    begin = time.monotonic()
    child = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{command}: exit status {child.returncode}")
    return time.monotonic() - begin, usage.ru_maxrss * 1024


def main():
    ropewalk, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        total = sparse_checkpoint.write(pathlib.Path(folder))
        _, base = measured(ropewalk, "--version")
        for command in (["audit", folder], ["audit", folder, "--json"], ["audit", folder, folder]):
            times, peaks = zip(*(measured(ropewalk, *command) for _ in range(runs)))
            print(
                f"{' '.join(command).replace(folder, 'DIR'):<18} {total / 1e9:.0f} GB: "
                f"{min(times):.2f} to {max(times):.2f} s, "
                f"{(max(peaks) - base) / 1e6:.1f} MB above --version ({base / 1e6:.0f} MB)"
            )


if __name__ == "__main__":
    main()
