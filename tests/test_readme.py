"""The README's commands run as they stand, in its order, and its search space is one."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


COMMANDS = [
    shlex.split(line, comments=True) for line in "".join(blocks("sh")).splitlines() if line.startswith("rhm-sweep")
]


def run(command, folder):
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "80"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=420, check=False
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_tour_runs(tmp_path):
    """Among them the whole quickstart: launch, extension, report."""
    assert len(COMMANDS) >= 10
    for command in COMMANDS:
        ended = run(command, tmp_path)
        assert ended.returncode == 0, f"{shlex.join(command)}\n{ended.stdout}\n{ended.stderr}"
    for name in ("report.html", "results.parquet", "results.csv"):
        assert (tmp_path / "results" / "quickstart" / "report" / name).stat().st_size > 1000
    (lines,) = blocks("python")
    trained = min((tmp_path / "results" / "quickstart" / "models").iterdir())
    code = f"{lines.replace('<signature>', trained.stem)}\nassert strings.shape == (100, 8)"
    ended = run([sys.executable, "-c", code], tmp_path)
    assert ended.returncode == 0, ended.stderr


def test_the_search_space_is_valid(tmp_path):
    from rhm_sweeps.spaces.search_space import SearchSpace
    from rhm_sweeps.sweeps.plan import make_plan

    (text,) = blocks("yaml")
    plan = make_plan(SearchSpace.from_yaml(text, "README.md"))
    assert plan.space.question.startswith("When does memorization set in")
    assert len(plan.trials) == 3 * 4 * 3
    assert not plan.invalid


def test_linked_files_exist():
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_make_targets_exist():
    targets = [line.split()[1] for block in blocks("sh") for line in block.splitlines() if line.startswith("make ")]
    makefile = (ROOT / "Makefile").read_text()
    assert targets
    assert all(re.search(rf"^{target}:", makefile, flags=re.MULTILINE) for target in targets)
