"""The page: complete, self-contained, and safe whatever names contain."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from rhm_sweeps.analysis.figures.curve_figures import novelty_figure
from rhm_sweeps.analysis.report.content import report_content
from rhm_sweeps.analysis.report.page import data_uri, formulas, maths, policy_hash, render_page
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


def page_of(results) -> str:
    analysis = analyze(results)
    drawings = [] if analysis.settings.empty else [novelty_figure(analysis)]
    return render_page(report_content(analysis, drawings), {drawing.name: b"<svg/>" for drawing in drawings})


def test_it_says_question_numbers_and_origin(make_sweep, grid) -> None:
    text = page_of(make_sweep(grid(), version="1.2.3", git_commit="abc-dirty", code_hash="f00"))
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


def test_its_policy_allows_its_own_script_and_style_alone(make_sweep, grid) -> None:
    text = page_of(make_sweep(grid()))
    policy = next(attrs["content"] for _, attrs in Page(text).tags if "http-equiv" in attrs)
    for tag in ("script", "style"):
        (inside,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert f"{tag}-src '{policy_hash(inside)}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy
    assert not [name for _, attrs in Page(text).tags for name in attrs if name == "style" or name.startswith("on")]


def test_hostile_names_are_text(make_sweep, grid) -> None:
    space = {"name": HOSTILE, "question": HOSTILE, "trial": {HOSTILE: {HOSTILE: HOSTILE}}, "search": {HOSTILE: HOSTILE}}
    results = make_sweep(grid(), failed=(0,), version=HOSTILE, space=space)
    results = replace(results, name=HOSTILE, trials=results.trials.assign(reason=HOSTILE))
    page = Page(page_of(results))
    assert page.count("script") == 1
    assert "".join(page.words).count(HOSTILE) >= 8


def test_what_cannot_be_shown_is_replaced_and_what_is_long_is_cut(make_sweep, grid) -> None:
    bad = "a\0b\ud800c\u202ed" + "x" * 100_000
    results = make_sweep(grid(), failed=(0,), space={"name": "known", "question": bad})
    results = replace(results, name=bad, trials=results.trials.assign(reason=bad.replace("\ud800", "")))
    text = page_of(results)
    assert text.encode()
    assert not set("\0\ud800\u202e") & set(text)
    assert "a\ufffdb\ufffdc\ufffdd" in text
    assert "x" * 2000 not in re.sub(r"<pre>.*?</pre>", "", text, flags=re.DOTALL)


def test_tables_have_a_cell_under_each_heading(make_sweep, grid) -> None:
    text = page_of(make_sweep(grid(sizes=(64, 128), seeds=2)))
    tables = re.findall(r"<table>.*?</table>", text, re.DOTALL)
    assert len(tables) == 5
    for table in tables:
        heads = table.count("<th ")
        rows = table.split("<tbody>")[1].count("<tr>")
        assert rows > 0
        assert len(re.findall("<td[ >]", table)) == heads * rows


def test_the_same_results_give_the_same_page(make_sweep, grid) -> None:
    assert page_of(make_sweep(grid(seeds=1))) == page_of(make_sweep(grid(seeds=1)))


@pytest.mark.parametrize("trials", [[], [{}]])
def test_small_sweeps_have_a_page(make_sweep, trials) -> None:
    page = Page(page_of(make_sweep(trials)))
    assert page.count("figure") == len(trials)
    assert "What this sweep cannot say" in page.words


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("τ_mem", "<var>τ</var><sub>mem</sub>"),
        ("P = 64", "<var>P</var>\u00a0=\u00a064"),
        ("as P^0.98 (95 %", "as <var>P</var><sup>0.98</sup> (95 %"),
        ("P*_l", "<var>P*</var><sub><var>l</var></sub>"),
        ("v m^(l+1)", "<var>v</var> <var>m</var><sup>l+1</sup>"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("Tall Parsers", "Tall Parsers"),
        ("a\0b", "a\ufffdb"),
    ],
)
def test_symbols_are_set_as_formulas(text: str, html: str) -> None:
    assert maths(text) == html


def test_citations_are_links() -> None:
    link = '<a href="https://arxiv.org/abs/2505.16959">arXiv:2505.16959</a>'
    assert maths("as in arXiv 2505.16959, so") == f"as in {link}, so"
    assert formulas("(arXiv:2505.16959)") == f"({link})"


def test_formulas_in_a_text_keep_their_comma() -> None:
    assert formulas("for $P$, a < b") == "for <math><mrow><mi>P</mi></mrow></math>\u2060, a &lt; b"


def test_a_picture_is_known_by_its_first_bytes() -> None:
    assert data_uri(b"\x89PNG...").startswith("data:image/png;base64,")
    assert data_uri(b"<?xml").startswith("data:image/svg+xml;base64,")
