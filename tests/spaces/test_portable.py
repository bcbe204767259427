"""A space that travels is the same space, without what is left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.errors import ConfigError, UsageError
from rhm_sweeps.spaces.portable import portable_text
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.spaces.space_files import shipped_spaces

GRAMMAR = "levels:\n  - a: [bb, bc, cb, cc]\n  - {b: [ij, ii], c: [ji, jj]}\n"
LINE = "a>bb|bc|cb|cc; b>ij|ii c>ji|jj"


@pytest.mark.parametrize("name", shipped_spaces())
def test_shipped_spaces_stay_what_they_are(name: str) -> None:
    space = SearchSpace.load(name)
    assert SearchSpace.from_yaml(portable_text(space)) == space


@pytest.fixture(autouse=True)
def _grammar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.yaml").write_text(GRAMMAR)
    monkeypatch.chdir(tmp_path)


PLACES = {
    "trial": {"trial": {"grammar": {"explicit": "mine.yaml"}}},
    "axis": {"space": {"grammar.explicit": {"grid": ["mine.yaml", "5-2", None]}}},
    "choice": {"space": {"grammar.explicit": {"choice": ["mine.yaml"]}}, "search": {"algorithm": "random", "num_samples": 2}},
    "zip": {"space": {"zip": [{"grammar.explicit": name, "training.steps": 8} for name in ("mine.yaml", "5-2")]}},
    "trials": {"trials": [{"grammar.explicit": "mine.yaml"}]},
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_a_grammar_file_is_replaced_wherever_it_is_named(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = portable_text(SearchSpace.build("mine.yaml", **PLACES[place]))
    monkeypatch.chdir("/")
    space = SearchSpace.from_yaml(text)
    assert text.count(LINE) == 1
    assert "5-2" in text or place not in ("axis", "zip")
    assert space.name == "mine.yaml", "a name is no path"


def test_conditions_are_kept_and_may_not_name_a_file() -> None:
    axes = {"grammar.explicit": {"grid": ["mine.yaml"]}, "training.steps": {"grid": [4, 8], "when": "width > 4"}}
    assert '"when": "width > 4"' in portable_text(SearchSpace.build("x", space=axes))
    axes["training.steps"]["when"] = "explicit == 'mine.yaml'"
    with pytest.raises(UsageError, match=r"names the grammar's file 'mine.yaml', which does not travel; write 'a>bb"):
        portable_text(SearchSpace.build("x", space=axes))


def test_text_is_as_it_was_but_for_passwords() -> None:
    text = portable_text(SearchSpace.build("x", question="Où ? 😀 http://me:hunter2@host tells"))
    assert SearchSpace.from_yaml(text).question == "Où ? 😀 http://***@host tells"


def test_a_space_that_has_become_too_long_is_refused() -> None:
    with pytest.raises(ConfigError, match="64"):
        portable_text(SearchSpace.build("x", question="why? " * 20_000))
