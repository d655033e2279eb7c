"""What is left of a way to rest, from moments of iterations whose rest is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from wigner.evolution.extrapolation import SEEN, Trail, slowest_wave, varying_sides, way_left
from wigner.phase_space.grid import PhaseGrid
from wigner.physics import Physics

# Factors and sizes of modes, the slow one the smallest; four of them can be told apart.
MODES = [(0.999, 1e-3), (0.6, 1.0), (0.2, -0.5), (-0.3, 0.2)]


def iterated(k: int, modes: list[tuple[float, float]] = MODES, noise: float = 0.0) -> NDArray:
    """Moments after k strides on the way to n0 = 2, the rest zero; shape ``(4, 3, 2)``."""
    shapes = np.random.default_rng(5).uniform(-1, 1, (len(modes), 24))
    shapes /= np.abs(shapes).max(axis=1, keepdims=True)
    x = sum(size * factor**k * each for (factor, size), each in zip(modes, shapes, strict=True))
    error = noise * np.random.default_rng(k).normal(size=24)
    rest = np.repeat([2.0, 0, 0, 0], 6)
    return (rest + x + error).reshape(4, 3, 2)


def test_a_slow_part_is_seen_below_fast_ones() -> None:
    now = iterated(25)
    left = np.abs(now - iterated(10**5)).max() / now[0].max()
    assert np.abs(now - iterated(24)).max() < 0.1 * left
    seen = [iterated(k) for k in range(26 - SEEN, 26)]
    assert way_left(seen) == pytest.approx(left, rel=1e-3)


def test_four_parts_are_told_apart_from_the_first_moments_on() -> None:
    """Six moments have four changes of changes; fewer would mix the parts."""
    seen = [iterated(k) for k in range(SEEN)]
    left = np.abs(seen[-1] - iterated(10**5)).max() / seen[-1][0].max()
    assert way_left(seen) == pytest.approx(left, rel=1e-3)


@pytest.mark.parametrize(("factor", "share"), [(0.9, 1.0), (0.8, 1.0), (-0.5, 3.0), (0.2, 4.0)])
def test_a_geometric_way(factor: float, share: float) -> None:
    """What is left is factor^k, or the last change where that is more, (1/factor - 1) of it."""
    seen = [iterated(k, [(factor, 1.0)]) for k in range(5, 8)]
    assert way_left(seen) == pytest.approx(share * abs(factor) ** 7 / seen[-1][0].max(), rel=1e-6)


def test_what_stands_still_is_at_rest() -> None:
    assert way_left(3 * [iterated(0)]) == 0


def test_what_turns_for_ever_is_not() -> None:
    angles = 0.1 * np.arange(SEEN)
    turning = [np.array([1.0, np.cos(a), np.sin(a)])[:, None, None] for a in angles]
    assert way_left(turning) > 0.7


@pytest.mark.parametrize("factor", [0.9, 0.99])
def test_longer_strides_see_a_slow_way_among_errors_of_steps(factor: float) -> None:
    """What the slow part changes by in a stride comes to be less than the errors."""
    modes, noise, allowed = [(factor, 0.01), (0.5, 1.0)], 1e-5, 1e-4
    trail = Trail(iterated(0, modes, noise))
    for k in range(1, 20_000):
        trail.add(iterated(k, modes, noise))
        if trail.left <= allowed:
            break
    assert 0.01 * factor**k <= 3 * allowed
    assert k < 12 / (1 - factor) + 20


def test_single_looks_are_blind_while_fast_parts_die_out() -> None:
    """Six of them, more than six moments tell apart, above a slow one."""
    modes = [(0.999, 0.01), *((factor, 1.0) for factor in (0.6, 0.45, 0.3, 0.2, 0.1, 0.05))]
    states = [iterated(k, modes, 1e-9) for k in range(4000)]
    looks = [way_left(states[k - SEEN : k]) for k in range(12, 20)]
    assert min(looks) < 1e-3 < 0.4 * 0.01 * 0.999**20  # n0 is 2
    trail, k = Trail(states[0]), 0
    while trail.left > 1e-3:
        k += 1
        trail.add(states[k])
    assert 0.01 * 0.999**k <= 2e-3


def test_short_strides_do_not() -> None:
    """The last few states alone: what is left is a hundred times what they tell."""
    found = [iterated(k, [(0.999, 0.01), (0.5, 1.0)], 1e-5) for k in range(40 - SEEN, 40)]
    assert way_left(found) <= 1e-4


def gas(n_x: tuple[int, int] = (4, 3), **changes: object) -> tuple[Physics, PhaseGrid]:
    grid = PhaseGrid(n_x, (10.0, 3.0), (4, 4), (5.0, 5.0))
    given = {"epsilon": 0.1, "alpha": 0.0, "tau": 0.2, "V": np.zeros(n_x)}
    return Physics(**{**given, **changes}), grid  # type: ignore[arg-type]


def life(physics: Physics, grid: PhaseGrid, moments: NDArray) -> float:
    """That of the slowest wave."""
    return slowest_wave(physics, varying_sides(physics, grid, moments))


def test_the_slowest_wave_is_along_what_varies() -> None:
    physics, grid = gas()
    flat = np.ones((2, 4, 3))
    assert life(physics, grid, flat) == 0.2
    short, long = (0.2 + 5 * (L / (2 * np.pi)) ** 2 for L in (3, 10))
    rough = flat + 0.1 * np.arange(3)
    assert life(physics, grid, rough) == pytest.approx(short)
    assert life(physics, grid, rough + np.arange(4)[:, None]) == pytest.approx(long)
    assert life(physics, grid, 1e-20 * rough) == pytest.approx(short)
    assert life(physics, grid, 1e20 * flat) == 0.2
    assert life(physics, grid, flat + 1e-14 * np.arange(3)) == 0.2
    V = np.zeros((4, 3))
    V[1] = 1e-3
    assert life(gas(V=V)[0], grid, flat) == pytest.approx(long)
    b = np.zeros((3, 4, 3))
    b[2, :, 1] = 1e-3
    assert life(gas(b=b)[0], grid, flat) == pytest.approx(short)


def test_the_slowest_spins_may_live_longer() -> None:
    """(alpha - beta)^2 is the least; a persistent helix is no wave that decays."""
    grid = gas()[1]
    flat = np.ones((2, 4, 3))
    assert life(gas(alpha=0.5)[0], grid, flat) == pytest.approx(0.2 + 5)
    assert life(gas(alpha=-0.5, beta=0.25)[0], grid, flat) == pytest.approx(0.2 + 20)
    assert life(gas(alpha=0.5, beta=0.5)[0], grid, flat) == 0.2
