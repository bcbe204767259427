"""The examples of docs/search_spaces.md are search spaces, of the size that it says, and its commands run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from rhm_sweeps.cli.main import main
from rhm_sweeps.spaces.distributions import DISTRIBUTIONS
from rhm_sweeps.spaces.document import BODY_KEYS
from rhm_sweeps.spaces.header import Header
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.plan import Plan, make_plan

PAGE = (Path(__file__).parents[1] / "docs" / "search_spaces.md").read_text()
EXAMPLES = re.findall(r"(?:`([a-z]+\.yaml)`:\n\n)?```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
COMMANDS = [
    shlex.split(line, comments=True)[1:]
    for block in re.findall(r"```sh\n(.*?)```", PAGE, flags=re.DOTALL)
    for line in block.replace("> space.schema.json", "").splitlines()
    if line.startswith("rhm-sweep spaces")
]


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Plan]:
    """The plan of each example, by the name of its space."""
    folder = tmp_path_factory.mktemp("examples")
    found = {}
    for index, (file, text) in enumerate(EXAMPLES):
        path = folder / (file or f"{index}.yaml")
        path.write_text(text)
        plan = make_plan(SearchSpace.load(path))
        found[plan.space.name] = plan
    return found


def test_every_example_asks_a_question_and_is_right(plans: dict[str, Plan]) -> None:
    assert len(plans) == len(EXAMPLES) >= 7
    assert all(plan.space.question.endswith("?") for plan in plans.values())
    assert not any(plan.invalid or plan.duplicates for plan in plans.values())


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("depth_and_data", 8),
        ("rates", 40),
        ("networks_and_optimizers", 9),
        ("points_and_checks", 15),
        ("base", 36),
        ("wider", 12),
    ],
)
def test_an_example_has_as_many_trials_as_the_page_says(plans: dict[str, Plan], name: str, count: int) -> None:
    assert len(plans[name].trials) == count


def test_the_page_names_every_key_and_distribution() -> None:
    keys = [*Header.model_fields, *BODY_KEYS, "zip", "when", "derived"]
    assert [key for key in keys if key != "question" and f"`{key}`" not in PAGE and f"{key}:" not in PAGE] == []
    assert [word for word in DISTRIBUTIONS if f"{word}:" not in PAGE] == []


def test_its_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(COMMANDS) == 6
    for command in COMMANDS:
        with pytest.raises(SystemExit) as ended:
            main(command)
        assert ended.value.code in (0, None), capsys.readouterr().err
