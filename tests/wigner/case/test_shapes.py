"""Shapes for formulas, against Fourier series and areas; formulas of time."""

from __future__ import annotations

import numpy as np
import pytest

from wigner.case.formulas import SPACE, parse
from wigner.errors import ExpressionError

X = np.linspace(-7.0, 9.0, 101)
L = 5.0


@pytest.mark.parametrize("width", [0.2, 0.7, 3.0])
def test_gaussian_on_a_ring_is_its_fourier_series(width):
    m = np.arange(1, 60)
    waves = np.exp(-2 * (np.pi * width * m / L) ** 2) * np.cos(2 * np.pi * np.outer(X, m) / L)
    exact = width * np.sqrt(2 * np.pi) / L * (1 + 2 * waves.sum(axis=1))
    found = parse(f"gaussian(x1, {width}, {L})")(X, 0.0)
    np.testing.assert_allclose(found, exact, atol=1e-14)


@pytest.mark.parametrize(("length", "edge"), [(2.0, 0.1), (4.9, 0.05), (1.0, 0.8)])
def test_plateau_on_a_ring_has_its_area_and_edges(length, edge):
    x = np.arange(400) * L / 400
    formula = parse(f"plateau(x1 - 1, {length}, {edge}, {L})")
    found = formula(x, 0.0)
    assert found.mean() == pytest.approx(length / L, rel=1e-12)
    np.testing.assert_allclose(formula(x + L, 0.0), found, atol=1e-14)
    if length + 20 * edge < L:
        assert formula(1.0, 0.0) == pytest.approx(1.0, abs=1e-7)
        assert formula(1 + length / 2, 0.0) == pytest.approx(0.5, abs=1e-3)


def test_step_switches_in_time():
    formula = parse("step(t - 1, 0.1)")
    assert formula.varies
    found = [float(formula(0.0, 0.0, t)) for t in (-4.0, 1.0, 1.1, 9.0)]
    np.testing.assert_allclose(found, [0.0, 0.5, 1 / (1 + np.exp(-2)), 1.0], atol=1e-15)
    assert not formula.at(1.1).varies
    assert formula.at(1.1)(0.0, 0.0) == found[2]


def test_widths_that_make_no_shape_are_errors():
    shapes = ("gaussian(x1, 0, 5)", "plateau(x1, 1, 0, 5)", "gaussian(x1, 0.1, 0)")
    for text in (*shapes, "step(x1, 0)*x2"):
        for x in (0.0, 0.7):  # at the centre, and beside it
            with pytest.raises(ExpressionError, match="finite"):
                parse(text)(np.array([x, 1.0]), np.array([0.0, 1.0]))


def test_variables_have_their_places():
    with pytest.raises(
        ExpressionError, match=r"t is not allowed here; potential, zeeman and field"
    ):
        parse("1 + 0.1*sin(t)", SPACE)
    with pytest.raises(ExpressionError, match=r"x1 is not allowed here; .* the gradient of"):
        parse("cos(x1 - t)", ("t",))
