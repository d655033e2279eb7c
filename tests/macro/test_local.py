"""The local model (6)-(7): orders against the nonlocal model, and term by term."""

from __future__ import annotations

import numpy as np
import pytest

from macro.calculus import Calculus, cross
from macro.forms import Form
from macro.local import TERMS, Fields, Local, printed_spin_bohm, spin_bohm
from macro.model import Medium
from macro.nonlocal_model import Nonlocal
from macro.spin_drift_diffusion import SpinDriftDiffusion
from macro.two_component import TwoComponent
from wigner.maxwellian.multiplier_solver import MultiplierSolver
from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.layout import Layout
from wigner.physics import Physics

LENGTH = (2 * np.pi, 2 * np.pi)


def strip(n=64):
    """Densities and V along x1, spin in all directions."""
    x = np.arange(n)[:, None] * 2 * np.pi / n
    u = np.stack(
        [
            1 + 0.3 * np.sin(x),
            0.5 + 0.3 * np.cos(x),
            0.4 * np.sin(x + 0.5),
            0.3 * np.cos(x + 1) - 0.2,
        ]
    )
    return u, 0.4 * np.cos(x) + 0.1 * np.sin(2 * x)


def torus(n=(40, 36)):
    """Densities and V on both axes."""
    x1, x2 = np.meshgrid(*(np.arange(m) * 2 * np.pi / m for m in n), indexing="ij")
    u = np.stack(
        [
            1 + 0.2 * np.sin(x1) * np.cos(x2),
            0.5 + 0.2 * np.cos(x1),
            0.4 * np.sin(x2 + 0.5),
            0.3 * np.cos(x1 - x2),
        ]
    )
    return u, 0.3 * np.cos(x1 + x2)


def zeeman(n):
    """A field b of size one, along both axes where there are two."""
    x1, x2 = np.meshgrid(*(np.arange(m) * 2 * np.pi / m for m in n), indexing="ij")
    b = [0.4 + 0.3 * np.cos(x1 + 0.3), 0.3 * np.sin(x1 - x2), 0.2 * np.cos(x1 - 1) - 0.5]
    return np.stack(b)


def medium(u, V, epsilon, alpha, tau=1.0, beta=0.0, b=0.0, E=(0.0, 0.0)):
    return Medium(Calculus(u.shape[1:], LENGTH), Physics(epsilon, alpha, tau, V, beta, b, E))


def exact(case, u):
    """The right-hand side of the nonlocal model."""
    layout = Layout(PhaseGrid(u.shape[1:], LENGTH, (8, 8), (7.0, 7.0)))
    return Nonlocal(case, MultiplierSolver(layout, case.physics, 1e-13, levels=4)).rate(u)


def distance(epsilon, alpha, form):
    """Largest difference of the local and the nonlocal right-hand side, charge and spin."""
    u, V = strip()
    case = medium(u, V, epsilon, alpha)
    difference = np.abs(Local(case, form).rate(u) - exact(case, u))
    return difference[0].max(), difference[1:].max()


@pytest.mark.parametrize(
    ("coupling", "form", "charge", "spin", "within"),
    [
        (0.0, Form.CORRECTED, 4, 4, 0.2),
        (0.0, Form.PUBLISHED, 4, 2, 0.2),
        (1.0, Form.CORRECTED, 4, 3, 0.3),
        (1.0, Form.PUBLISHED, 4, 1, 0.3),
    ],
)
def test_order_in_epsilon(coupling, form, charge, spin, within):
    """alpha = coupling * eps; the last two of three halvings are asserted."""
    errors = np.array([distance(e, coupling * e, form) for e in (0.2, 0.1, 0.05)])
    orders = np.log2(errors[:-1] / errors[1:])
    np.testing.assert_allclose(orders[-1], [charge, spin], atol=within)


@pytest.mark.parametrize(("coupling", "spin", "within"), [(0.0, 4, 0.1), (1.0, 3, 0.3)])
def test_order_with_every_term(coupling, spin, within):
    """As above with b and E of size one, and Rashba and Dresselhaus coupling of size eps.

    Without the part of b that is of order eps^2 the order of the spin is 2.
    """
    u, V = strip(48)
    b, errors = zeeman((48, 1)), []
    for epsilon in (0.1, 0.05):
        couplings = {"alpha": 0.8 * coupling * epsilon, "beta": 0.5 * coupling * epsilon}
        case = medium(u, V, epsilon, **couplings, b=b, E=(0.5, -0.4))
        right, found = exact(case, u), Local(case).rate(u)
        pulled = cross(u[1:], cross(u[1:], case.Db.swapaxes(0, 1)[:, 0])) / u[0]
        less = found[1:] - epsilon**2 / 3 * case.x.div(np.stack([pulled, 0 * pulled]))
        parts = found[0] - right[0], found[1:] - right[1:], less - right[1:]
        errors.append([np.abs(part).max() for part in parts])
    charge, spins, without = np.log2(np.divide(*errors))
    assert charge == pytest.approx(4, abs=0.3)
    assert spins == pytest.approx(spin, abs=within)
    assert without < 2.5


def test_letters_of_the_paper_are_the_derivative_of_the_bohm_force():
    """DF[n0](n) = (eps^2/12)(n A - grad Lap n + ...) but for the |n|^2 terms in A and C.

    Those are cubic in n, the rest is linear: the odd part in n at two amplitudes tells them apart.
    """
    u, V = torus()
    case = medium(u, V, 0.3, 0.0)

    def at(term, s):
        scaled = u * np.array([1, s, s, s])[:, None, None]
        return term(Fields(case, scaled)).spin / s

    ours, one, two = at(spin_bohm, 1), at(printed_spin_bohm, 1), at(printed_spin_bohm, 2)
    linear = (4 * one - two) / 3
    np.testing.assert_allclose(linear, ours, atol=1e-9 * np.abs(ours).max())
    assert np.abs(one - ours).max() > 0.1 * np.abs(ours).max()
    # the cubic part: (eps^2/12) (4 |n|^2 grad n - 4 n (n.grad n))/n0^2
    n0, n = u[0], u[1:]
    grad = case.x.grad(n)
    cubic = (n**2).sum(0) * grad - n * (n * grad).sum(1)[:, None]
    np.testing.assert_allclose(
        one - linear, 0.3**2 / 3 * cubic / n0**2, atol=1e-9 * np.abs(ours).max()
    )


def test_bohm_force_is_that_of_the_square_root():
    """F = -(eps^2/6) n0 grad(Lap sqrt(n0)/sqrt(n0)), and DF by differences of order two."""
    u, V = torus()
    case = medium(u, V, 0.3, 0.0)
    x = case.x

    def force(n0):
        root = np.sqrt(n0)
        return -(0.3**2) / 6 * n0 * x.grad(x.laplacian(root) / root)

    fields = Fields(case, u)
    found = TERMS[Form.CORRECTED]["bohm"](fields).charge
    np.testing.assert_allclose(found, force(u[0]), atol=1e-11)
    slope = spin_bohm(fields).spin
    errors = []
    for h in (0.1, 0.05):
        differences = [(force(u[0] + h * n) - force(u[0] - h * n)) / (2 * h) for n in u[1:]]
        errors.append(np.abs(slope - np.stack(differences, axis=1)).max())
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.1)


def test_a_study_can_leave_terms_out():
    u, V = torus()
    case = medium(u, V, 0.2, 0.5)
    terms = TERMS[Form.CORRECTED]
    whole = Local(case).rate(u)
    without = Local(case, terms=[t for name, t in terms.items() if name != "gate"]).rate(u)
    gate = Local(case, terms=[terms["gate"]]).rate(u)
    assert np.abs(gate).max() > 0.01
    np.testing.assert_allclose(whole, without + gate, atol=1e-11)


def test_no_epsilon_leaves_spin_drift_diffusion():
    """The difference to (9)-(10) is eps^2 times a constant; with b and E too."""
    u, V = torus()
    for more in ({}, {"beta": 0.4, "b": zeeman(u.shape[1:]), "E": (0.5, -0.4)}):
        errors = []
        for epsilon in (0.02, 0.01):
            case = medium(u, V, epsilon, 0.7, 0.3, **more)
            errors.append(np.abs(Local(case).rate(u) - SpinDriftDiffusion(case).rate(u)).max())
        assert errors[0] / errors[1] == pytest.approx(4, rel=1e-3)


def test_two_components_feel_b_along_their_axis():
    """As below, with b3, E and couplings of size eps: n0 and n3 differ by O(eps^4)."""
    u, V = torus()
    u[1:3] = 0
    b, errors = zeeman(u.shape[1:]) * np.array([0, 0, 1])[:, None, None], []
    for epsilon in (0.1, 0.05):
        case = medium(u, V, epsilon, 0.7 * epsilon, 1.0, 0.4 * epsilon, b, (0.5, -0.4))
        difference = Local(case).rate(u) - TwoComponent(case).rate(u)
        errors.append(np.abs(difference).max(axis=(1, 2)))
    coarse, fine = np.array(errors)[:, [0, 3]]
    np.testing.assert_allclose(np.log2(coarse / fine), 4, atol=0.1)


def test_two_component_is_local_within_its_order():
    """With n1 = n2 = 0, n0 and n3 differ by O(eps^4); alpha is there for the decay of n3."""
    u, V = torus()
    u[1:3] = 0
    errors = []
    for epsilon in (0.1, 0.05):
        case = medium(u, V, epsilon, 0.7)
        difference = Local(case).rate(u) - TwoComponent(case).rate(u)
        errors.append(np.abs(difference).max(axis=(1, 2)))
    coarse, fine = np.array(errors)[:, [0, 3]]
    np.testing.assert_allclose(np.log2(coarse / fine), 4, atol=0.1)


def test_multipliers_of_two_components_are_those_of_the_expansion_within_their_order():
    """With n1 = n2 = 0 and alpha = 0, a0 and a3 differ by O(eps^4) from those of Lemma 4.2."""
    u, V = torus()
    u[1:3] = 0
    errors = []
    for epsilon in (0.1, 0.05):
        case = medium(u, V, epsilon, 0.0)
        difference = TwoComponent(case).multipliers(u) - Local(case).multipliers(u)
        errors.append(np.abs(difference).max(axis=(1, 2)))
    coarse, fine = np.array(errors)[:, [0, 3]]
    np.testing.assert_allclose(np.log2(coarse / fine), 4, atol=0.1)
