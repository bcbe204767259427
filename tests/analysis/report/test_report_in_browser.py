"""The page of a report in a real browser, opened as a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rhm_sweeps.analysis.figures.figure_style import FigureFiles
from rhm_sweeps.analysis.report.content import report_content
from rhm_sweeps.analysis.report.page import render_page
from rhm_sweeps.analysis.report.report_files import write_report
from rhm_sweeps.analysis.sweep_analysis import analyze
from rhm_sweeps.tracking.results import Results

from ...browser import Browser, needs_browser, running_browser

pytestmark = [pytest.mark.slow, needs_browser]
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
COLUMN = "Array.from(document.querySelectorAll('#settings tbody tr'), row => row.cells[{}].textContent)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as found:
        yield found


@pytest.fixture
def results(make_sweep, grid) -> Results:
    """Sizes whose order as text is another than as numbers; the largest does not memorize."""
    found = make_sweep(grid(sizes=(64, 128, 256, 1024, 2048), seeds=1), failed=(1,))
    return replace(found, trials=found.trials.assign(reason=HOSTILE))


@pytest.fixture
def page(results: Results, tmp_path: Path) -> Path:
    """The page without figures."""
    path = tmp_path / "report.html"
    path.write_text(render_page(report_content(analyze(results)), {}), encoding="utf-8")
    return path


def sorting(browser: Browser, column: int) -> str | None:
    return browser.evaluate(
        f"document.querySelector('#settings').querySelectorAll('th')[{column}].getAttribute('aria-sort')"
    )


def click(browser: Browser, column: int) -> None:
    browser.evaluate(f"document.querySelector('#settings').querySelectorAll('th button')[{column}].click()")


def test_the_page_as_a_reader_meets_it(browser: Browser, results: Results, tmp_path: Path) -> None:
    """It loads without a complaint, shows its pictures, fits a narrow window, prints, and runs nothing that names contain."""
    page = write_report(results, tmp_path, files=FigureFiles(("svg",))).page
    browser.complaints.clear()
    browser.open(page)
    title = browser.evaluate("document.title")
    assert title == "known: a sweep on the Random Hierarchy Model"
    shown = browser.evaluate("Array.from(document.images, image => image.complete && image.naturalWidth > 0)")
    assert len(shown) >= 5
    assert all(shown)
    assert browser.evaluate("getComputedStyle(document.body).maxWidth") == "992px"
    assert browser.evaluate("document.body.textContent.includes('onerror')")
    assert browser.evaluate("document.querySelectorAll('math').length") > 20
    light = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    browser.open(page, width=380, height=700, dark=True)
    assert browser.evaluate("document.documentElement.scrollWidth") == 380
    assert browser.evaluate("getComputedStyle(document.body).backgroundColor") != light
    assert browser.pdf().startswith(b"%PDF")
    assert browser.complaints == []


def test_tables_sort_by_mouse_and_by_key(browser: Browser, page: Path) -> None:
    browser.open(page)
    heads = browser.evaluate("Array.from(document.querySelectorAll('#settings th'), head => head.innerText.trim())")
    assert heads[0] == "P"
    memorized = next(place for place, head in enumerate(heads) if "copies" in head)
    click(browser, 0)
    assert browser.evaluate(COLUMN.format(0)) == ["64", "256", "1024", "2048"]
    assert sorting(browser, 0) == "ascending"
    click(browser, 0)
    assert browser.evaluate(COLUMN.format(0)) == ["2048", "1024", "256", "64"]
    assert sorting(browser, 0) == "descending"
    browser.evaluate(f"document.querySelectorAll('#settings th button')[{memorized}].focus()")
    for key, code, text in (("Enter", 13, "\r"), (" ", 32, " ")):
        browser.press(key, code, text)
        assert browser.evaluate(COLUMN.format(memorized))[-1].startswith(">")
    assert sorting(browser, memorized) == "descending"
    assert sorting(browser, 0) is None


def test_a_policy_refuses_what_is_not_the_pages_own(browser: Browser, page: Path) -> None:
    """The policy is what stops it: the same tag in the page would run without."""
    text = page.read_text()
    page.write_text(text.replace("</main>", "<script>document.title = 'owned'</script></main>"))
    browser.complaints.clear()
    browser.open(page)
    assert browser.evaluate("document.title") != "owned"
    assert any("Content Security Policy" in complaint for complaint in browser.complaints)


def test_an_empty_sweep_has_a_page(browser: Browser, make_sweep, tmp_path) -> None:
    browser.complaints.clear()
    browser.open(write_report(make_sweep([]), tmp_path).page)
    assert "nothing to analyse" in browser.evaluate("document.body.innerText")
    assert browser.complaints == []
