"""`rhm-sweep grammar` on written and weighted grammars."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rhm_sweeps.cli import output
from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.evaluation.infinite_depth import infinite_depth_threshold
from rhm_sweeps.grammar import explicit_form, load_grammar, make_dataset, make_grammar

COMMAND = ("grammar",)
Run = Callable[..., tuple[int, str, str]]
RAGGED = "1>ab|ba*3|bb 2>aa; a>ij|ik*2|jj b>kk"
AMBIGUOUS = "1>gh 2>gg; g>ij|ji h>ji|jj"
ZIPF = ("--zipf-exponent", "1", "--zipf-level", "3")


def test_show_json_of_a_ragged_grammar(run_json: Callable[..., Any]) -> None:
    shown = run_json("show", "--explicit", RAGGED)
    assert shown["rules"] == [[[[0, 1], [1, 0], [1, 1]], [[0, 0]]], [[[0, 1], [0, 2], [1, 1]], [[2, 2]]]]
    assert shown["names"] == [["1", "2"], ["a", "b"], ["i", "j", "k"]]
    assert shown["probabilities"] == [[pytest.approx([0.2, 0.6, 0.2]), [1.0]], [[0.25, 0.5, 0.25], [1.0]]]


def test_show_json_of_a_uniform_grammar_has_no_probabilities(run_json: Callable[..., Any]) -> None:
    assert run_json("show", "--explicit", "5-2").keys() == {"rules", "names"}
    assert run_json("show", *ZIPF).keys() == {"rules", "probabilities"}


def test_show_draws_names_and_probabilities(run: Run) -> None:
    _, out, _ = run("show", "--explicit", RAGGED)
    assert "Level 2: 2 symbols, 4 rules" in out
    assert "│     1 │ a b (0.2) | b a (0.6) | b b (0.2) │" in out
    _, out, _ = run("show", "--explicit", "binary_3_level", "--tree")
    assert "Level 3: 4 x 2 rules" in out
    assert "│     1 │ a a | a b      │" in out
    assert "── class" in out
    assert "(0.5" not in out


@pytest.mark.parametrize("flags", [("--explicit", RAGGED), ("--seed-rules", "42"), ZIPF])
def test_what_is_saved_can_be_shown(
    flags: tuple[str, ...], run: Run, run_json: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    code, out, err = run("show", *flags, "--save", str(path), "--json")
    assert (code, out.count("\n")) == (0, 1)
    assert err == f"grammar  {path}\n"
    saved, again = run_json("show", *flags), run_json("show", "--explicit", str(path))
    assert saved["rules"] == again["rules"]
    assert saved.get("probabilities") == again.get("probabilities")
    assert explicit_form(load_grammar(path)).p_max == run_json("theory", *flags)["p_max"]


def test_sample_shows_names_and_json_numbers(run: Run, run_json: Callable[..., Any]) -> None:
    flags = ("--explicit", "binary_3_level", "--train-size", "3", "--test-size", "1", "--seed-sample", "2")
    data = make_dataset(make_grammar(GrammarConfig(explicit="binary_3_level")), 3, 1, 2)
    assert run_json("sample", *flags) == {
        "strings": [*data.train.tolist(), *data.test.tolist()],
        "classes": [*data.train_classes.tolist(), *data.test_classes.tolist()],
    }
    _, out, _ = run("sample", *flags, "--tree")
    label, string = str(data.train_classes[0] + 1), " ".join("ijkl"[token] for token in data.train[0])
    assert f"│ train │     {label} │ {string} │" in out
    assert f"Derivation of {string}" in out
    assert f"class {label} -> " in out


def test_strings_of_weighted_rules_are_distinct(run_json: Callable[..., Any]) -> None:
    strings = run_json("sample", *ZIPF, "--train-size", "3000", "--test-size", "1000")["strings"]
    assert len(set(map(tuple, strings))) == 4000


def test_parse_reads_names(run: Run, run_json: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def stdin(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    stdin("ijkliiii\ni i i i i i i i\n")
    found = run_json("parse", "--explicit", "binary_3_level", "-")
    assert found == {"num_strings": 2, "num_valid": 1, "validity": [1.0, 0.75, 0.5], "classes": [None, 0]}
    stdin("ijkliiii\niiiiiiii\n")
    _, out, _ = run("parse", "--explicit", "binary_3_level", "-")
    assert "│ invalid │ i j k l i i i i │" in out
    assert "│       1 │ i i i i i i i i │" in out


def test_theory_of_a_written_grammar(run: Run, run_json: Callable[..., Any]) -> None:
    facts = run_json("theory", "--explicit", "5-2")
    assert facts["p_max"] == 960
    assert facts["chance_validity"] == pytest.approx([1 / 3, 48 / 6**4, 960 / 6**8])
    assert facts["epsilon_star"] is None
    assert "none, the theory is of random grammars" in " ".join(run("theory", "--explicit", "5-2")[1].split())


def test_theory_of_an_ambiguous_grammar(run: Run, run_json: Callable[..., Any]) -> None:
    assert run_json("theory", "--explicit", AMBIGUOUS)["chance_validity"] == [None, None]
    _, out, _ = run("theory", "--explicit", AMBIGUOUS)
    assert "8 derivations of 4 tokens" in out
    assert "unknown" in out


@pytest.mark.slow
def test_thresholds_are_those_of_exact_inference(run: Run, run_json: Callable[..., Any]) -> None:
    """Known of (8, 3, L = 3): epsilon .592, uniform .225, masked .387, and grammars differ by .015 to .025."""
    flags = ("--seed-rules", "42", "--thresholds")
    facts = run_json("theory", *flags)
    known = {"epsilon": 0.592, "uniform": 0.225, "masked": 0.387}
    assert {process: facts["half_overlap"][process] for process in known} == pytest.approx(known, abs=0.06)
    assert 0 < facts["half_overlap"]["gaussian"] < 1
    assert "half_overlap" not in run_json("theory", "--seed-rules", "42")
    noises = ", ".join(f"{process} {noise:.3f}" for process, noise in facts["half_overlap"].items())
    assert f"Half of the class is lost at noise: {noises}" in run("theory", *flags)[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "--explicit", "5-2", "--num-layers", "4"),
         "`num_layers` is 4, but the explicit grammar has 3; leave it out"),
        (("show", "--explicit", "5-2", "--num-features", "8"),
         "`num_features` is 8, but the explicit grammar has 6; leave it out"),
        (("show", "--explicit", "5_2"), "there is no grammar `5_2`, and no such file; did you mean `5-2`?"),
        (("show", "--zipf-exponent", "1"), "`zipf_exponent` is 1, which needs `zipf_level`, one of 1..3"),
        (("show", "--zipf-exponent", "1", "--zipf-level", "4"), "`zipf_level` is 4, but must be <= num_layers = 3"),
        (("show", "--save", "no/folder/x.yaml"), "cannot write the grammar to no/folder/x.yaml"),
        (("show", "--explicit", AMBIGUOUS, "--tree"), "an ambiguous grammar cannot be parsed: `g > j i` and `h > j i`"),
        (("theory", "--num-classes", "1", "--thresholds"), "the overlap of a grammar with one class is undefined"),
    ],
)  # fmt: skip
def test_wrong_input_exits_2_with_one_message(arguments: tuple[str, ...], message: str, run: Run) -> None:
    code, out, err = run(*arguments)
    assert (code, out if "--tree" not in arguments else "") == (2, "")
    assert message in " ".join(err.split())


def test_everything_wrong_in_a_file_is_listed(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("levels:\n  - a: [ij, i]\n    b: [jj, jj]\n")
    _, _, err = run("show", "--explicit", str(path))
    assert "grammar: 2 problems" in err
    assert f"{path}:2 levels[0].a[1]:" in err
    assert f"{path}:3 levels[0].b[1]:" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "--explicit", "binary_5_level", "--tree"),
        ("show", *ZIPF, "--num-synonyms", "8"),
        ("show", "--explicit", "s>a_rather_long_name_of_a_symbol,another_rather_long_name|another_rather_long_name,the_third"),
        ("sample", "--explicit", "binary_5_level", "--train-size", "40"),
        ("theory", "--explicit", "binary_3_level", "--thresholds"),
        ("show", "--help"),
    ],
)  # fmt: skip
def test_output_fits_80_columns(arguments: tuple[str, ...], run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(output.stdout, "width", 80)
    code, out, _ = run(*arguments)
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80


def test_thresholds_at_infinite_depth_are_those_of_the_library(run: Run, run_json: Callable[..., Any]) -> None:
    small = ("--num-features", "4", "--num-classes", "4", "--num-synonyms", "1", "--infinite-depth", "2")
    found = run_json("theory", *small)["infinite_depth"]
    config = GrammarConfig(num_features=4, num_classes=4, num_synonyms=1)
    for process in ("epsilon", "uniform", "masked"):
        expected = infinite_depth_threshold(config, process, 2)
        assert found[process] == {"mean": expected.mean, "standard_error": expected.standard_error}
    assert "At infinite depth: epsilon" in run("theory", *small)[1]
