"""Formulas as MathML, against what the standard says of each piece."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from rhm_sweeps.analysis.report.mathml import mathml
from rhm_sweeps.analysis.report.methods import methods
from rhm_sweeps.analysis.trials.time_scales import Thresholds


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        ("P", "<mi>P</mi>"),
        ("0.9", "<mn>0.9</mn>"),
        ("s^L", "<msup><mi>s</mi><mi>L</mi></msup>"),
        ("x_t", "<msub><mi>x</mi><mi>t</mi></msub>"),
        ("P^*_l", "<msubsup><mi>P</mi><mi>l</mi><mo>*</mo></msubsup>"),
        ("P_l^*", "<msubsup><mi>P</mi><mi>l</mi><mo>*</mo></msubsup>"),
        (r"\frac{a}{b}", "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>"),
        (r"\tau_\text{mem}", "<msub><mi>τ</mi><mtext>mem</mtext></msub>"),
        (r"\ln a - b", "<mi>ln</mi><mi>a</mi><mo>−</mo><mi>b</mi>"),
        (r"a \le b", "<mi>a</mi><mo>≤</mo><mi>b</mi>"),
        ("a < b", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>"),
        (r"\bar{x}", '<mover accent="true"><mrow><mi>x</mi></mrow><mo>¯</mo></mover>'),
        (r"\{x\}", "<mo>{</mo><mi>x</mi><mo>}</mo>"),
    ],
)
def test_pieces(tex: str, expected: str) -> None:
    assert mathml(tex) == f"<math><mrow>{expected}</mrow></math>"


@pytest.mark.parametrize("tex", ["{a", r"\frac{a}", "a_", r"\unknown", "a}"])
def test_formulas_that_are_broken_are_refused(tex: str) -> None:
    with pytest.raises(ValueError, match="in '"):
        mathml(tex)


def test_every_formula_of_the_methods_is_well_formed() -> None:
    found = methods(Thresholds())
    formulas = [tex for one in found for tex in (*one.equations, *one.text.split("$")[1::2])]
    assert len(formulas) > 30
    assert all(one.text.count("$") % 2 == 0 for one in found)
    for tex in formulas:
        assert ET.fromstring(mathml(tex, display=True)).get("display") == "block"


def test_methods_say_the_thresholds() -> None:
    found = {one.title: one for one in methods(Thresholds(learned=0.75, copied=0.25, gap=0.125))}
    assert "75% of the way" in found["When rules are learned"].text
    assert "exceeds chance by 0.25" in found["When copying begins"].text
    assert found["When the losses part"].equations == (r"1 - \frac{r}{r_0} \ge 0.125",)
    assert not [one for one in found.values() if "@" in one.text + "".join(one.equations)]
