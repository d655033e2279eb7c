"""Waves that two lattices of x share go from one to the other, and no others."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.layout import Layout
from wigner.phase_space.resampling import Refinement, left_out, numbers, resampled

LENGTH = (3.0, 5.0)
LATTICES = [
    ((8, 6), (12, 9)),
    ((7, 9), (14, 10)),
    ((6, 5), (6, 10)),
    ((1, 4), (1, 7)),
    ((8, 6), (8, 6)),
]


def angles(n: tuple[int, int]) -> tuple[NDArray, NDArray]:
    """2 pi x/L on the points of a lattice."""
    first, second = (2 * np.pi * np.arange(m) / m for m in n)
    return first[:, None], second[None, :]


def waves(few: tuple[int, int], many: tuple[int, int], seed: int) -> tuple[NDArray, NDArray]:
    """Four sums of all waves below the ends of the first lattice, on either lattice."""
    rng = np.random.default_rng(seed)
    found = [np.zeros((4, *n), dtype=complex) for n in (few, many)]
    highest = [(n - 1) // 2 for n in few]
    for j in range(-highest[0], highest[0] + 1):
        for k in range(-highest[1], highest[1] + 1):
            amplitude = rng.normal(size=4) + 1j * rng.normal(size=4)
            for field, n in zip(found, (few, many), strict=True):
                x1, x2 = angles(n)
                field += amplitude[:, None, None] * np.exp(1j * (j * x1 + k * x2))
    return found[0], found[1]


@pytest.mark.parametrize(("few", "many"), LATTICES)
def test_shared_waves_are_the_same_on_either_lattice(
    few: tuple[int, int], many: tuple[int, int]
) -> None:
    on_few, on_many = (field.real for field in waves(few, many, 1))
    np.testing.assert_allclose(resampled(on_few, many), on_many, atol=1e-12)
    np.testing.assert_allclose(resampled(on_many, few), on_few, atol=1e-12)


@pytest.mark.parametrize("few", [(6, 8), (12, 5), (7, 1)])
def test_what_is_lost_is_the_wave_that_only_the_finer_lattice_has(few: tuple[int, int]) -> None:
    n, (x1, x2) = (12, 9), angles((12, 9))
    kept, lost = 2 + np.cos(2 * x1) + 0 * x2, np.zeros(n)
    if few[0] < n[0]:
        lost += 0.3 * np.cos(4 * x1)
    if few[1] < n[1]:
        lost += 0.1 * np.sin(4 * x2)
    fields = np.stack([kept, kept + lost])
    expected = np.stack([kept, kept])
    assert left_out(fields, few) == pytest.approx(np.abs(lost).max(), abs=1e-14)
    np.testing.assert_allclose(resampled(resampled(fields, few), n), expected, atol=1e-13)


def test_the_last_wave_of_an_even_lattice_is_no_wave_of_another() -> None:
    x1, _ = angles((8, 1))
    last = np.cos(4 * x1)[None]
    assert np.abs(resampled(last, (12, 1))).max() < 1e-15
    assert left_out(np.cos(4 * angles((12, 1))[0])[None], (8, 1)) == pytest.approx(1.0)


@pytest.mark.mpi(n=[1, 2, 3])
@pytest.mark.parametrize(("few", "many"), LATTICES[:3])
def test_fields_of_phase_space(comm, few: tuple[int, int], many: tuple[int, int]) -> None:
    """All columns of p, each with its own waves; and the largest amplitude of each wave."""
    n_p = (5, 3)
    coarse, fine = (Layout(PhaseGrid(n, LENGTH, n_p, (1.0, 1.0)), comm) for n in (few, many))
    columns = [
        [field.reshape(2, 2, *field.shape[1:])[0] for field in waves(few, many, seed)]
        for seed in range(15)
    ]
    W, out = coarse.x_major(), np.full((2, fine.n_x_local, 20), np.nan, dtype=complex)
    W[:] = np.stack([column[0] for column in columns], axis=-1).reshape(2, -1, 15)[:, coarse.x]
    found = Refinement(coarse, fine, np.empty(numbers(coarse), complex))(W, out[:, :, :15])
    expected = np.stack([column[1] for column in columns], axis=-1).reshape(2, -1, 15)
    np.testing.assert_allclose(out[:, :, :15], expected[:, fine.x], atol=1e-12)
    assert np.isnan(out[:, :, 15:]).all()
    spectra = [np.abs(np.fft.fft2(column[0])).max(axis=0) for column in columns]
    np.testing.assert_allclose(found, np.max(spectra, axis=0), rtol=1e-12, atol=1e-11)
