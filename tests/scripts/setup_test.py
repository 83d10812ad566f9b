"""scripts/setup on machines that lack one thing or another, played by stand-ins for apt-get, dpkg,
sudo and Python that write down what they were asked to do."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LISTS = sorted((ROOT / "scripts").glob("*.txt"))
PLAIN_TOOLS = ["bash", "cat", "cut", "dirname", "env", "grep", "mkdir", "cp", "rm", "sed", "sha256sum"]
TORCH = "torch==2.13.0+cpu"
CPU_INDEX = "--extra-index-url https://download.pytorch.org/whl/cpu"

STAND_INS = {
    "id": "cat $MACHINE/user",
    # -W -f=FORMAT PACKAGE: once for every line of `packages` that is PACKAGE, with no newline but the format's.
    "dpkg-query": """
        field='${db:Status-Status}' found=1
        while read -r package; do
          if [ "$package" = "$3" ]; then found=0; printf "${2#-f=}" | sed "s/$field/installed/"; fi
        done <$MACHINE/packages
        exit $found""",
    "apt-get": """
        echo "apt-get $*" >>$MACHINE/log
        [ "$1" = install ] || exit 0
        for word; do case $word in -* | install | $ABSENT) ;; *) echo "$word" >>$MACHINE/packages ;; esac; done
        case " $* " in *" $ABSENT "*) exit 100 ;; esac""",
    "python3.11": """
        all="$*"
        case "$all" in
          "-m venv --clear .venv") echo venv >>$MACHINE/log; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
          "-m pip install"*)
            echo "pip ${all##*--disable-pip-version-check }" >>$MACHINE/log
            case "$all" in *$PIP_FAILS) echo 'no such distribution' >&2; exit 1 ;; esac ;;
        esac""",
    "sudo": 'echo "sudo $*" >>$MACHINE/log; exec "$@"',
}


class Setup(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.machine = pathlib.Path(temporary.name)
        self.clone = self.machine / "clone"
        self.bin = self.machine / "bin"
        self.bin.mkdir()
        for tool in PLAIN_TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool))
        for name, script in STAND_INS.items():
            if name != "sudo":
                self.stand_in(name, script)
        (self.machine / "user").write_text("0\n")
        (self.machine / "packages").write_text("")
        (self.clone / "scripts").mkdir(parents=True)
        for path in [ROOT / "scripts/setup", *LISTS]:
            shutil.copy(path, self.clone / "scripts")

    def stand_in(self, name, script):
        (self.bin / name).write_text(f"#!{shutil.which('bash')}\n{script}\n")
        (self.bin / name).chmod(0o755)

    def install_all_debian_packages(self):
        (self.machine / "packages").write_text("\n".join(p.read_text() for p in LISTS if "debian" in p.name))

    def run_setup(self, *arguments, **environment):
        """(exit status, what it printed, what the stand-ins were asked to do)"""
        (self.machine / "log").write_text("")
        run = subprocess.run(
            [self.clone / "scripts/setup", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={"PATH": str(self.bin), "MACHINE": str(self.machine), "ABSENT": "-", "PIP_FAILS": "-", **environment},
        )  # fmt: skip
        return run.returncode, run.stdout, (self.machine / "log").read_text().splitlines()

    def test_installs_what_the_build_needs_and_no_more(self):
        status, output, log = self.run_setup()
        self.assertEqual(status, 0, output)
        self.assertEqual(log[0], "apt-get update -qq")
        self.assertIn(" cmake ", log[1])
        self.assertNotIn("libgtest-dev", log[1])
        self.assertEqual(
            log[2:], ["venv", "pip -r scripts/requirements-torch.txt", "pip -r scripts/requirements.txt"]
        )

    def test_with_tests_installs_what_the_tests_need_too(self):
        status, output, log = self.run_setup("--tests")
        self.assertEqual(status, 0, output)
        self.assertIn(" libgtest-dev ", log[1])
        self.assertEqual(log[-1], "pip -r scripts/requirements-tests.txt")

    def test_installs_nothing_the_second_time(self):
        self.run_setup("--tests")
        self.assertEqual(self.run_setup("--tests")[::2], (0, []))

    def test_installs_only_the_missing_package(self):
        self.install_all_debian_packages()
        packages = self.machine / "packages"
        packages.write_text(packages.read_text().replace("ninja-build\n", ""))
        log = self.run_setup()[2]
        self.assertEqual(log[1], "apt-get install -y -qq --no-install-recommends ninja-build")

    def test_a_library_of_two_architectures_is_installed(self):
        self.install_all_debian_packages()
        with (self.machine / "packages").open("a") as packages:
            packages.write("libssl-dev\n")
        status, output, log = self.run_setup("--tests")
        self.assertEqual(status, 0, output)
        self.assertIn("setup: Debian packages: all there\n", output)
        self.assertNotIn("apt-get", "\n".join(log))

    def test_installs_again_when_a_pin_changes(self):
        self.run_setup()
        with (self.clone / "scripts/requirements.txt").open("a") as requirements:
            requirements.write("another==1.0\n")
        self.assertEqual(
            self.run_setup()[2], ["pip -r scripts/requirements-torch.txt", "pip -r scripts/requirements.txt"]
        )

    def test_uses_sudo_when_not_root(self):
        (self.machine / "user").write_text("1000\n")
        self.stand_in("sudo", STAND_INS["sudo"])
        status, output, log = self.run_setup()
        self.assertEqual(status, 0, output)
        self.assertEqual(log[0], "sudo apt-get update -qq")

    def test_prints_the_command_when_neither_root_nor_sudo(self):
        self.install_all_debian_packages()
        packages = self.machine / "packages"
        packages.write_text(packages.read_text().replace("ccache\n", "").replace("g++\n", ""))
        (self.machine / "user").write_text("1000\n")
        status, output, log = self.run_setup()
        self.assertEqual((status, log), (1, []))
        self.assertIn("as root run: apt-get install -y --no-install-recommends ccache g++\n", output)

    def test_names_the_package_that_apt_cannot_install(self):
        self.install_all_debian_packages()
        packages = self.machine / "packages"
        packages.write_text(packages.read_text().replace("libeigen3-dev\n", ""))
        status, output, _ = self.run_setup(ABSENT="libeigen3-dev")
        self.assertEqual(status, 1)
        self.assertIn("setup: error: apt-get could not install: libeigen3-dev\n", output)

    def test_says_that_this_is_not_debian(self):
        (self.bin / "dpkg-query").unlink()
        status, output, _ = self.run_setup()
        self.assertEqual(status, 1)
        self.assertIn("not a Debian system", output)

    def test_asks_for_the_cpu_wheel_at_its_own_index_when_it_is_not_offered(self):
        status, output, log = self.run_setup(PIP_FAILS="check -r scripts/requirements-torch.txt")
        self.assertEqual(status, 0, output)
        self.assertIn(f"pip {CPU_INDEX} -r scripts/requirements-torch.txt", log)

    def test_names_what_pip_cannot_install(self):
        status, output, _ = self.run_setup(PIP_FAILS="-r scripts/requirements-torch.txt")
        self.assertEqual(status, 1)
        self.assertIn(f"no such distribution\nsetup: error: pip could not install {TORCH}", output)
        status, output, _ = self.run_setup(PIP_FAILS="-r scripts/requirements.txt")
        self.assertEqual(status, 1)
        self.assertIn("setup: error: pip could not install scripts/requirements.txt\n", output)

    def test_makes_the_environment_with_the_python_that_is_named(self):
        named = self.machine / "my python/bin/python3"
        named.parent.mkdir(parents=True)
        (self.bin / "python3.11").rename(named)
        status, output, log = self.run_setup(PYTHON=str(named))
        self.assertEqual(status, 0, output)
        self.assertIn("venv", log)

    def test_names_the_pythons_that_will_not_do(self):
        (self.bin / "python3.11").unlink()
        for named, tried in (({}, "python3.11 python3"), ({"PYTHON": "/no python"}, "/no python")):
            status, output, _ = self.run_setup(**named)
            self.assertEqual(status, 1)
            self.assertIn(f"setup: error: no Python >= 3.11 with venv among: {tried}\n", output)

    def test_finishes_what_an_interrupted_run_left(self):
        self.run_setup(PIP_FAILS="-r scripts/requirements.txt")
        status, _, log = self.run_setup()
        self.assertEqual((status, log[-1]), (0, "pip -r scripts/requirements.txt"))

    def test_uses_the_libtorch_that_the_environment_names(self):
        config = self.machine / "libtorch/share/cmake/Torch"
        config.mkdir(parents=True)
        (config / "TorchConfig.cmake").write_text("")
        for named in (
            {"Torch_DIR": str(config)},
            {"CMAKE_PREFIX_PATH": f"/nowhere:{self.machine}/libtorch"},
            {"CMAKE_PREFIX_PATH": f"{self.machine}/libtorch/share/cmake"},
        ):
            shutil.rmtree(self.clone / ".venv", ignore_errors=True)
            status, output, log = self.run_setup(**named)
            self.assertEqual(status, 0, output)
            self.assertIn(f"setup: LibTorch: {config}\n", output)
            self.assertNotIn("pip -r scripts/requirements-torch.txt", log)

    def test_names_the_folder_that_has_no_libtorch(self):
        status, output, log = self.run_setup(Torch_DIR="/nowhere")
        self.assertEqual((status, log), (1, []))
        self.assertEqual(output, "setup: error: Torch_DIR=/nowhere has no TorchConfig.cmake\n")

    def test_refuses_an_option_that_it_does_not_know(self):
        status, output, log = self.run_setup("--test")
        self.assertEqual((status, log), (2, []))
        self.assertIn("usage: scripts/setup [--tests]", output)


class Lists(unittest.TestCase):
    def test_pin_every_python_package_exactly(self):
        for path in LISTS:
            if path.name.startswith("requirements"):
                for line in path.read_text().splitlines():
                    if line and not line.startswith("#"):
                        self.assertRegex(line, re.compile(r"^[\w-]+==[\w.+]+$"), path.name)

    def test_take_no_cuda_build(self):
        self.assertIn(TORCH, (ROOT / "scripts/requirements-torch.txt").read_text().splitlines())


if __name__ == "__main__":
    unittest.main()
