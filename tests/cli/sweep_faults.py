"""What a sweep says and keeps when the machine or the model lets it down."""

import ctypes
import fcntl
import json
import os
import pathlib
import pty
import re
import resource
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unittest

from tiny_sweep import (ROPEWALK, command, lines, make_experiment, make_model, sorted_rows, stopped_sweep,
                        summary, sweep)

BEGIN = '"event":"begin"'  # of starts.jsonl
PASSKEY = {"type": "passkey", "protocol": "landmark", "trials": 2, "depths": 1}


def without_file_privileges():
    """A root user writes into read-only folders: give that up before the program starts."""
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    drop_from_bounding_set, dac_override, dac_read_search = 24, 1, 2
    for capability in (dac_override, dac_read_search):
        if libc.prctl(drop_from_bounding_set, capability, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


def no_file_above(size):
    """For a process that is to start: a disk that takes no more than `size` bytes of a file."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return limit


def peak_address_space(arguments):
    """Largest address space of a process, in bytes."""
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        try:
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            break
        for kibibytes in re.findall(r"VmPeak:\s+(\d+) kB", status):
            peak = max(peak, 1024 * int(kibibytes))
        time.sleep(0.002)
    assert process.wait() == 0
    return peak


class SweepFaults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        make_model(cls.folder / "model")

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def out(self):
        return self.folder / f"{self.id().rsplit('.', 1)[1]}.run"

    def experiment(self, **changes):
        return make_experiment(self.folder, self.id().rsplit(".", 1)[1], **changes)

    def small_experiment(self, **changes):
        return self.experiment(**{"evals": [PASSKEY], "lengths": [512], "methods": {"plain": []},
                                  **changes})

    def statuses(self, out):
        return {row["length"]: row["status"] for row in lines(out, "rows.jsonl")}

    def test_out_of_memory_at_the_longest_length_is_a_row_and_the_sweep_goes_on(self):
        long = 131072
        experiment = self.small_experiment(
            lengths=[512, long], methods={"plain": [], "yarn": [{"type": "yarn", "factor": 4}]})
        limit = peak_address_space(
            command(experiment, self.folder / "measured.run", "--only", "length=512", "--threads",
                    "1")) + (24 << 20)
        ended = sweep(experiment, self.out(), "--threads", "1",
                      preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
        self.assertEqual(ended.returncode, 3, ended.stderr)
        self.assertIn("4 failed or out of memory", ended.stderr)
        rows = lines(self.out(), "rows.jsonl")
        self.assertEqual(sorted((row["method"], row["length"], row["status"]) for row in rows),
                         sorted(2 * [(method, length, status) for method in ("plain", "yarn")
                                     for length, status in ((512, "ok"), (long, "out_of_memory"))]))
        self.assertIn(b"out_of_memory", summary(self.out())["stdout"])

    def test_weights_that_are_not_finite_diverge_and_are_a_result(self):
        file = self.folder / "model" / "model.safetensors"
        healthy = file.read_bytes()
        length = struct.unpack("<Q", healthy[:8])[0]
        begin, end = json.loads(healthy[8:8 + length])["model.norm.weight"]["data_offsets"]
        broken = bytearray(healthy)
        broken[8 + length + begin:8 + length + end] = struct.pack("<f", float("nan")) * (
            (end - begin) // 4)
        try:
            file.write_bytes(broken)
            ended = sweep(self.experiment(), self.out())
        finally:
            file.write_bytes(healthy)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        rows = lines(self.out(), "rows.jsonl")
        self.assertRegex(ended.stderr, rf"{len(rows)} diverged")
        self.assertEqual({row["status"] for row in rows}, {"diverged"})
        self.assertEqual({row["reason"] for row in rows}, {"a score is not finite"})
        table = summary(self.out())
        self.assertIn(b"diverged", table["stdout"])
        self.assertNotIn(b"nan", table["summary.csv"].lower())

    def test_a_wall_clock_that_runs_backwards_changes_nothing(self):
        experiment = self.experiment()
        whole = self.folder / "clock-whole.run"
        self.assertEqual(sweep(experiment, whole).returncode, 0)
        self.assertEqual(sweep(experiment, self.out(), "--only", "length=512").returncode, 0)
        ended = sweep(experiment, self.out(), "--max-minutes", "10",
                      env={**os.environ, "LD_PRELOAD": os.environ["ROPEWALK_BACKWARD_CLOCK"]})
        self.assertEqual(ended.returncode, 0, ended.stderr)
        manifest = json.loads((self.out() / "manifest.json").read_text())
        first, second = [process["started"] for process in manifest["provenance"]]
        self.assertLess(second, first, "the clock did not run backwards")
        self.assertEqual(sorted_rows(self.out()), sorted_rows(whole))
        self.assertEqual(summary(self.out()), summary(whole))

    def test_a_sweep_whose_minutes_are_over_stops_and_goes_on_without_a_limit(self):
        experiment = self.small_experiment(lengths=[512, 16384])
        stopped = sweep(experiment, self.out(), "--max-minutes", "0.0001")
        self.assertEqual(stopped.returncode, 4, stopped.stderr)
        self.assertIn("stopped before the end; the same command goes on from here", stopped.stderr)
        kept = set(sorted_rows(self.out()))
        ended = sweep(experiment, self.out())
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertLess(kept, set(sorted_rows(self.out())))  # a part of them

    def die_after(self, experiment, text, times=1, *more):
        """Kills a sweep that has just written `text` for the `times`-th time; the group in work."""
        process = stopped_sweep(experiment, self.out(), *more, after=text, times=times)
        process.kill()
        process.communicate()
        return lines(self.out(), "starts.jsonl")[-1]["group"]

    def test_a_group_in_which_the_process_died_twice_is_given_up(self):
        experiment = self.small_experiment(evals=[{**PASSKEY, "trials": 1}], lengths=[512, 16384])
        group = self.die_after(experiment, BEGIN, times=2)  # the second is that of 16,384 tokens
        self.assertEqual(self.die_after(experiment, f'{BEGIN},"group":"{group}"'), group)
        ended = sweep(experiment, self.out())
        self.assertEqual(ended.returncode, 3, ended.stderr)
        rows = lines(self.out(), "rows.jsonl")
        self.assertEqual(
            [(row["length"], row["status"], row.get("reason")) for row in rows],
            [(512, "ok", None), (16384, "failed", "the process died 2 times in this group, "
                                                  "perhaps out of memory")])
        again = sweep(experiment, self.out(), "--retry")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(lines(self.out(), "rows.jsonl")[-1]["status"], "ok")

    def test_trials_among_which_the_process_died_are_asked_one_by_one(self):
        experiment = self.small_experiment(lengths=[16384])
        together = self.die_after(experiment, BEGIN)
        ended = sweep(experiment, self.out())
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual([row["status"] for row in lines(self.out(), "rows.jsonl")], ["ok", "ok"])
        begun = [line["group"] for line in lines(self.out(), "starts.jsonl")
                 if line["event"] == "begin"]
        self.assertEqual(len(set(begun)), 3)
        self.assertEqual(begun.count(together), 1)

    def test_a_forward_that_was_killed_goes_on_at_the_layer_that_was_saved(self):
        experiment = self.small_experiment(evals=[{**PASSKEY, "trials": 1}], lengths=[16384])
        whole = self.folder / "saved-whole.run"
        self.assertEqual(sweep(experiment, whole).returncode, 0)
        self.die_after(experiment, '"event":"saved"', 1, "--snapshot-minutes", "0")
        [state] = (self.out() / "snapshots").glob("*/*.state")
        self.assertIn("-1-", state.name)
        self.assertEqual(sweep(experiment, self.out()).returncode, 0)
        self.assertEqual(sorted_rows(self.out()), sorted_rows(whole))
        self.assertEqual(list((self.out() / "snapshots").iterdir()), [])
        [all_tokens, tokens_left] = [lines(out, "timings.jsonl")[0]["tokens"]
                                     for out in (whole, self.out())]
        self.assertLess(tokens_left, all_tokens)

    def test_a_full_disk_stops_the_sweep_and_loses_nothing(self):
        experiment = self.experiment()
        whole = self.folder / "disk-whole.run"
        self.assertEqual(sweep(experiment, whole).returncode, 0)

        ended = sweep(experiment, self.out(), preexec_fn=no_file_above(20000))
        self.assertEqual(ended.returncode, 5, ended.stderr)
        self.assertIn("free some space and run the same command again", ended.stderr)
        self.assertEqual(sweep(experiment, self.out()).returncode, 0)
        self.assertEqual(sorted_rows(self.out()), sorted_rows(whole))

    def test_a_state_that_does_not_fit_on_the_disk_is_told_once_and_costs_no_row(self):
        experiment = self.small_experiment(lengths=[1024, 2048])
        whole = self.folder / "state-whole.run"
        self.assertEqual(sweep(experiment, whole).returncode, 0)
        no_room = no_file_above(100000)  # a state of 1,024 tokens has 131,072 bytes
        ended = sweep(experiment, self.out(), "--snapshot-minutes", "0", preexec_fn=no_room)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        warnings = [line for line in ended.stderr.splitlines() if line.startswith("warning: ")]
        self.assertEqual(len(warnings), 1, ended.stderr)
        self.assertIn("bytes is not saved: cannot write: File too large; the sweep goes on",
                      warnings[0])
        self.assertEqual(sorted_rows(self.out()), sorted_rows(whole))
        self.assertEqual(list((self.out() / "snapshots").iterdir()), [])

        log = self.on_a_terminal(80, [*command(experiment, f"{self.out()}.drawn"),
                                      "--snapshot-minutes", "0"], preexec_fn=no_room)
        self.assertRegex(log, "\r\033\\[Kwarning: [^\r\n]* anew\r\n\r\033\\[K\\[")

    def test_a_read_only_folder_is_an_io_error_that_names_it(self):
        experiment = self.small_experiment()
        parent = self.folder / "read-only"
        parent.mkdir()
        parent.chmod(0o555)
        ended = sweep(experiment, parent / "run", preexec_fn=without_file_privileges)
        self.assertEqual(ended.returncode, 5, ended.stderr)
        self.assertIn(f"{parent}/run: cannot create the folder: Permission denied", ended.stderr)

        self.assertEqual(sweep(experiment, self.out()).returncode, 0)
        before = sorted_rows(self.out())
        self.out().chmod(0o555)
        ended = sweep(experiment, self.out(), preexec_fn=without_file_privileges)
        self.out().chmod(0o755)
        self.assertEqual(ended.returncode, 5, ended.stderr)
        self.assertIn("Permission denied", ended.stderr)
        self.assertEqual(sorted_rows(self.out()), before)

    def test_a_run_to_take_answers_from_that_is_none_leaves_nothing_behind(self):
        ended = sweep(self.small_experiment(), self.out(), "--from", self.folder)
        self.assertEqual(ended.returncode, 2, ended.stderr)
        self.assertIn(f"{self.folder}: is no run directory", ended.stderr)
        self.assertFalse(self.out().exists())

    def test_a_log_that_cannot_be_written_fails_no_cell(self):
        experiment = self.small_experiment()
        with open("/dev/full", "w") as full:
            ended = subprocess.run(command(experiment, self.out()), stderr=full)
        self.assertEqual(ended.returncode, 0)
        self.assertEqual(self.statuses(self.out()), {512: "ok"})

    def test_an_answer_that_cannot_be_written_is_an_io_error(self):
        with open("/dev/full", "w") as full:
            ended = subprocess.run([ROPEWALK, "list"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(ended.returncode, 5)
        self.assertEqual(ended.stderr, "ropewalk: standard output: cannot write: "
                                       "No space left on device; free some space and run again\n")

    def test_the_end_of_its_terminal_stops_the_sweep_cleanly(self):
        process = stopped_sweep(self.experiment(), self.out(), after=BEGIN)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGCONT)
        _, told = process.communicate()
        self.assertEqual(process.returncode, 4, told)
        self.assertIn("the same command goes on from here", told)

    def test_a_terminal_gets_lines_that_fit(self):
        log = self.on_a_terminal(40, command(self.small_experiment(), self.out()))
        drawn = [line for line in log.split("\r\033[K") if line.startswith("[")]
        self.assertGreater(len(drawn), 0, log)
        for line in drawn:
            self.assertLess(len(line.split("\r")[0]), 40, log)

    def on_a_terminal(self, columns, arguments, **options):
        """What a command writes to a terminal of that width; it must succeed."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen(arguments, stderr=theirs, **options)
        os.close(theirs)
        log = b""
        while chunk := self.read_terminal(ours):
            log += chunk
        os.close(ours)
        self.assertEqual(process.wait(), 0, log)
        return log.decode()

    @staticmethod
    def read_terminal(descriptor):
        try:
            return os.read(descriptor, 4096)
        except OSError:  # EIO: nobody writes there any more
            return b""

    def test_names_that_are_not_utf_8_stand_escaped_in_the_manifest(self):
        out = os.fsencode(self.folder) + b"/caf\xe9.run"
        ended = subprocess.run([*command(self.small_experiment(), "")[:-1], out], capture_output=True)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        manifest = json.loads(pathlib.Path(os.fsdecode(out), "manifest.json").read_text())
        self.assertIn("caf\\xe9.run", manifest["provenance"][0]["arguments"][-1])

    def test_another_bos_is_another_run(self):
        experiment = self.small_experiment()
        self.assertEqual(sweep(experiment, self.out()).returncode, 0)
        config = self.folder / "model" / "tokenizer_config.json"
        before = config.read_text()
        try:
            config.write_text(json.dumps({"add_bos_token": False}))
            resumed = sweep(experiment, self.out())
            other = self.small_experiment(seed=1, tau=0.8)
            taken = sweep(other, f"{self.out()}.other", "--from", self.out())
        finally:
            config.write_text(before)
        self.assertEqual(resumed.returncode, 2, resumed.stderr)
        self.assertIn("/identity/bos: the directory holds results for 1, this run has null",
                      resumed.stderr)
        self.assertEqual(taken.returncode, 2, taken.stderr)
        self.assertIn("/identity/bos: is 1, in this experiment null", taken.stderr)

    def test_a_file_where_the_folder_should_be_is_an_io_error(self):
        (self.folder / "file").write_text("in the way")
        ended = sweep(self.small_experiment(), self.folder / "file" / "run")
        self.assertEqual(ended.returncode, 5, ended.stderr)
        self.assertIn("cannot create the folder", ended.stderr)


if __name__ == "__main__":
    unittest.main()
