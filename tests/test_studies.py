"""The studies of docs/studies: their spaces are sound, and their pages name what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.plan import make_plan

ROOT = Path(__file__).parents[1]
STUDIES = sorted((ROOT / "docs" / "studies").glob("*.md"))


def test_there_are_studies() -> None:
    assert len(STUDIES) >= 2


@pytest.mark.parametrize("page", STUDIES, ids=lambda page: page.stem)
def test_a_page_has_its_space_its_commands_and_its_figures(page: Path) -> None:
    text = page.read_text()
    space = page.with_suffix(".yaml")
    plan = make_plan(SearchSpace.from_yaml(space.read_text(), str(space)))
    assert plan.trials
    assert not plan.invalid
    assert f"rhm-sweep launch {space.relative_to(ROOT)}" in text
    assert re.search(rf"rhm-sweep \w+ {plan.space.name}\b", text)
    figures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", text)
    assert figures
    assert all((page.parent / figure).is_file() for figure in figures)
    assert "## Cost" in text


def test_every_space_is_launched_by_a_page() -> None:
    pages = "\n".join(page.read_text() for page in STUDIES)
    spaces = [space.relative_to(ROOT) for space in (ROOT / "docs" / "studies").glob("*.yaml")]
    assert len(spaces) >= len(STUDIES)
    assert [space for space in spaces if f"rhm-sweep launch {space}\n" not in pages] == []
