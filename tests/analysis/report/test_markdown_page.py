"""The report as Markdown, read back by a parser of Markdown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from rhm_sweeps.analysis.report.content import FigureText, ReportContent, report_content
from rhm_sweeps.analysis.report.markdown_page import code, code_block, escape, render_markdown
from rhm_sweeps.analysis.sweep_analysis import analyze

HOSTILE = "<script>alert(1)</script> | *b* _i_ `c` [l](http://x) ![i](y) # h \\ $m$ ~~s~~ &lt; {{ 7 * 7 }}"
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def text_of(markdown: str) -> str:
    """The text that a reader sees."""
    return "\n".join(
        "".join(child.content for child in token.children or [])
        for token in PARSER.parse(markdown)
        if token.type == "inline"
    )


def kinds(markdown: str) -> set[str]:
    return {inner.type for token in PARSER.parse(markdown) for inner in (token, *(token.children or []))}


def content_of(results, figures: tuple[FigureText, ...] = ()) -> ReportContent:
    return replace(report_content(analyze(results)), figures=figures)


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        "- a",
        "+ a",
        "1. a",
        "2) a",
        "# a",
        "> a",
        "===",
        "---",
        "a & b",
        "&amp;",
        "τ_mem",
        "a ``` b",
        "<!-- a",
        "\\",
        "|",
        "==",
    ],
)
def test_text_is_shown_as_it_is(text: str) -> None:
    assert text_of(escape(text)) == text
    assert kinds(escape(text)) <= {"paragraph_open", "inline", "text", "text_special", "paragraph_close"}
    assert text_of(f"- {escape(text)}") == text
    assert text_of(f"| h |\n| --- |\n| {escape(text)} |").splitlines() == ["h", text]


def test_lines_and_what_cannot_be_shown_do_not_break_it() -> None:
    assert escape("a\n\n# b\0") == "a \\# b\ufffd"
    assert len(escape("x" * 10**6)) == 2000


@pytest.mark.parametrize("text", ["a", "`", "``a", "a`b``c", "a|b"])
def test_code_is_shown_as_it_is(text: str) -> None:
    (inline,) = (token for token in PARSER.parse(code(text)) if token.type == "inline")
    assert [(child.type, child.content) for child in inline.children] == [("code_inline", text)]


def test_a_block_of_code_ends_where_it_ends() -> None:
    (block,) = PARSER.parse(code_block("a: ```\n````\nb", "yaml"))
    assert (block.type, block.content) == ("fence", "a: ```\n````\nb\n")


def test_a_hostile_sweep_is_text(make_sweep, grid) -> None:
    results = make_sweep(grid(), failed=(0,), version=HOSTILE, space={"name": HOSTILE, "question": HOSTILE})
    results = replace(results, name=HOSTILE, trials=results.trials.assign(reason=HOSTILE))
    markdown = render_markdown(content_of(results), {})
    assert not {"html_block", "html_inline", "image", "s_open"} & kinds(markdown)
    assert text_of(markdown).count(HOSTILE) == 4
    addresses = [
        child.attrs["href"]
        for token in PARSER.parse(markdown)
        for child in token.children or []
        if child.type == "link_open"
    ]
    assert addresses
    assert all(address.startswith("https://arxiv.org/abs/") for address in addresses)


def test_figures_are_files_and_a_pdf_is_linked(make_sweep) -> None:
    figures = (
        FigureText("validity", "Rules", "How they are learned.", False),
        FigureText("losses", "Losses", "Down.", True),
    )
    markdown = render_markdown(
        content_of(make_sweep([{}]), figures), {"validity": "figures/v.png", "losses": "figures/l.pdf"}
    )
    assert "![Rules](figures/v.png)\n\n**Figure 1. Rules.** How they are learned." in markdown
    assert "\n[Losses](figures/l.pdf)\n\n**Figure 2. Losses.** Down." in markdown


def test_it_has_the_parts_of_the_page(make_sweep, grid) -> None:
    lines = render_markdown(content_of(make_sweep(grid(), failed=(1,))), {}).splitlines()
    heads = [line for line in lines if line.startswith("## ")]
    assert heads == [
        "## Findings", "## Design", "## What ran", "## Time scales", "## Early stopping",
        "## All trials", "## What this sweep cannot say", "## Methods",
        "## Reproduce",
    ]  # fmt: skip
    assert any(line.startswith("- 1 failed: the test loss is nan at step 64 (`") for line in lines)


@pytest.mark.parametrize("trials", [[], [{}]])
def test_small_sweeps(make_sweep, trials) -> None:
    assert render_markdown(content_of(make_sweep(trials)), {}).startswith("# known\n\n*Who knows?*\n")
