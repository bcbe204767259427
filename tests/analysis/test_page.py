"""The page: complete, self-contained, and safe whatever names contain."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from rhm_sweeps.analysis.curve_figures import novelty_figure
from rhm_sweeps.analysis.page import duration, failures, maths, render_page
from rhm_sweeps.analysis.sweep_analysis import analyze

HOSTILE = "<script>alert(1)</script>\"'&{{ 7 * 7 }}"
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Tags, their attributes and the text of a page; refuses tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


def page_of(results, space: str = "") -> str:
    analysis = analyze(results)
    drawings = [] if analysis.settings.empty else [novelty_figure(analysis)]
    return render_page(analysis, drawings, {drawing.name: b"<svg/>" for drawing in drawings}, space)


def test_it_says_question_numbers_and_origin(make_sweep, grid) -> None:
    text = page_of(make_sweep(grid(), version="1.2.3", git_commit="abc-dirty", code_hash="f00"), "name: known\n")
    words = " ".join(Page(text).words)
    for expected in (
        "Who knows?",
        "8: 8 done",
        "1.2.3",
        "abc-dirty",
        "f00",
        "rhm-sweep launch space.yaml",
        "2505.16959",
    ):
        assert expected in words


def test_it_needs_nothing_from_elsewhere(make_sweep, grid) -> None:
    page = Page(page_of(make_sweep(grid())))
    sources = [attrs.get("src") for _, attrs in page.tags if "src" in attrs]
    assert sources
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert not {"link", "iframe", "object", "base"} & {tag for tag, _ in page.tags}
    assert all(attrs["href"].startswith(("#", "https://arxiv.org/abs/")) for tag, attrs in page.tags if tag == "a")
    assert "default-src 'none'" in next(attrs["content"] for _, attrs in page.tags if "http-equiv" in attrs)


def test_hostile_names_are_text(make_sweep, grid) -> None:
    results = make_sweep(grid(), failed=(0,), version=HOSTILE, space={"name": HOSTILE, "question": HOSTILE})
    results = replace(results, name=HOSTILE, trials=results.trials.assign(reason=HOSTILE))
    page = Page(page_of(results, HOSTILE))
    assert page.count("script") == 1
    assert "".join(page.words).count(HOSTILE) >= 5


def test_tables_have_a_cell_under_each_heading(make_sweep, grid) -> None:
    text = page_of(make_sweep(grid(sizes=(64, 128), seeds=2)))
    for table in re.findall(r"<table>.*?</table>", text, re.DOTALL):
        heads = table.count("<th ")
        rows = table.split("<tbody>")[1].count("<tr>")
        assert rows > 0
        assert table.count("<td ") == heads * rows


def test_the_same_results_give_the_same_page(make_sweep, grid) -> None:
    assert page_of(make_sweep(grid(seeds=1))) == page_of(make_sweep(grid(seeds=1)))


@pytest.mark.parametrize("trials", [[], [{}]])
def test_small_sweeps_have_a_page(make_sweep, trials) -> None:
    page = Page(page_of(make_sweep(trials)))
    assert page.count("figure") == len(trials)
    assert "What this sweep cannot say" in page.words


def test_failures_are_grouped_by_reason(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64, 128, 256, 512), seeds=2), failed=(0, 1, 2, 3, 4, 5, 6))
    reasons = ["out of memory", *["nan at step 8"] * 6, ""]
    found = failures(results.trials.assign(reason=reasons))
    assert [(failure.reason, failure.trials) for failure in found] == [("nan at step 8", 6), ("out of memory", 1)]
    assert found[0].signatures == tuple(results.trials.index[1:6])


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("τ_mem", "<var>τ</var><sub>mem</sub>"),
        ("P = 64", "<var>P</var>\u00a0=\u00a064"),
        ("as P^0.98 (95 %", "as <var>P</var><sup>0.98</sup> (95 %"),
        ("v m^(l+1)", "<var>v</var> <var>m</var><sup>l+1</sup>"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("Tall Parsers", "Tall Parsers"),
    ],
)
def test_symbols_are_set_as_formulas(text: str, html: str) -> None:
    assert maths(text) == html


@pytest.mark.parametrize(
    ("seconds", "text"), [(-3, "0 s"), (45.4, "45 s"), (600, "10 min"), (12_000, "3 h 20 min"), (7199, "2 h 0 min")]
)
def test_durations_are_written_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text
