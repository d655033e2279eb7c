"""How rates, frequencies and limits are read from records."""

from __future__ import annotations

import numpy as np
import pytest

from validation.oracle import dispersion
from validation.oracle.waves import Medium
from validation.solutions.cases import GAS
from validation.solutions.small_waves import (
    amplitudes,
    lattice,
    limit,
    oscillation,
    rates,
    relaxed,
    wave_vector,
)
from wigner.case.spec import parse_case

T = 0.25 * np.arange(16)


def test_amplitudes_of_a_wave_and_of_its_mean() -> None:
    case = parse_case(GAS, ["grid.n_x=[6, 8]", "grid.length=[2.0, 3.0]"])
    q = wave_vector(case, (1, -2))
    x1, x2 = np.ix_(2.0 * np.arange(6) / 6, 3.0 * np.arange(8) / 8)
    c = 0.3 - 0.2j
    field = 5 + (c * np.exp(1j * (q[0] * x1 + q[1] * x2))).real
    np.testing.assert_allclose(amplitudes(field, (1, -2)), c, atol=1e-14)
    np.testing.assert_allclose(amplitudes(field, (0, 0)), 5, atol=1e-14)


def test_rates_of_two_modes_that_mix() -> None:
    modes = np.array([[1.0, 0.3], [-0.5, 2.0]])
    y = np.exp(np.outer(T, [-0.2, -1.7])) @ modes
    np.testing.assert_allclose(rates(y, 0.25).real, [-0.2, -1.7], rtol=1e-10)


def test_an_oscillation_among_others() -> None:
    y = np.exp(-0.15 * T) * np.cos(1.4 * T + 0.3) + 0.2 * np.exp(-T) * np.cos(2.6 * T)
    assert oscillation(y, 0.25, 4) == pytest.approx(1.4 - 0.15j, rel=1e-8)


@pytest.mark.parametrize("vectors", [[[1.0, 0.5], [0.3, -1.0]], [[1.0, 2.0]]])
def test_what_records_tend_to(vectors: list[list[float]]) -> None:
    """Also where one mode moves two components."""
    decays = np.exp(np.outer(T[:5], [-0.7, -1.5][: len(vectors)]))
    y = np.array([3.0, -2.0]) + decays @ np.array(vectors)
    np.testing.assert_allclose(limit(y), [3.0, -2.0], rtol=1e-8)


def test_volterra_lattices_meet_the_records() -> None:
    """And steps as long as they are resolve tau: half of them change the density by 1e-8."""
    case = parse_case(GAS, ["physics.tau=0.2", "physics.epsilon=0.4", "output.every=0.3"])
    case = parse_case(case.text, ["time.t_end=0.9", "time.dt=0.1"])
    t, h, k = lattice(case)
    np.testing.assert_allclose(t[:: 4 * k], [0.0, 0.3, 0.6, 0.9], atol=1e-14)
    N = relaxed(case, Medium(0.4), (1, 0), np.array([1.0, 0, 0, 0]), 0.0)
    assert N.shape == (4, 4)
    fine = parse_case(case.text, ["output.every=0.15"])
    finer = relaxed(fine, Medium(0.4), (1, 0), np.array([1.0, 0, 0, 0]), 0.0)[::2]
    np.testing.assert_allclose(N, finer, atol=1e-7)
    rate = -np.log(N[-1, 0].real / N[-2, 0].real) / 0.3
    exact = dispersion.slowest_rate(
        lambda s: float(dispersion.density_wave(np.array(s), 1, 0.4)), 0.2
    )
    assert rate == pytest.approx(exact, rel=5e-2)
    assert h == pytest.approx(t[1])
