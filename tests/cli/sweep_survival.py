"""A sweep that is killed at random moments, stopped, split or reordered ends with the rows and the
summary of one that ran in one go.

usage: sweep_survival.py [--kills N] [--seed N]
"""

import argparse
import collections
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

from tiny_sweep import (LENGTHS, METHODS, command, lines, make_experiment, make_model, sorted_rows,
                        stopped_sweep, summary, sweep)


class Whole:
    """What a sweep that ran in one go left."""

    def __init__(self, out):
        self.cells = [row["cell"] for row in lines(out, "rows.jsonl")]
        self.rows = sorted_rows(out)
        self.summary = summary(out)

    def require_equal(self, out):
        assert sorted_rows(out) == self.rows, f"rows of {out} differ"
        assert summary(out) == self.summary, f"the summary of {out} differs"


class Journal:
    """What starts.jsonl and timings.jsonl say of the groups of a run."""

    def __init__(self, out):
        self.events = collections.Counter(
            (line["event"], line["group"]) for line in lines(out, "starts.jsonl"))
        self.durable = {line["group"] for line in lines(out, "timings.jsonl")}

    def times_past(self, group):
        """Grows whenever a process gets past the group."""
        return self.events["finished", group] + (group in self.durable)

    def died_in(self):
        """The groups that one more death would give up, by design."""
        return [group for (event, group), count in self.events.items()
                if event == "begin" and group not in self.durable
                and count > self.events["finished", group] + self.events["given up", group]]


SAVE_ALWAYS = ("--snapshot-minutes", "0")


def kill_at_random(experiment, out, longest, dice, *more):
    """Kills a sweep at any moment of its life, loading included; True when it ended before that.

    Only the group in which the life before died has to be passed first."""
    before = Journal(out)
    process = subprocess.Popen(command(experiment, out, *more), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    for group in before.died_in():
        while (process.poll() is None
               and Journal(out).times_past(group) == before.times_past(group)):
            time.sleep(0.01)
    deadline = time.monotonic() + dice.uniform(0, longest)
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    ended = process.poll() is not None
    process.kill()
    process.wait()
    return ended


def check_survives_kills(folder, experiment, whole, kills, dice):
    started = time.monotonic()
    assert sweep(experiment, folder / "timed").returncode == 0
    longest = time.monotonic() - started
    done = rounds = in_work = saved = 0
    while done < kills:
        out = folder / f"killed{rounds}"
        rounds += 1
        more = SAVE_ALWAYS if rounds % 3 == 0 else ()
        while done < kills and not kill_at_random(experiment, out, longest, dice, *more):
            done += 1
            in_work += len(Journal(out).died_in())
            saved += any((out / "snapshots").glob("*/*.state"))
        ended = sweep(experiment, out, *more)
        assert ended.returncode == 0, ended.stderr
        whole.require_equal(out)
    assert in_work > 0, "no kill met a group in work"
    print(f"survived {done} kills in {rounds} sweeps; {in_work} met a group in work, "
          f"{saved} left a saved state")


def check_threads_shards_and_order(folder, experiment, whole):
    one = folder / "one-thread"
    assert sweep(experiment, one, "--threads", "1").returncode == 0
    whole.require_equal(one)

    shards = [folder / "shard1", folder / "shard2"]
    for number, out in enumerate(shards, 1):
        assert sweep(experiment, out, "--shard", f"{number}/2").returncode == 0
    assert sorted(sum(map(sorted_rows, shards), [])) == whole.rows
    assert summary(*shards) == summary(*reversed(shards)) == whole.summary

    shuffled = folder / "shuffled"
    parts = [(method, length) for method in METHODS for length in LENGTHS]
    random.Random(3).shuffle(parts)
    for method, length in parts:
        part = f"method={method},length={length}"
        assert sweep(experiment, shuffled, "--only", part).returncode == 0
    assert [row["cell"] for row in lines(shuffled, "rows.jsonl")] != whole.cells
    whole.require_equal(shuffled)


def check_second_process_is_refused(folder, experiment):
    out = folder / "busy"
    first = stopped_sweep(experiment, out, after='"event":"begin"')
    second = sweep(experiment, out)
    first.kill()
    first.communicate()
    assert second.returncode == 2, second
    assert "another process is writing" in second.stderr, second.stderr


def check_clean_stop(folder, experiment, whole):
    out = folder / "stopped"
    process = stopped_sweep(experiment, out, after='"event":"begin"', times=20)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGCONT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 4, said
    assert "the same command goes on from here" in said, said
    finished = sum(line["event"] == "finished" for line in lines(out, "starts.jsonl"))
    assert len(lines(out, "timings.jsonl")) == finished >= 19, "documents done were not kept"
    assert not Journal(out).died_in(), "a stop counts as a death"
    assert sweep(experiment, out).returncode == 0
    whole.require_equal(out)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=20)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        make_model(folder / "model")
        experiment = make_experiment(folder)
        ended = sweep(experiment, folder / "whole", "--threads", "2")
        assert ended.returncode == 0, ended.stderr
        whole = Whole(folder / "whole")
        check_survives_kills(folder, experiment, whole, chosen.kills,
                             random.Random(chosen.seed))
        check_threads_shards_and_order(folder, experiment, whole)
        check_second_process_is_refused(folder, experiment)
        check_clean_stop(folder, experiment, whole)
    print("1 passed, 0 failed")


if __name__ == "__main__":
    sys.exit(main())
