"""The report as JSON."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from rhm_sweeps.analysis.report.content import report_content
from rhm_sweeps.analysis.report.document import SCHEMA, render_document
from rhm_sweeps.analysis.sweep_analysis import analyze

PAGE = Path(__file__).parents[3] / "docs" / "analysis.md"


def document_of(results):
    return json.loads(render_document(report_content(analyze(results)), {}))


def test_numbers_are_numbers_and_what_is_not_reached_is_null(make_sweep, grid) -> None:
    found = document_of(make_sweep(grid(sizes=(64, 128, 2048), seeds=2)))
    assert found["settings"][0]["setting"] == {"training.train_size": 64}
    assert found["settings"][0]["tau_rule"] == pytest.approx([2**4.9, 2**6.9, 2**8.9])
    assert found["settings"][0]["tau_mem_copies"] == pytest.approx(4 * 64 * 2**0.2)
    assert found["settings"][2]["tau_mem_copies"] is None
    assert found["ran"]["states"] == {"done": 6}
    assert found["cost"]["steps"] == 6 * 4096
    assert found["thresholds"] == {"learned": 0.9, "copied": 0.1, "gap": 0.1}
    assert found["design"]["swept"][0]["values"] == "64, 128, 2048"


def test_any_name_is_written_and_read_back(make_sweep) -> None:
    name = "<script> \0 \ud800 \u202e \" ' | `"
    text = render_document(report_content(analyze(replace(make_sweep([{}]), name=name))), {})
    assert text.isascii()
    assert json.loads(text)["name"] == name


@pytest.mark.parametrize("trials", [[], [{}]])
def test_the_keys_are_always_the_same_and_documented(make_sweep, trials) -> None:
    found = document_of(make_sweep(trials))
    section = PAGE.read_text().split("## report.json")[1].split("\n## ")[0]
    assert list(found) == re.findall(r"^\| `(\w+)`", section, flags=re.MULTILINE)
    assert found["schema"] == SCHEMA
    assert f"`{SCHEMA}`" in section
