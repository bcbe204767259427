"""The report as Markdown, its figures as files beside it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping

from rhm_sweeps.analysis.report.content import ReportContent
from rhm_sweeps.analysis.report.report_tables import ReportTable
from rhm_sweeps.analysis.report.text import shortened
from rhm_sweeps.printable import printable

ARXIV = re.compile(r"arXiv[: ](\d{4}\.\d{5})")
SPECIAL = re.compile(r"([\\`*_\[\]|~$#!])")
MOST_ROWS = 200
"""Rows of a table in Markdown; the files beside it hold all."""


def render_markdown(content: ReportContent, figure_paths: Mapping[str, str]) -> str:
    """The whole report as GitHub-flavoured Markdown.

    Args:
        figure_paths: the file of each figure, relative to the report, by its name.
    """
    blocks = [
        *_head(content),
        *_design(content),
        *_ran(content),
        *_figures(content, figure_paths),
        *(
            block
            for table in content.tables
            if table.name in ("settings", "stopping", "trials")
            for block in _table(table)
        ),
        "## What this sweep cannot say",
        _bullets(map(escape, content.limits)) or "Nothing is missing.",
        *_methods(content),
        *_reproduction(content),
    ]
    return "\n\n".join(blocks) + "\n"


def escape(text: str) -> str:
    """Plain text that Markdown shows as it is, in one line and in a cell of a table."""
    safe = SPECIAL.sub(r"\\\1", html.escape(shortened(printable(text), 2000), quote=False))
    safe = re.sub(r"^([-+=])", r"\\\1", safe)
    return re.sub(r"^(\d+)([.)])(?= |$)", r"\1\\\2", safe)


def code(text: str) -> str:
    """Text as code in a line."""
    line = shortened(printable(text), 2000)
    fence = _fence(line, 1)
    return f"{fence} {line} {fence}" if line.startswith("`") or line.endswith("`") else f"{fence}{line}{fence}"


def code_block(text: str, language: str) -> str:
    """Text as a block of code."""
    fence = _fence(text, 3)
    return f"{fence}{language}\n{printable(text).rstrip()}\n{fence}"


def _fence(text: str, least: int) -> str:
    return "`" * max([least, *(len(run) + 1 for run in re.findall("`+", text))])


def _head(content: ReportContent) -> Iterator[str]:
    yield f"# {escape(content.name)}"
    if content.question:
        yield f"*{escape(content.question)}*"
    rows = [[escape(one.value), escape(one.label), escape(one.note)] for one in content.key_numbers]
    yield _grid(["", "", ""], rows)
    if content.findings:
        yield "## Findings"
        yield _bullets(map(escape, content.findings))


def _design(content: ReportContent) -> Iterator[str]:
    yield "## Design"
    swept = next((table for table in content.tables if table.name == "swept"), None)
    yield _rows(swept) if swept else "Nothing varies but seeds."
    if content.design.facts:
        yield _facts(content.design.facts)
    if content.design.fixed:
        yield "Fixed fields; all others have their defaults:"
        yield _facts(content.design.fixed)


def _ran(content: ReportContent) -> Iterator[str]:
    yield "## What ran"
    yield _facts(content.facts)
    if content.coverage.reasons:
        yield "Failed and stopped trials:"
        yield _bullets(
            f"{one.trials:,} {one.state}: {escape(one.reason)} ({', '.join(map(code, one.signatures))}"
            + (", …)" if one.trials > len(one.signatures) else ")")
            for one in content.coverage.reasons
        )


def _figures(content: ReportContent, paths: Mapping[str, str]) -> Iterator[str]:
    if content.figures:
        yield "## Figures"
    for number, figure in enumerate(content.figures, 1):
        path, title = paths[figure.name], escape(figure.title)
        yield f"[{title}]({path})" if path.endswith(".pdf") else f"![{title}]({path})"
        yield f"**Figure {number}. {title}.** {escape(figure.caption)}"


def _table(table: ReportTable) -> Iterator[str]:
    yield f"## {escape(table.title)}"
    if table.note:
        yield escape(table.note)
    yield _rows(table)
    shown = min(MOST_ROWS, len(table.table.rows))
    if table.rows_in_all > shown:
        yield f"The first {shown:,} of {table.rows_in_all:,}; the files beside this page have all."


def _methods(content: ReportContent) -> Iterator[str]:
    yield "## Methods"
    grammars = next((table for table in content.tables if table.name == "grammars"), None)
    for number, method in enumerate(content.methods):
        yield f"### {method.title}"
        yield _cited(method.text)
        yield from (f"$$\n{tex}\n$$" for tex in method.equations)
        if number == 0 and grammars:
            yield _rows(grammars)


def _reproduction(content: ReportContent) -> Iterator[str]:
    again = content.reproduction
    yield "## Reproduce"
    if not again.space:
        yield "The search space of this sweep is not in the record that this report was made from."
    yield code_block("\n".join(again.commands), "sh")
    yield _facts(again.identity)
    if again.space:
        yield "`space.yaml`:"
        yield code_block(again.space, "yaml")


def _cited(text: str) -> str:
    return ARXIV.sub(r"[arXiv:\1](https://arxiv.org/abs/\1)", text)


def _facts(facts: Mapping[str, str]) -> str:
    return _bullets(f"{escape(label)}: {escape(value)}" for label, value in facts.items())


def _bullets(lines: Iterator[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _rows(table: ReportTable) -> str:
    rows = [[escape(shortened(cell.text)) for cell in row] for row in table.table.rows[:MOST_ROWS]]
    return _grid([escape(head) for head in table.table.columns], rows)


def _grid(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
