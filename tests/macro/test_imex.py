"""Time integration: order conditions, observed orders, error control, stiffness, failures."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from macro.calculus import Calculus
from macro.imex import ARK4, Stepper, integrate, solution
from macro.local import Local
from macro.model import Balance, Medium, Model
from wigner.errors import SolveError
from wigner.physics import Physics

LENGTH = (2 * np.pi, 2 * np.pi)


def local(n=(24, 20), epsilon=0.3, alpha=0.5, tau=0.2):
    x1, x2 = np.meshgrid(*(np.arange(m) * 2 * np.pi / m for m in n), indexing="ij")
    u = np.stack(
        [
            1 + 0.2 * np.sin(x1) * np.cos(x2),
            0.5 + 0.2 * np.cos(x1),
            0.4 * np.sin(x2 + 0.5),
            0.3 * np.cos(x1 - x2),
        ]
    )
    physics = Physics(epsilon, alpha, tau, 0.3 * np.cos(x1 + x2))
    return Local(Medium(Calculus(n, LENGTH), physics)), u


class Logistic(Model):
    """d_t u = u - u^2 in every component: explicit, with the closed form u = 1/(1 + c e^-t)."""

    def balance(self, u, t=0.0):
        return Balance(np.zeros((2, *u.shape)), u - u**2)

    def multipliers(self, u):
        return u

    def _stiff(self):
        return np.full((4, 2, 2), -1.0)  # as good as any for a test of the splitting


def logistic():
    physics = Physics(1e-3, 0.0, 1.0, np.zeros((2, 2)))
    model = Logistic(Medium(Calculus((2, 2), LENGTH), physics))
    start = np.full((4, 2, 2), 0.25)

    def exact(t):
        return 1 / (1 + 3 * np.exp(-t))

    return model, start, exact


def test_order_conditions():
    """All up to order 4 of an additive scheme with equal nodes, and those of the embedded one."""
    stages = len(ARK4.weights)
    E, I = np.zeros((2, stages, stages))
    for i, (explicit, implicit) in enumerate(zip(ARK4.explicit, ARK4.implicit, strict=True), 1):
        E[i, :i], I[i, :i], I[i, i] = explicit, implicit, ARK4.gamma
    c = E.sum(axis=1)
    np.testing.assert_allclose(I.sum(axis=1), c, atol=1e-14)
    for order, b in ((4, np.array(ARK4.weights)), (3, np.array(ARK4.embedded))):
        conditions = [(b.sum(), 1), (b @ c, 1 / 2), (b @ c**2, 1 / 3)]
        conditions += [(b @ A @ c, 1 / 6) for A in (E, I)]
        if order == 4:
            conditions += [(b @ c**3, 1 / 4)]
            conditions += [((b * c) @ A @ c, 1 / 8) for A in (E, I)]
            conditions += [(b @ A @ c**2, 1 / 12) for A in (E, I)]
            conditions += [(b @ A @ B @ c, 1 / 24) for A, B in product((E, I), repeat=2)]
        found, exact = np.array(conditions).T
        np.testing.assert_allclose(found, exact, atol=1e-14)
    assert np.abs(np.array(ARK4.embedded) @ c**3 - 1 / 4) > 1e-4  # of order 3 only


def fixed(model, u, t_end, steps):
    """Equal steps."""
    stepper = Stepper(model, 1.0)
    point = stepper.point(model.x.transform(u))
    for _ in range(steps):
        U, _ = stepper.step(point, t_end / steps)
        point = stepper.point(U)
    return point.u


def test_order_on_a_closed_form():
    model, u, exact = logistic()
    errors = [np.abs(fixed(model, u, 2.0, steps) - exact(2.0)).max() for steps in (16, 32, 64)]
    np.testing.assert_allclose(np.log2(np.divide(errors[:-1], errors[1:])), 4, atol=0.1)


def test_order_on_the_local_model():
    model, u = local()
    best = fixed(model, u, 0.4, 64)
    errors = [np.abs(fixed(model, u, 0.4, steps) - best).max() for steps in (2, 4, 8)]
    assert errors[-1] > 1e-12
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert orders[-1] == pytest.approx(4, abs=0.3)


@pytest.mark.parametrize("tolerance", [1e-5, 1e-8])
def test_error_control(tolerance):
    """The error at the end stays within a small multiple of the tolerance."""
    model, u, exact = logistic()
    *_, (t, found) = solution(model, u, [0.5, 4.0], tolerance, 1.0)
    assert t == 4.0
    assert np.abs(found - exact(4.0)).max() < 20 * tolerance


def test_between_steps_the_error_is_of_order_four():
    model, u, exact = logistic()
    errors = []
    for h in (0.1, 0.05):
        stepper = Stepper(model, 1.0)
        (step,) = (s for s in integrate(model, u, h, 1e-2, h))
        errors.append(np.abs(step.at(0.37 * h) - exact(0.37 * h)).max())
        assert stepper.x == step.stepper.x
        np.testing.assert_array_equal(step.at(h), step.after.u)
    assert np.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.2)


def test_times_are_met_in_order_and_mass_is_kept():
    model, u = local()
    times = [0.0, 0.013, 0.2, 0.2001, 0.5]
    found = list(solution(model, u, times, 1e-7, 0.01))
    assert [t for t, _ in found] == times
    for _, state in found:
        assert state[0].sum() == pytest.approx(u[0].sum(), rel=1e-13)


def test_steps_are_set_by_accuracy_not_by_stiffness():
    """Four times the points, 256 times the largest rate: the same steps."""
    counts = []
    for n in ((24, 20), (96, 80)):
        model, u = local(n, epsilon=0.5, tau=1.0)
        counts.append(sum(1 for _ in integrate(model, u, 0.5, 1e-6, 0.01)))
    assert -model.stiff.min() * 0.5 / counts[1] > 1000  # an explicit method allows about 3
    assert counts[1] <= counts[0] + 1


def test_lost_positivity_names_time_and_place():
    """Without a Bohm force, a rate that is negative at one point."""

    class Draining(Logistic):
        def balance(self, u, t=0.0):
            source = np.zeros_like(u)
            source[0, 1, 0] = -1.0
            return Balance(np.zeros((2, *u.shape)), source)

        def _stiff(self):
            return np.zeros((4, 2, 2))

    model = Draining(logistic()[0].medium)
    model.x.kept[:] = True
    with pytest.raises(SolveError, match=r"at t = 0\.(2[45]|24\d*|25\d*).*x1 = 3\.14159"):
        list(integrate(model, logistic()[1], 1.0, 1e-6, 0.1))


def test_bad_initial_densities_are_refused():
    model, u = local()
    u[1, 3, 2] = 10.0
    with pytest.raises(match=r"eps\|n\| = 3\.\d+ at x1 = 0\.785398, x2 = 0\.628319"):
        next(integrate(model, u, 1.0, 1e-6, 0.1))


def test_errors_of_the_spin_count_with_epsilon():
    """The tolerance bounds the errors of n0 and of eps n."""
    model, u = local(epsilon=0.01)
    stepper, error = Stepper(model, 1e-3), np.zeros_like(u)
    for component, weight in ((0, 1.0), (2, 0.01)):
        error[:] = 0.0
        error[component, 3, 4] = 0.5
        size = stepper._size(model.x.transform(error), u)
        assert size == pytest.approx(0.5 * weight / (1e-3 * u[0].max()), rel=1e-12)
