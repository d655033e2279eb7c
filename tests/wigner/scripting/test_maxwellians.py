"""M(N) of given densities against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

import wigner
from tests.support import small
from wigner.errors import CaseError, ConstraintError

CHANGES = {"grid.n_p": 32, "maxwellian.tolerance": 1e-9, "maxwellian.richardson": "auto"}


def test_a_homogeneous_gas_without_coupling() -> None:
    """M = exp(-|p|^2/2) (n0 + eps n.sigma)/(2 pi), A = log of N/(2 pi), whatever V is."""
    case = wigner.open_case(small.CASE, {**CHANGES, "physics.alpha": 0.0})
    u = np.zeros((4, 6, 4))
    u[0], u[3] = 2.0, 1.5
    found = wigner.quantum_maxwellian(case, u)
    up, down = 2.0 + 0.4 * 1.5, 2.0 - 0.4 * 1.5
    p1, p2 = found.grid.p
    thermal = np.exp(-0.5 * (p1[:, None] ** 2 + p2**2)) / (2 * np.pi)
    np.testing.assert_allclose(found.M[0, 3, 1], 2.0 * thermal, atol=1e-8)
    np.testing.assert_allclose(found.M[3, 3, 1], 0.6 * thermal, atol=1e-8)
    np.testing.assert_allclose(found.M[1:3], 0.0, atol=1e-12)
    logs = np.log(np.array([up, down]) / (2 * np.pi))
    np.testing.assert_allclose(found.a0, logs.mean(), atol=1e-7)
    np.testing.assert_allclose(0.4 * found.a[2], 0.5 * (logs[0] - logs[1]), atol=1e-7)
    assert found.error < 1e-9


def test_moments_are_the_densities() -> None:
    case = wigner.open_case(small.CASE, CHANGES)
    found, problem = wigner.quantum_maxwellian(case), wigner.build(case)
    N = found.M.sum(axis=(3, 4)) * found.grid.dp
    np.testing.assert_allclose(N, problem.N, rtol=0, atol=1e-13)
    assert found.M.shape == (4, 6, 4, 32, 32)
    again = wigner.quantum_maxwellian(case, problem.physics.unscaled(problem.N))
    np.testing.assert_allclose(again.M, found.M, rtol=0, atol=1e-14)


def test_densities_that_are_none() -> None:
    case = wigner.open_case(small.CASE)
    with pytest.raises(CaseError, match=r"u: got shape \(4, 6\), expected .* shape \(4, 6, 4\)"):
        wigner.quantum_maxwellian(case, np.ones((4, 6)))
    with pytest.raises(CaseError, match="u: got no array of numbers"):
        wigner.quantum_maxwellian(case, [[1.0], [1.0, 2.0]])
    with pytest.raises(ConstraintError):
        wigner.quantum_maxwellian(case, 2 * np.ones((4, 6, 4)) * [[[1]], [[3]], [[0]], [[0]]])
