"""The grammar of a trial: explicit grammars fill in its sizes, and a trial is its content."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from rhm_sweeps.config import GrammarConfig, TrainingConfig, TrialConfig, parse_trial
from rhm_sweeps.errors import ConfigError
from rhm_sweeps.explicit_grammars import grammar_text

MINE = "levels:\n  - {1: [ab, ba], 2: [aa]}\n  - {a: [ij, ik, jj], b: [ki]}\n"
AMBIGUOUS = "1>gh 2>gg; g>ij|ji h>ji|jj"


def trial(**grammar: Any) -> TrialConfig:
    return parse_trial({"grammar": grammar, "training": {"train_size": 4, "test_size": 4}})


def test_an_explicit_grammar_fills_in_the_sizes() -> None:
    config = GrammarConfig(explicit="5-2")
    sizes = (config.num_features, config.num_classes, config.num_synonyms, config.tuple_size, config.num_layers)
    assert sizes == (6, 3, 5, 2, 3)
    assert (config.string_length, config.p_max) == (8, 960)
    assert GrammarConfig(explicit="binary_5_level").p_max == 8 * 3**30


@pytest.mark.parametrize("explicit", ["5-2", "a>ij*2|ji; j i", None])
def test_what_is_dumped_is_validated_again(explicit: str | None) -> None:
    config = GrammarConfig(explicit=explicit, zipf_exponent=0.0)
    assert GrammarConfig.model_validate(config.model_dump()) == config
    assert GrammarConfig.model_validate_json(config.model_dump_json()) == config
    assert TrialConfig.model_validate(trial(explicit="5-2").model_dump()) == trial(explicit="5-2")


def test_a_trial_is_the_content_of_a_file_and_not_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("one.yaml", "other.yaml"):
        Path(name).write_text(f"# {name}\n{MINE}")
    one, other = trial(explicit="one.yaml"), trial(explicit=str(tmp_path / "other.yaml"))
    assert one == other
    assert one.signature == other.signature != trial(explicit="5-2").signature
    assert one.grammar.explicit == "1>ab|ba 2>aa; a>ij|ik|jj b>ki"
    Path("one.yaml").write_text(MINE.replace("jj", "kk"))
    assert trial(explicit="one.yaml").signature != other.signature
    assert TrialConfig.model_validate(one.model_dump()) == one


def test_fields_without_effect_are_no_part_of_a_trials_identity() -> None:
    assert trial(explicit="5-2", seed_rules=1).signature == trial(explicit="5-2").signature
    assert trial(zipf_level=2).signature == trial().signature
    assert trial(zipf_level=2, zipf_exponent=1.0).signature != trial(zipf_level=1, zipf_exponent=1.0).signature


def test_the_signatures_of_random_grammars_are_those_they_had() -> None:
    """Frozen: results are found by signature."""
    assert TrialConfig().signature == "44136fa355b3"
    assert TrialConfig(grammar=GrammarConfig(num_layers=4, seed_rules=7)).signature == "214ad29c57c9"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"explicit": "5-2", "num_layers": 4, "num_features": 8},
         "`num_features` is 8, but the explicit grammar has 6; leave it out; `num_layers` is 4, but the explicit grammar has 3"),
        ({"explicit": "5-3"}, "there is no grammar `5-3`, and no such file; did you mean `5-2`?"),
        ({"explicit": "a>ij|i"}, "`a > i` makes 1 symbols, but the first rule, `a > i j`, makes 2"),
        ({"explicit": 5}, "input should be a valid string"),
        ({"zipf_exponent": 1.0}, "`zipf_exponent` is 1, which needs `zipf_level`, one of 1..3"),
        ({"zipf_exponent": 1.0, "zipf_level": 4}, "`zipf_level` is 4, but must be <= num_layers = 3"),
        ({"zipf_exponent": -1.0, "zipf_level": 1}, "greater than or equal to 0"),
        ({"explicit": "a>ij*2|ji", "zipf_exponent": 1.0, "zipf_level": 1}, "has weights at that level; choose another"),
        ({"explicit": AMBIGUOUS}, "is ambiguous: `g > j i` and `h > j i` at level 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        trial(**fields)
    assert message in str(caught.value)


def test_sizes_that_agree_may_be_given() -> None:
    assert GrammarConfig(explicit="5-2", num_layers=3) == GrammarConfig(explicit="5-2")


def test_an_ambiguous_grammar_is_a_grammar_but_trains_no_model() -> None:
    config = GrammarConfig(explicit=AMBIGUOUS)
    assert config.ambiguity == "`g > j i` and `h > j i` at level 1"
    with pytest.raises(ValidationError, match="ambiguous"):
        TrialConfig(grammar=config, training=TrainingConfig(train_size=2, test_size=2))


def test_no_more_strings_than_an_explicit_grammar_has() -> None:
    with pytest.raises(ConfigError, match="P_max = 960"):
        parse_trial({"grammar": {"explicit": "5-2"}, "training": {"train_size": 900, "test_size": 61}})


def test_is_plain() -> None:
    plain, zipf = GrammarConfig(), GrammarConfig(zipf_exponent=0.5, zipf_level=1)
    assert [c.is_plain for c in (plain, zipf, GrammarConfig(explicit="5-2"))] == [True, False, False]
    assert plain.explicit_grammar is None
    assert grammar_text(GrammarConfig(explicit="a>ij|ji").explicit_grammar) == "a>ij|ji"  # type: ignore[arg-type]
