"""`rhm-sweep grammar`: what scripts read, what people read, and what is refused."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rhm_sweeps.cli import output
from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.grammar import make_dataset, make_grammar

STANDARD = (
    *("--num-features", "8", "--num-classes", "8", "--num-synonyms", "3"),
    *("--tuple-size", "2", "--num-layers", "3", "--seed-rules", "42"),
)
GRAMMAR = make_grammar(GrammarConfig(seed_rules=42))
COMMAND = ("grammar",)
Run = Callable[..., tuple[int, str, str]]


def test_show_json(run_json: Callable[..., Any]) -> None:
    assert run_json("show", *STANDARD) == {"rules": [level.tuples for level in GRAMMAR.levels]}


def test_sample_json(run_json: Callable[..., Any]) -> None:
    sizes = ("--train-size", "5", "--test-size", "3", "--seed-sample", "1")
    data = make_dataset(GRAMMAR, 5, 3, 1)
    assert run_json("sample", *STANDARD, *sizes) == {
        "strings": [*data.train.tolist(), *data.test.tolist()],
        "classes": [*data.train_classes.tolist(), *data.test_classes.tolist()],
    }


def test_resampled_strings_keep_their_classes_and_change(run_json: Callable[..., Any]) -> None:
    sizes = ["--train-size", "20", "--test-size", "5"]
    plain = run_json("sample", *STANDARD, *sizes)
    again = run_json("sample", *STANDARD, *sizes, "--resample-level", "1", "--seed-resample", "4")
    other = run_json("sample", *STANDARD, *sizes, "--resample-level", "1", "--seed-resample", "5")
    assert plain["classes"] == again["classes"] == other["classes"]
    assert len({str(found["strings"]) for found in (plain, again, other)}) == 3


def test_sample_with_replacement(run_json: Callable[..., Any]) -> None:
    sizes = ("--train-size", "20000", "--test-size", "0", "--replacement")
    assert len(run_json("sample", *STANDARD, *sizes)["strings"]) == 20_000


def test_theory_json(run_json: Callable[..., Any]) -> None:
    facts = run_json("theory", *STANDARD)
    assert facts.pop("chance_validity") == pytest.approx([0.375, 0.053, 0.001], abs=5e-4)
    assert facts.pop("epsilon_star") == pytest.approx(0.6857, abs=5e-5)
    assert facts.pop("bayes_floor") == pytest.approx(0.0061, abs=5e-5)
    assert facts == {"p_max": 17496, "sample_complexity": [72, 216, 648]}


def test_theory_of_a_grammar_without_a_transition(run: Run, run_json: Callable[..., Any]) -> None:
    flags = ("--num-features", "6", "--num-classes", "6", "--num-synonyms", "4")
    assert run_json("theory", *flags)["epsilon_star"] is None
    assert "no transition" in run("theory", *flags)[1]


def test_theory_prints_numbers_of_any_size(run: Run, run_json: Callable[..., Any]) -> None:
    flags = ("--num-features", "64", "--num-synonyms", "64", "--tuple-size", "3", "--num-layers", "8")
    assert run_json("theory", *flags)["p_max"] == 8 * 64 ** ((3**8 - 1) // 2)
    assert "about 10^5925.2 distinct strings" in run("theory", *flags)[1]


@pytest.fixture
def strings_file(tmp_path: Path) -> Path:
    """Two valid strings and one whose last token is changed so that its last pair has no parent."""
    strings = make_dataset(GRAMMAR, 3, 0, 1).train
    pairs = GRAMMAR.levels[-1].children.tolist()
    strings[2, 7] = next(token for token in range(8) if [strings[2, 6], token] not in pairs)
    path = tmp_path / "strings.txt"
    path.write_text("\n".join(" ".join(map(str, string)) for string in strings.tolist()))
    return path


def test_parse_json(strings_file: Path, run_json: Callable[..., Any]) -> None:
    found = run_json("parse", *STANDARD, str(strings_file))
    labels = make_dataset(GRAMMAR, 3, 0, 1).train_classes.tolist()
    assert found.pop("validity") == pytest.approx([11 / 12, 5 / 6, 2 / 3])
    assert found == {"num_strings": 3, "num_valid": 2, "classes": [*labels[:2], None]}


def test_parse_reads_stdin(strings_file: Path, run_json: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(strings_file.read_bytes().replace(b" ", b","))))
    assert run_json("parse", *STANDARD, "-")["num_valid"] == 2


def test_parse_shows_validity_and_classes(strings_file: Path, run: Run) -> None:
    code, out, _ = run("parse", *STANDARD, str(strings_file))
    assert code == 0
    assert "2 of 3 strings are valid" in out
    assert "0.9167" in out
    assert out.count("invalid") == 1


def test_show_draws_rules_and_a_derivation(run: Run) -> None:
    code, out, _ = run("show", *STANDARD, "--tree")
    assert code == 0
    assert "│ 1 6 | 0 1 | 5 7 │" in out
    string = make_dataset(GRAMMAR, 1, 0, 0).train[0].tolist()
    assert f"Derivation of {' '.join(map(str, string))}" in out
    drawn = [line.split("->")[1].split() for line in out.split("Derivation")[1].splitlines() if "->" in line]
    leaves = [token for number in (2, 3, 5, 6) for token in drawn[number]]
    assert [int(token) for token in leaves] == string


@pytest.mark.parametrize("command", ["show", "sample"])
def test_a_derivation_follows_the_rules(command: str, run: Run) -> None:
    _, out, _ = run(command, *STANDARD, "--tree")
    tree = [line for line in out.split("Derivation")[1].splitlines() if "->" in line]
    depths = [line.index(next(c for c in line if c.isalnum())) // 4 - 1 for line in tree]
    assert depths == [0, 1, 2, 2, 1, 2, 2]
    for depth, line in zip(depths, tree, strict=True):
        head, children = line.split("->")
        assert [int(token) for token in children.split()] in GRAMMAR.levels[depth].tuples[int(head.split()[-1])]


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "--num-features", "255", "--num-classes", "255", "--num-synonyms", "40", "--tree"),
        (
            "show",
            "--num-features",
            "2",
            "--num-classes",
            "2",
            "--num-synonyms",
            "30",
            "--tuple-size",
            "16",
            "--num-layers",
            "2",
        ),
        ("sample", "--num-features", "200", "--num-layers", "6", "--train-size", "3", "--test-size", "2", "--tree"),
        ("theory", "--num-features", "200", "--num-synonyms", "200", "--num-layers", "12"),
        ("--help",),
        ("sample", "--help"),
    ],
)
def test_output_fits_80_columns_and_is_plain_when_piped(
    arguments: tuple[str, ...], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(output.stdout, "width", 80)
    code, out, _ = run(*arguments)
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    assert "\x1b" not in out


def test_long_tables_say_what_they_leave_out(run: Run) -> None:
    _, out, _ = run("sample", *STANDARD, "--train-size", "30", "--test-size", "10")
    assert "30 training strings, 10 test strings" in out
    assert "8 more; --json prints all" in out


def test_flags_may_be_written_with_underscores(run: Run) -> None:
    assert run("show", *STANDARD, "--json") == run(
        "show", *(flag.replace("-", "_").replace("__", "--") for flag in STANDARD), "--json"
    )


def test_flags_default_to_the_configuration(run_json: Callable[..., Any]) -> None:
    assert run_json("show") == {"rules": [level.tuples for level in make_grammar(GrammarConfig()).levels]}
    assert len(run_json("sample")["strings"]) == 2048


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("show", "--num-synonyms", "9"),
            "`num_synonyms` is 9, but must be <= v**(s-1) = 8 (num_features=8, tuple_size=2)",
        ),
        (("show", "--num-features", "1"), "num_features: is 1, but input should be greater than or equal to 2"),
        (("show", "--num-features", "x"), "Invalid value for '--num-features'"),
        (("show", "--no-such-flag"), "No such option"),
        (("sample", "--train-size", "0"), "train_size: is 0, but input should be greater than or equal to 1"),
        (("sample", "--train-size", "17000"), "17000 + 1024 = 18024, but must be <= P_max = 17496"),
        (("theory", "--timesteps", "0"), "timesteps: is 0, but input should be greater than or equal to 1"),
        (("parse", "no/such/file"), "cannot read the strings of no/such/file: [Errno 2]"),
        (("parse", "."), "cannot read the strings of .: [Errno 21]"),
        (("parse",), "Missing argument"),
    ],
)
def test_wrong_input_exits_2_with_one_message(arguments: tuple[str, ...], message: str, run: Run) -> None:
    code, out, err = run(*arguments)
    assert code == 2
    assert out == ""
    assert message in " ".join(err.split())
    assert "Traceback" not in err


def test_wrong_strings_are_listed_by_line(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "wrong.txt"
    path.write_text("0 0 0\n0 0 0 0 0 0 0 9\n")
    code, _, err = run("parse", str(path))
    assert code == 2
    assert "line 1: has 3 tokens, but must have s**L = 8" in err
    assert "line 2: has the token '9', but tokens must be in 0..7" in err


@pytest.mark.parametrize(("content", "message"), [(b"\xff\xfe", "can't decode"), (b"\n", "there are no strings")])
def test_files_without_strings_are_refused(content: bytes, message: str, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "wrong.txt"
    path.write_bytes(content)
    code, _, err = run("parse", str(path))
    assert code == 2
    assert message in err
