"""No password leaves a text."""

from __future__ import annotations

import pytest

from rhm_sweeps.credentials import redact, without_credentials


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://user:secret@host:5000/x", "http://***@host:5000/x"),
        ("https://secret@host", "https://***@host"),
        ("postgresql+psycopg://u:sec/r:et@host/db failed", "postgresql+psycopg://***@host/db failed"),
        ("http://u:sec@ret@host/x", "http://***@host/x"),
        ("two: http://u:secret@a and http://u:secret@b", "two: http://***@a and http://***@b"),
        ("mysql://host/db?user=u&password=secret&x=1", "mysql://host/db?user=u&password=***&x=1"),
        ("postgresql://host/db?sslpassword=secret", "postgresql://host/db?sslpassword=***"),
        (
            "http://host/x?access_token=secret&X-Amz-Signature=secret",
            "http://host/x?access_token=***&X-Amz-Signature=***",
        ),
        ("http://host:5000/#/experiments/1/runs?orderByKey=a", "http://host:5000/#/experiments/1/runs?orderByKey=a"),
        ("http://host:5000/#/experiments/1", "http://host:5000/#/experiments/1"),
        ("sqlite:////home/me@work/mlflow.db", "sqlite:////home/me@work/mlflow.db"),
        ("write to me@host", "write to me@host"),
    ],
)
def test_redact(text: str, expected: str) -> None:
    assert redact(text) == expected
    assert redact(expected) == expected


def test_an_address_for_the_browser() -> None:
    assert without_credentials("https://u:p@host:8080/mlflow") == "https://host:8080/mlflow"
    assert without_credentials("http://host") == "http://host"
