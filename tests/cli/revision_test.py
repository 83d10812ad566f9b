"""The header that names the git revision of a build says what git says, and is written only when that changes."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "harness/cli/revision.cmake"


class Revision(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.source, self.header = self.root / "source", self.root / "build" / "revision.h"
        self.source.mkdir()

    def git(self, *arguments):
        # Neither the user's configuration nor a repository around the temporary folder takes part.
        settings = {"HOME": str(self.root), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CEILING_DIRECTORIES": str(self.root.parent)}
        done = subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", self.source, *arguments],
            env=os.environ | settings, check=True, capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout.strip()

    def commit(self, text):
        (self.source / "file").write_text(text)
        self.git("add", "file")
        self.git("commit", "-q", "-m", text)
        return self.git("rev-parse", "HEAD")[:12]

    def revision(self, source=None):
        command = ["cmake", "-D", f"SOURCE={source or self.source}", "-D", f"HEADER={self.header}", "-P", SCRIPT]
        subprocess.run(command, check=True, capture_output=True)
        return re.search(r'git_revision = "(.*)";', self.header.read_text())[1]

    def test_is_that_of_the_last_commit_whatever_its_tags(self):
        self.git("init", "-q")
        first = self.commit("one")
        self.git("tag", "v1")
        self.assertEqual(self.revision(), first)
        self.assertEqual(self.revision(), first)
        self.assertNotEqual(self.commit("two"), first)
        self.assertNotEqual(self.revision(), first)

    def test_says_when_tracked_files_have_changed(self):
        self.git("init", "-q")
        committed = self.commit("one")
        (self.source / "untracked").touch()
        self.assertEqual(self.revision(), committed)
        (self.source / "file").write_text("two")
        self.assertEqual(self.revision(), committed + "-dirty")

    def test_is_unknown_outside_a_checkout(self):
        self.assertEqual(self.revision(), "unknown")

    def test_is_unknown_before_the_first_commit(self):
        self.git("init", "-q")
        self.assertEqual(self.revision(), "unknown")

    def test_is_not_that_of_a_repository_around_it(self):
        self.git("init", "-q")
        self.commit("one")
        inside = self.source / "unpacked"
        inside.mkdir()
        self.assertEqual(self.revision(inside), "unknown")

    def test_leaves_an_unchanged_header_alone(self):
        self.git("init", "-q")
        self.commit("one")
        self.revision()
        os.utime(self.header, (1, 1))
        self.revision()
        self.assertEqual(self.header.stat().st_mtime, 1)
        self.commit("two")
        self.revision()
        self.assertNotEqual(self.header.stat().st_mtime, 1)


if __name__ == "__main__":
    unittest.main()
