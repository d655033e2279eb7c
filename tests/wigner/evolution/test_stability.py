"""No wave that a lattice has grows: one step, linearised about a homogeneous state, and runs.

Waves of a homogeneous state evolve on their own, so one iteration with noise on all of them finds
the growth of each: the state after a step, less that without noise, is the next noise.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.setups import modulated, space
from wigner.evolution import initial
from wigner.evolution.relaxation import Collisions, make_step
from wigner.flows.splitting import LIMIT
from wigner.flows.transport import Transport
from wigner.maxwellian.equilibrium import Maxwellian
from wigner.maxwellian.response import phi
from wigner.maxwellian.steps import Steps
from wigner.phase_space.moments import density

pytestmark = pytest.mark.usefixtures("compiled")
LINE = (2 * np.pi, 1.0)


def growth(space_, scheme, dt, steps, seed=1, numbers=(1, 2, 3)):
    """Largest factor by which any wave other than the conserved ones has grown in the last step.

    M(N) combines these numbers of splitting steps.

    Amplitudes are the norms over p and components, wave by wave.
    """
    layout = space_.layout
    grid = layout.grid
    N = np.zeros((4, *grid.n_x))
    N[0] = 1.0
    solver = Maxwellian(space_, 1e-10)
    solver.memory.steps = Steps(numbers, given=True)
    still = initial.maxwellian(solver, N)
    step = make_step(scheme, Transport(space_), Collisions(solver), dt)
    after = still.copy()
    step(after)
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=still.shape) + 1j * rng.normal(size=still.shape)
    noise *= solver.profile / solver.profile.max()
    factors = np.zeros(grid.n_x)
    for _ in range(steps):
        before = amplitudes(noise, grid)
        noise *= 1e-4 * np.abs(still).max() / np.abs(noise).max()
        scale = amplitudes(noise, grid).max() / before.max()
        W = still + noise
        step(W)
        noise = W - after
        factors = amplitudes(noise, grid) / np.maximum(before * scale, 1e-7 * before.max() * scale)
    return factors


def amplitudes(noise, grid):
    spectrum = np.fft.fft2(noise.reshape(2, *grid.n_x, -1), axes=(1, 2))
    return np.sqrt((np.abs(spectrum) ** 2).sum(axis=(0, 3)))


@pytest.mark.parametrize(
    ("n", "n_p", "epsilon", "alpha", "tau", "dt", "scheme"),
    [
        (24, 24, 1.0, 0.0, 0.05, 0.05, "sdirk2"),  # eps xi/2 to P: grew by exp(22 t) before
        (24, 24, 1.0, 0.6, 0.05, 0.05, "sdirk3"),
        (25, 24, 1.0, 0.3, 0.01, 0.1, "strang"),
        (72, 24, 1.0, 0.0, 0.05, 0.05, "sdirk2"),  # to 3 P
        (48, 28, 1.5, 0.5, 1e-4, 0.05, "sdirk2"),
        (64, 24, 0.5, 0.0, 1.0, 0.2, "sdirk2"),
    ],
)
def test_no_wave_grows_along_a_line(n, n_p, epsilon, alpha, tau, dt, scheme):
    space_ = space((n, 1), (n_p, n_p), epsilon, alpha=alpha, tau=tau, length=LINE)
    factors = growth(space_, scheme, dt, steps=5)
    # mean density and spin stay; the Nyquist wave is not moved
    assert factors.max() < 1 + 2e-2


@pytest.mark.parametrize(
    ("n", "alpha"),
    [(12, 0.6), (26, 0.0)],  # to 0.7 P, to 1.6 P
)
def test_no_wave_grows_without_splitting(n, alpha):
    space_ = space((n, 1), (16, 16), 1.2, alpha=alpha, tau=0.05, length=LINE)
    factors = growth(space_, "sdirk2", 0.05, steps=3, numbers=(LIMIT,))
    assert factors.max() < 1 + 2e-2


def test_no_wave_grows_in_the_plane():
    space_ = space((14, 13), (16, 16), 1.2, alpha=0.4, tau=0.05)
    assert 0.75 * space_.layout.grid.p_max[0] < 0.5 * 1.2 * 7
    factors = growth(space_, "sdirk2", 0.05, steps=4)
    assert factors.max() < 1 + 2e-2


@pytest.mark.parametrize(
    ("epsilon", "scheme"), [(0.05, "sdirk2"), (0.5, "sdirk2"), (0.5, "sdirk3")]
)
def test_no_wave_grows_that_the_lattice_of_maxwellians_has_not(epsilon, scheme):
    """It has 64 of 128 points: noise below the tolerance is all that the others may have."""
    space_ = space((128, 1), (24, 24), epsilon, alpha=0.6, tau=0.05, length=LINE)
    layout = space_.layout
    N = np.stack([np.ones((128, 1)), *np.zeros((3, 128, 1))])
    N[0] += 0.2 * np.cos(layout.grid.x[0])[:, None]
    solver = Maxwellian(space_, 1e-5)
    W = initial.maxwellian(solver, N)
    rng = np.random.default_rng(2)
    noise = rng.normal(size=W.shape) + 1j * rng.normal(size=W.shape)
    W += 1e-7 * np.abs(W).max() * noise * solver.profile / solver.profile.max()
    step = make_step(scheme, Transport(space_), Collisions(solver), 0.05)
    short = slice(33, 64)  # those that 64 points have not, but for the last
    sizes = []
    for _ in range(20):
        sizes.append(amplitudes(W, layout.grid)[short, 0].max())
        step(W)
    assert solver.memory.n_x == (64, 1)
    assert max(sizes) == sizes[0]
    assert sizes[-1] < 0.1 * sizes[0]


@pytest.mark.parametrize("n", [24, 48])
def test_refining_x_changes_nothing(n):
    """eps 1: on 24 points the highest waves grew to 1e-5 by t = 0.35 before, on more sooner."""
    space_ = space((n, 1), (24, 24), 1.0, tau=0.05, length=LINE)
    layout = space_.layout
    x1 = layout.grid.x[0][:, None]
    N = np.stack([1 + 0.3 * np.sin(x1), *(0 * x1 for _ in range(3))])
    solver = Maxwellian(space_, 1e-6)
    W = initial.maxwellian(solver, N)
    step = make_step("sdirk2", Transport(space_), Collisions(solver), 0.1)
    for _ in range(12):
        step(W)
    spectrum = np.abs(np.fft.rfft(density(layout, W)[0, :, 0]))
    assert spectrum[9:].max() < 1e-9 * spectrum[0]
    # the first wave decays as tau q^2/phi(eps q)
    decayed = 0.15 * np.exp(-0.05 * 1.2 / phi(np.array(1.0)))
    assert spectrum[1] / spectrum[0] == pytest.approx(decayed, rel=1e-2)


@pytest.mark.parametrize("n_p", [20, 21])
def test_mirror_images_and_quarter_turns_of_a_run(n_p):
    """Rotating the state by 90 degrees, or by 180, and running commute to roundoff."""
    space_ = space((6, 6), (n_p, n_p), 0.4, alpha=0.7, tau=0.1, length=(5.0, 5.0))
    grid = space_.layout.grid
    N = modulated(grid, 0.4)
    ends = []
    for state in (N, quarter(N)):
        solver = Maxwellian(space_, 1e-12, levels=2)
        W = initial.maxwellian(solver, state)
        step = make_step("sdirk2", Transport(space_), Collisions(solver), 0.1)
        for _ in range(2):
            step(W)
        ends.append(density(space_.layout, W))
    np.testing.assert_allclose(ends[1], quarter(ends[0]), rtol=0, atol=2e-12)


def quarter(N):
    """The state turned by 90 degrees: x -> (-x2, x1), and n with it."""
    turned = np.roll(np.swapaxes(N, 1, 2)[:, ::-1], 1, axis=1)
    return np.stack([turned[0], -turned[2], turned[1], turned[3]])
