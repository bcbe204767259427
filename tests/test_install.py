"""What people install is complete: the wheel works in an environment that does not know the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from rhm_sweeps.version import __version__

ROOT = Path(__file__).parents[1]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "rhm_sweeps", "cli", "search_spaces")

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Installed:
    """A wheel, the environment that it is installed in, and a folder far from the repository to work in."""

    wheel: Path
    environment: Path
    elsewhere: Path

    def run(self, program: str, *arguments: str) -> str:
        """Run a program of the environment and return its stdout."""
        return run(self.environment / "bin" / program, *arguments, folder=self.elsewhere).strip()


def run(*command: str | Path, folder: Path) -> str:
    """Run a command without Python settings from outside and return its stdout."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def build_wheel(folder: Path) -> Path:
    """Build from a copy: a build in the repository leaves files there, and takes in those that an older one left."""
    source = folder / "source"
    source.mkdir()
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source, folder=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


def make_environment(wheel: Path, folder: Path) -> Path:
    """Install the wheel alone; third-party packages come from here.

    A `.pth` file is read in the environment's own site-packages only, so the editable install here stays unseen there.
    """
    environment = folder / "environment"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, folder=folder)
    (site_packages,) = environment.glob("lib/python*/site-packages")
    (site_packages / "third_party.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return environment


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("install")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    wheel = build_wheel(folder)
    return Installed(wheel, make_environment(wheel, folder), elsewhere)


def test_the_package_comes_from_the_wheel(installed: Installed) -> None:
    code = "import rhm_sweeps, rhm_sweeps.cli, rhm_sweeps.search_spaces as s; print(rhm_sweeps.__file__, s.__file__)"
    for place in installed.run("python", "-c", code).split():
        assert Path(place).is_relative_to(installed.environment)


def test_only_one_name_is_taken(installed: Installed) -> None:
    """`cli` and `search_spaces` live inside the package, so that they hide nobody else's."""
    names = zipfile.ZipFile(installed.wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"rhm_sweeps"}


def test_every_source_file_is_in_the_wheel(installed: Installed) -> None:
    """Finds a package that is not listed in pyproject.toml, and a data file that no pattern there matches."""
    packed = {name for name in zipfile.ZipFile(installed.wheel).namelist() if name.startswith("rhm_sweeps/")}
    folders = (("rhm_sweeps", "rhm_sweeps"), ("cli", "rhm_sweeps/cli"), ("search_spaces", "rhm_sweeps/search_spaces"))
    expected = {
        f"{target}/{path.relative_to(ROOT / folder)}"
        for folder, target in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert expected == packed


@pytest.mark.parametrize("command", [("rhm-sweep",), ("python", "-m", "rhm_sweeps")])
def test_version(installed: Installed, command: tuple[str, ...]) -> None:
    assert installed.run(*command, "--version") == f"rhm-sweep {__version__}"


def test_the_shipped_search_spaces_are_found(installed: Installed) -> None:
    listed = installed.run("rhm-sweep", "spaces", "list")
    for path in (ROOT / "search_spaces").glob("*.yaml"):
        assert path.stem in listed
