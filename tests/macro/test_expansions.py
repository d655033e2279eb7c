"""Lemma 4.2 and Prop. 4.1, corrected and published, against dense operator algebra."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from macro import maxwellian_expansion, multiplier_expansion
from macro.calculus import Calculus
from macro.forms import Form
from validation.oracle import bgk, dense, rates
from validation.oracle.dense import Box

P = (np.array([-1.7, -0.4, 0.6, 1.5])[:, None], np.array([-1.1, 0.3, 1.9])[None, :])
LADDER = (0.3, 0.22, 0.16)
PUBLISHED = Form.PUBLISHED


def strip(epsilon: float, alpha: float, beta: float = 0.0) -> Box:
    """A box for fields of x1."""
    return rates.box((9, 1), (2 * np.pi, 1.0), epsilon, alpha, beta=beta)


def torus(epsilon: float, alpha: float, beta: float = 0.0) -> Box:
    """A box for fields of x1 and x2, good to 1e-5 of <M>."""
    given = {"beta": beta, "p_max": 5.5, "separation": 7.0}
    return rates.box((9, 9), (2 * np.pi, 5.6), epsilon, alpha, **given)


def multipliers(box: Box) -> NDArray:
    """(a0, a), all components, along both axes where there are two."""
    X, Y = (2 * np.pi / L * x for x, L in zip(dense.lattice(box), box.length, strict=True))
    a = [
        0.2 * np.sin(X) + 0.1 * np.cos(X + Y),
        0.3 + 0.2 * np.cos(X),
        0.3 * np.sin(X + Y + 0.5),
        0.3 * np.cos(X - Y),
    ]
    return np.stack([np.broadcast_to(f, box.n) for f in a])


def calculus(box: Box) -> Calculus:
    """Derivatives on the lattice of a box."""
    return Calculus(box.n, box.length)


Error = Callable[[Box, Form], NDArray]


def of_multipliers(box: Box, form: Form) -> NDArray:
    """Lemma 4.2 minus the multipliers that the densities come from."""
    mu = multipliers(box)
    u = bgk.exponential(box, mu).u
    return multiplier_expansion.multipliers(calculus(box), u, box.epsilon, box.coupling, form) - mu


def of_densities(box: Box, form: Form) -> NDArray:
    """(47) minus the densities."""
    mu = multipliers(box)
    found = maxwellian_expansion.densities(calculus(box), mu, box.epsilon, box.coupling, form)
    return found - bgk.exponential(box, mu).u


@cache
def exact_symbol(box: Box, beta: float) -> NDArray:
    """M(x, p) of exp(beta ...), the same for all forms of the expansion."""
    rho = dense.operator_function(
        dense.diagonalise(dense.exponent(box, multipliers(box))),
        lambda values: np.exp(beta * values),
    )
    return dense.wigner(box, rho, P[0].ravel(), P[1].ravel())


def of_symbol(box: Box, form: Form, beta: float = 1.0) -> NDArray:
    """Prop. 4.1 minus M(x, p)."""
    box = dense.doubled(box)
    x, mu = calculus(box), multipliers(box)
    found = maxwellian_expansion.symbol(x, mu, P, box.epsilon, box.coupling, form, beta)
    return found - exact_symbol(box, beta)


def orders(error: Error, boxes: list[Box], form: Form) -> tuple[float, float]:
    """Fitted orders in eps of the scalar and of the spin part."""
    errors = [error(box, form) for box in boxes]
    log_eps = np.log([box.epsilon for box in boxes])
    parts = ([np.abs(part(e)).max() for e in errors] for part in (lambda e: e[0], lambda e: e[1:]))
    return tuple(np.polyfit(log_eps, np.log(sizes), 1)[0] for sizes in parts)


def strips(alpha: float, beta: float = 0.0) -> list[Box]:
    """A ladder in eps."""
    return [strip(epsilon, alpha, beta) for epsilon in LADDER]


@pytest.mark.parametrize(("alpha", "beta"), [(0.0, 0.0), (0.7, 0.0), (0.4, 0.6)])
@pytest.mark.parametrize("error", [of_multipliers, of_densities])
def test_corrected_multipliers_and_densities_are_of_order_4(
    error: Error, alpha: float, beta: float
) -> None:
    scalar, spin = orders(error, strips(alpha, beta), Form.CORRECTED)
    assert scalar == pytest.approx(4, abs=0.2)
    assert spin == pytest.approx(4, abs=0.2)


@pytest.mark.parametrize("error", [of_multipliers, of_densities])
def test_published_multipliers_and_densities_are_of_order_2(error: Error) -> None:
    scalar, spin = orders(error, strips(0.7), PUBLISHED)
    assert scalar == pytest.approx(4, abs=0.2)
    assert spin == pytest.approx(2, abs=0.15)


@pytest.mark.parametrize("beta", [1.0, 0.6])
@pytest.mark.parametrize(("form", "order"), [(Form.CORRECTED, 5), (PUBLISHED, 3)])
def test_orders_of_the_symbol(form: Form, order: int, beta: float) -> None:
    """(39) is right; the corrected (40) gains two orders. At any beta, as (38)-(40) say."""
    scalar, spin = orders(lambda box, form: of_symbol(box, form, beta), strips(0.7), form)
    assert scalar == pytest.approx(4, abs=0.1)
    assert spin == pytest.approx(order, abs=0.1)


def test_symbol_with_both_couplings() -> None:
    scalar, spin = orders(of_symbol, strips(0.4, 0.6), Form.CORRECTED)
    assert scalar == pytest.approx(4, abs=0.1)
    assert spin == pytest.approx(5, abs=0.1)


def test_orders_in_two_dimensions() -> None:
    boxes = [torus(epsilon, 0.6, 0.3) for epsilon in (0.9, 0.7)]
    scalar, spin = orders(of_densities, boxes, Form.CORRECTED)
    assert scalar == pytest.approx(4, abs=0.3)
    assert spin == pytest.approx(4, abs=0.3)
    scalar, spin = orders(of_symbol, boxes, Form.CORRECTED)
    assert scalar == pytest.approx(4, abs=0.3)
    assert spin == pytest.approx(5, abs=0.5)


@pytest.mark.parametrize("n", [(24, 22), (32, 1), (1, 31)])
def test_densities_are_integrals_of_the_symbol(n: tuple[int, int]) -> None:
    """(47) is (40) integrated over p, in two dimensions and with either sign of the turn."""
    box = Box((n[0] | 1, n[1] | 1), (2 * np.pi, 5.6), 0.3, 0.7)
    x, mu = calculus(box), multipliers(box)
    p = np.linspace(-9.0, 9.0, 41)
    for form in Form:
        M = maxwellian_expansion.symbol(
            x, mu, (p[:, None], p[None, :]), box.epsilon, box.coupling, form
        )
        integral = M.sum(axis=(-2, -1)) * (p[1] - p[0]) ** 2
        integral[1:] /= box.epsilon
        corrected = maxwellian_expansion.densities(x, mu, box.epsilon, box.coupling, Form.CORRECTED)
        np.testing.assert_allclose(integral, corrected, rtol=0, atol=1e-12 * corrected.max())


def test_expansions_in_two_dimensions_are_inverse_to_each_other() -> None:
    """Lemma 4.2 of (39) and (47) gives back the multipliers up to order 4."""
    sizes = []
    for epsilon in (0.05, 0.025):
        box = Box((31, 29), (2 * np.pi, 5.6), epsilon, 0.7)
        x, mu = calculus(box), multipliers(box)
        u = maxwellian_expansion.densities(x, mu, epsilon, box.coupling)
        sizes.append(
            np.abs(multiplier_expansion.multipliers(x, u, epsilon, box.coupling) - mu).max(
                axis=(1, 2)
            )
        )
    np.testing.assert_allclose(np.log2(sizes[0] / sizes[1]), 4, atol=0.1)


def test_forms_differ_in_the_rashba_terms_alone() -> None:
    box = Box((9, 9), (2 * np.pi, 5.6), 0.3, 0.7)
    x, u = calculus(box), multipliers(box) + np.array([2.0, 0, 0, 0])[:, None, None]
    terms = [multiplier_expansion.spin_terms(x, u, box.coupling, form) for form in Form]
    differ = {name for name in terms[0] if not np.array_equal(*(t[name] for t in terms))}
    assert differ == {"rashba curl", "rashba gradient"}
    np.testing.assert_array_equal(
        multiplier_expansion.spin_terms(x, u, 0 * box.coupling)["rashba curl"], np.zeros_like(u[1:])
    )
