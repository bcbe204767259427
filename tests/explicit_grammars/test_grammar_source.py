"""Grammars by name, by path and by text; the shipped ones are those that were published."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.errors import UsageError
from rhm_sweeps.explicit_grammars import canonical_grammar, find_grammar, grammar_text, load_explicit, shipped_grammars

PUBLISHED = {
    "binary_3_level": "1>aa|ab 2>ba|bb 3>cc|cd 4>dc|dd; a>ee|ef b>fe|ff c>gg|gh d>hg|hh; e>ii|ij f>ji|jj g>kk|kl h>lk|ll",
    "binary_5_level": "1>aa|ab|ac|ad 2>ba|bb|bc|bd; a>ef|eg|eh b>fe|fg|fh c>ge|gf|gh d>he|hf|hg; e>ij|ik|il f>ji|jk|jl "
    "g>ki|kj|kl h>li|lj|lk; i>mm|mn|mo j>nm|nn|no k>om|on|oo l>pm|pn|po; m>qr|qs|qt n>rq|rr|rs o>sq|sr|st p>tq|ts|tt",
    "5-2": "1>ab|ac|ad|ae|af 2>bc|bd|be|bf|cd 3>ce|cf|de|df|ef; a>gh|gi b>hg|hi c>ig|ih d>jk|jl e>kj|kl f>lj|lk; "
    "g>uv|uw h>vu|vw i>wu|wv j>xy|xz k>yx|yz l>zx|zy",
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_shipped_grammars_are_those_that_were_published(name: str) -> None:
    """Frozen: trials name them, so their rules may never change."""
    assert grammar_text(find_grammar(name)) == PUBLISHED[name]
    assert canonical_grammar(name) == name


def test_every_file_is_shipped_under_its_name() -> None:
    files = (Path(__file__).parents[2] / "rhm_sweeps" / "explicit_grammars").glob("*.yaml")
    assert {file.stem: f"name: {file.stem}\n" in file.read_text() for file in files} == dict.fromkeys(PUBLISHED, True)
    assert shipped_grammars() == tuple(sorted(PUBLISHED))


def test_a_path_and_a_text_are_the_grammar_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text("levels:\n  - a: [ij, {tuple: ji, weight: 2}]\n")
    assert canonical_grammar("mine.yaml") == canonical_grammar("a>ij*1|ji*2.0") == "a>ij*1|ji*2"
    Path("mine.yaml").write_text("levels:\n  - a: [ij, ji]\n")
    assert canonical_grammar("mine.yaml") == "a>ij|ji"


def test_what_is_nowhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no grammar `binary_3`.*did you mean `binary_3_level`"):
        find_grammar("binary_3")
    with pytest.raises(UsageError, match="no such file; there are 5-2, binary_3_level, binary_5_level"):
        find_grammar("zzz")
    with pytest.raises(UsageError, match="cannot read the grammar"):
        load_explicit(tmp_path)


def test_a_grammar_too_long_for_a_field_is_refused() -> None:
    tuples = "|".join(f"long_name_{i},long_name_{i + 1}" for i in range(254))
    with pytest.raises(UsageError, match=r"takes \d+ characters in one line, but must take <= 6000"):
        canonical_grammar(f"class>{tuples}")
