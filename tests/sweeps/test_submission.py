"""What may be told to a cluster, and what its answer means."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.code_identity import PACKAGE
from rhm_sweeps.errors import UsageError
from rhm_sweeps.sweeps.asking import check_words, code_to_send
from rhm_sweeps.sweeps.sent_code import copy_code
from rhm_sweeps.sweeps.submission import check_results, code_said


@pytest.mark.parametrize(
    "word", ["--tracking-uri=postgresql://me:pw@host/db", "--storage=s3://key:pw@bucket", "http://host/?token=pw", "http://me@host"]
)  # fmt: skip
def test_passwords_are_not_told(word: str) -> None:
    with pytest.raises(UsageError, match=r"\*\*\*.* has a password, which everybody") as caught:
        check_words(["launch", word])
    assert "pw" not in str(caught.value).replace("PASSWORD", "")


def test_places_are_told_that_are_the_same_there() -> None:
    check_words(
        ["--tracking-uri=sqlite:////shared/mlflow.db", "--storage=/shared/x", "--storage=s3://bucket/x", "--where=a/b"]
    )
    check_results(Path("/shared"))
    for word in ("--tracking-uri=sqlite:///x.db", "--storage=x", "--storage=./x"):
        with pytest.raises(UsageError, match="is relative to a folder of this machine"):
            check_words([word])
    with pytest.raises(UsageError, match="must be an absolute path that all nodes of the cluster see"):
        check_results(Path("results"))


def test_the_code_of_a_cluster_is_found_among_what_ray_says() -> None:
    said = [
        "INFO -- Runtime env is setting up.",
        "Running entrypoint: print('rhm-sweep', x)",
        "rhm-sweep 0.1.0 0123456789ab",
    ]
    assert code_said(said) == "0.1.0 with code 0123456789ab"
    assert code_said([*said[:2], "sh: 1: python: not found", ""]) == "none that answers (sh: 1: python: not found)"
    assert code_said([""]) == "none that answers (it said nothing)"


def test_the_copy_of_the_code_is_the_code(tmp_path: Path) -> None:
    package = copy_code(tmp_path)
    sources = {path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py")}
    copied = {path.relative_to(package) for path in package.rglob("*.py")}
    assert copied >= sources
    assert {path.parts[0] for path in copied - sources} <= {"cli", "search_spaces"}
    assert all((package / path).read_bytes() == (PACKAGE / path).read_bytes() for path in sources)
    assert (package / "search_spaces" / "quickstart.yaml").is_file()
    assert not list(package.rglob("__pycache__"))


def test_code_is_copied_only_if_it_is_wanted() -> None:
    with code_to_send(wanted=False) as nothing, code_to_send(wanted=True) as package:
        assert nothing is None
        assert package is not None
        assert package.is_dir()
    assert not package.exists()
