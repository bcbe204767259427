"""The report as one HTML page that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import html
import math
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from rhm_sweeps.analysis.report.content import ReportContent
from rhm_sweeps.analysis.report.mathml import mathml
from rhm_sweeps.analysis.report.report_tables import ReportTable
from rhm_sweeps.analysis.report.tables import Cell
from rhm_sweeps.analysis.report.text import shortened
from rhm_sweeps.printable import printable

WORD_JOINER = "\u2060"
"""Keeps a comma in the line of the formula before it."""
ARXIV = re.compile(r"arXiv[: ](\d{4}\.\d{5})")


def render_page(content: ReportContent, images: Mapping[str, bytes]) -> str:
    """Fill the page; it runs and shows only what is in it, by a policy that names its one script and its one style.

    Args:
        images: the SVG or PNG of each figure, by its name.
    """
    environment = _environment()
    style, script = _source("report.css.j2"), _source("report.js.j2")
    return environment.get_template("report.html.j2").render(
        content=content,
        by_name=[(name, _table(content, name)) for name in ("swept", "settings", "grammars")],
        images={figure.name: data_uri(images[figure.name]) for figure in content.figures},
        style=style,
        script=script,
        style_hash=policy_hash(style),
        script_hash=policy_hash(script),
        texts=_is_text,
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("rhm_sweeps.analysis.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= {
        "maths": maths, "formulas": formulas, "equation": _equation, "shortened": shortened, "sort_key": _sort_key,
    }  # fmt: skip
    return environment


def _shown(value: Any) -> Any:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _source(name: str) -> Markup:
    """A file beside the template as it is: its braces are not the template's."""
    return Markup(files("rhm_sweeps.analysis.report").joinpath(name).read_text(encoding="utf-8"))


def policy_hash(text: str) -> Markup:
    """The name of an inline script or style in a Content-Security-Policy."""
    return Markup("sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode())


def maths(text: str) -> Markup:
    """HTML of a plain sentence, escaped, with its symbols set as formulas: τ_mem, P_max, P*_2, s^l, P^0.98."""
    safe = html.escape(printable(text)).replace(" = ", "\u00a0=\u00a0")
    safe = re.sub(r"(τ|P\*|\b[Px])_(\w+)", r"<var>\1</var><sub>\2</sub>", safe)
    safe = re.sub(r"\b([PTLmnsvd])\^\(?(\w+(?:[.+]\w+)?)\)?", r"<var>\1</var><sup>\2</sup>", safe)
    safe = re.sub(r"^([ns])$|(?<=, )(t)(?=\) )", r"<var>\1\2</var>", safe)
    safe = re.sub(r"(?<![\w<>&/])([PTLlmvd])(?![\w>])", r"<var>\1</var>", safe)
    safe = re.sub(r"<(su[bp])>([A-Za-z])</", r"<\1><var>\2</var></", safe)
    return Markup(_cited(safe))


def formulas(text: str) -> Markup:
    """HTML of a text with `$TeX$` and `arXiv:number` in it."""
    parts = text.split("$")
    html_of = "".join(mathml(part) if i % 2 else _cited(html.escape(part)) for i, part in enumerate(parts))
    return Markup(re.sub(r"(?<=</math>)(?=[.,;:)])", WORD_JOINER, html_of))


def _cited(safe: str) -> str:
    return ARXIV.sub(r'<a href="https://arxiv.org/abs/\1">arXiv:\1</a>', safe)


def _equation(tex: str) -> Markup:
    return Markup(mathml(tex, display=True))


def _sort_key(cell: Cell) -> Markup:
    """The attributes of a table's cell: its number, by which it is sorted, or that it is text."""
    if isinstance(cell.key, str):
        return Markup(' class="text"')
    return Markup(f' data-n="{float(cell.key)!r}"' if math.isfinite(cell.key) else "")


def _is_text(table: ReportTable, column: int) -> bool:
    return any(isinstance(row[column].key, str) for row in table.table.rows)


def _table(content: ReportContent, name: str) -> ReportTable | None:
    return next((table for table in content.tables if table.name == name), None)


def data_uri(image: bytes) -> str:
    """A picture as an address that holds it; PNG by its first bytes, else SVG."""
    kind = "png" if image.startswith(b"\x89PNG") else "svg+xml"
    return f"data:image/{kind};base64," + base64.b64encode(image).decode()
