"""What docs/search.md shows is a search space that plans, and its table of schedulers has all of them with their defaults."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rhm_sweeps.spaces.scheduler_settings import SCHEDULERS
from rhm_sweeps.spaces.search_settings import SearchSettings
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweeps.plan import make_plan

TEXT = (Path(__file__).parents[1] / "docs" / "search.md").read_text()
EXAMPLES = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=[re.findall("name: (.*)", example)[0] for example in EXAMPLES])
def test_an_example_plans(example: str) -> None:
    space = SearchSpace.from_yaml(example)
    plan = make_plan(space)
    assert len(plan.trials) == (0 if space.search.is_adaptive else space.size)


def test_every_setting_is_explained() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|(.*)\|$", TEXT.partition("## Schedulers")[2], re.MULTILINE))
    assert rows.keys() == SCHEDULERS.keys()
    for name, settings in SCHEDULERS.items():
        for key, field in settings.model_fields.items():
            shown = f"`{key}` {field.default}" if isinstance(field.default, int | float) else f"`{key}`"
            assert key == "name" or shown in rows[name], (name, key)
    for key in SearchSettings.model_fields:
        assert f"`{key}`" in TEXT, key
