"""What the benchmark measures the solver against: bare transforms, plain numpy, dense matrices.

Nothing here is used by the solver. Each function makes what it needs and returns actions to time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pyfftw
import scipy.fft
from numpy.typing import NDArray

from wigner.phase_space.communicator import shared_memory
from wigner.phase_space.grid import PhaseGrid
from wigner.phase_space.layout import Layout
from wigner.phase_space.rounds import blocks_of_columns

Action = Callable[[], object]


@runtime_checkable
class Exchange(Protocol):
    """What the usual transposes need of a communicator, and the solver does not."""

    def Alltoallv(self, sendbuf: Any, recvbuf: Any) -> None: ...
    def Alltoallw(self, sendbuf: Any, recvbuf: Any) -> None: ...


EFFORTS = ("FFTW_ESTIMATE", "FFTW_MEASURE")


def x_pairs(W: NDArray, n_x: tuple[int, int]) -> Iterator[tuple[str, Action]]:
    """Forward and backward transforms in x of p-major ``W`` (2, N1, N2, p), in several ways."""
    for effort in EFFORTS:
        for width in (64, 256):
            parts = [W[..., k : k + width] for k in range(0, W.shape[3], width)]
            yield f"in place, {width} columns, {effort}", _in_place(parts, (1, 2), effort)
        for width in (4, 8, 16, 32):
            yield f"padded blocks of {width}, {effort}", _x_in_blocks(W, n_x, width, effort)


def _x_in_blocks(W: NDArray, n_x: tuple[int, int], width: int, effort: str) -> Action:
    block = blocks_of_columns(1, n_x, width)[0]
    plans = [plan for axis in (1, 2) for plan in _pair(block, (axis,), effort)]

    def action() -> None:
        for k in range(0, W.shape[3], width):
            part = W[..., k : k + width]
            block[..., : part.shape[3]] = part
            for plan in plans:
                plan.execute()
            part[:] = block[..., : part.shape[3]]

    return action


def p_pairs(W: NDArray) -> Iterator[tuple[str, Action]]:
    """Transforms in p there and back of x-major ``W`` (2, x, M1, M2), in several ways."""
    for effort in EFFORTS:
        for rows in (8, 16, 32):
            parts = [W[:, k : k + rows] for k in range(0, W.shape[1], rows)]
            yield f"{rows} rows, {effort}", _in_place(parts, (2, 3), effort)


def _in_place(parts: list[NDArray], axes: tuple[int, ...], effort: str) -> Action:
    """There and back in place, part after part."""
    plans = {part.shape: _pair(part, axes, effort) for part in parts}

    def action() -> None:
        for part in parts:
            for plan in plans[part.shape]:
                plan.update_arrays(part, part)
                plan.execute()

    return action


def window_pairs(n: tuple[int, int], count: int) -> Iterator[tuple[str, Action]]:
    """``count`` pairs of transforms of four fields on a window, in several ways."""
    for effort in EFFORTS:
        for many in (1, 4, 8):
            windows = pyfftw.zeros_aligned((4 * many, *n), dtype=complex)
            yield (
                f"{many} columns, {effort}",
                _repeated(_pair(windows, (1, 2), effort), count, many),
            )


def _repeated(plans: list[pyfftw.FFTW], count: int, many: int) -> Action:
    def action() -> None:
        for _ in range(0, count, many):
            for plan in plans:
                plan.execute()

    return action


def _pair(block: NDArray, axes: tuple[int, ...], effort: str) -> list[pyfftw.FFTW]:
    """Plans there and back, in place on aligned arrays; planning destroys what is there."""
    return [
        pyfftw.FFTW(block, block, axes, direction, (effort,), threads=1)
        for direction in ("FFTW_FORWARD", "FFTW_BACKWARD")
    ]


def scipy_pairs(W: NDArray, n_x: tuple[int, int], n_p: tuple[int, int]) -> dict[str, Action]:
    """The same transforms by scipy.fft, axes of x and of p."""
    cube = W.reshape(2, *n_x, *n_p)
    return {
        "x": lambda: scipy.fft.ifft2(scipy.fft.fft2(cube, axes=(1, 2)), axes=(1, 2)),
        "p": lambda: scipy.fft.ifft2(scipy.fft.fft2(cube, axes=(3, 4)), axes=(3, 4)),
    }


def numpy_step(
    grid: PhaseGrid, epsilon: float, alpha: float, V: Callable[..., NDArray], t: float
) -> Callable[[NDArray], NDArray]:
    """A Strang step of the transport in numpy alone, as one would write it down first.

    On matrices (2, 2, N1, N2, M1, M2); ``V`` is a function of x1 and x2.
    """
    x, p, xi, eta = grid.x, grid.p, grid.xi, grid.eta
    ahead, behind = (
        [a[:, None] + sign * 0.5 * epsilon * b[None, :] for a, b in zip(x, eta, strict=True)]
        for sign in (1, -1)
    )
    difference = _on_pairs(V, *ahead) - _on_pairs(V, *behind)
    kick = np.exp(-0.5j * t / epsilon * difference).transpose(0, 2, 1, 3)

    def kinetic_factor(sign: int) -> NDArray:
        q1, q2 = (
            sign * 0.5 * epsilon * a[:, None] + b[None, :] for a, b in zip(xi, p, strict=True)
        )
        return _kinetic(q1, q2, epsilon, alpha, t)

    left, right = kinetic_factor(1), kinetic_factor(-1)

    def step(W: NDArray) -> NDArray:
        for half in (True, False):
            W = np.fft.fft2(kick * np.fft.ifft2(W, axes=(4, 5)), axes=(4, 5))
            if half:
                W = np.fft.fft2(W, axes=(2, 3))
                W = np.einsum("ij...,jk...,lk...->il...", left, W, right.conj(), optimize=True)
                W = np.fft.ifft2(W, axes=(2, 3))
        return W

    return step


def _on_pairs(f: Callable[..., NDArray], a: NDArray, b: NDArray) -> NDArray:
    """f at all combinations of two tables of arguments, as one array of four axes."""
    return f(a[:, :, None, None], b[None, None, :, :])


def _kinetic(q1: NDArray, q2: NDArray, epsilon: float, alpha: float, t: float) -> NDArray:
    """exp(-i t K(q)/eps) as (2, 2, xi1, xi2, p1, p2) from tables (xi1, p1) and (xi2, p2)."""
    q1, q2 = q1[:, None, :, None], q2[None, :, None, :]
    q = np.hypot(q1, q2)
    phase = np.exp(-0.5j * t / epsilon * (q1**2 + q2**2))
    cosine = phase * np.cos(alpha * t * q)
    along = -1j * phase * alpha * t * np.sinc(alpha * t * q / np.pi)
    return np.array([[cosine, along * (q2 + 1j * q1)], [along * (q2 - 1j * q1), cosine]])


def dense_exponential(n: int) -> Action:
    """One eigendecomposition of a Hermitian matrix for spinors on n x n points."""
    rng = np.random.default_rng(1)
    H = rng.normal(size=(2 * n * n, 2 * n * n)) + 1j * rng.normal(size=(2 * n * n, 2 * n * n))
    H += H.conj().T
    return lambda: np.linalg.eigh(H)


def transposes(layout: Layout, W: NDArray) -> Iterator[tuple[str, Action]]:
    """x-major W to p-major and back by the usual means of MPI and by shared memory."""
    comm, nx = layout.comm, layout.grid.nx
    out = np.empty((2, nx, layout.n_p_local), dtype=complex)
    yield "Alltoallv of packed blocks", _packed(layout, W, out)
    yield "Alltoallw of strided blocks", _strided(layout, W, out)
    memory = shared_memory(comm, 32 * nx * -(-layout.grid.np // comm.size))
    if memory is not None:
        yield "shared memory, whole", _shared(layout, W, np.frombuffer(memory, complex))


def _packed(layout: Layout, W: NDArray, out: NDArray) -> Action:
    comm = layout.comm
    assert isinstance(comm, Exchange)
    counts = [2 * layout.n_x_local * (p.stop - p.start) for p in layout.p_blocks]
    others = [2 * layout.n_p_local * (x.stop - x.start) for x in layout.x_blocks]
    send, received = np.empty(sum(counts), dtype=complex), np.empty(sum(others), dtype=complex)
    edges, ends = np.cumsum([0, *counts]), np.cumsum([0, *others])

    def action() -> None:
        for r, p in enumerate(layout.p_blocks):
            part = W[:, :, p]
            send[edges[r] : edges[r + 1]].reshape(part.shape)[:] = part
        comm.Alltoallv((send, counts), (received, others))
        for r, x in enumerate(layout.x_blocks):
            out[:, x] = received[ends[r] : ends[r + 1]].reshape(out[:, x].shape)
        for r, x in enumerate(layout.x_blocks):
            received[ends[r] : ends[r + 1]].reshape(out[:, x].shape)[:] = out[:, x]
        comm.Alltoallv((received, others), (send, counts))
        for r, p in enumerate(layout.p_blocks):
            part = W[:, :, p]
            part[:] = send[edges[r] : edges[r + 1]].reshape(part.shape)

    return action


def _strided(layout: Layout, W: NDArray, out: NDArray) -> Action:
    from mpi4py import MPI  # noqa: PLC0415 (only under MPI)

    comm = layout.comm
    assert isinstance(comm, Exchange)
    own, theirs = (
        [
            MPI.DOUBLE_COMPLEX.Create_subarray(array.shape, sizes, starts).Commit()
            for sizes, starts in boxes
        ]
        for array, boxes in (
            (W, [((2, W.shape[1], p.stop - p.start), (0, 0, p.start)) for p in layout.p_blocks]),
            (
                out,
                [((2, x.stop - x.start, out.shape[2]), (0, x.start, 0)) for x in layout.x_blocks],
            ),
        )
    )
    ones, zeros = [1] * comm.size, [0] * comm.size

    def action() -> None:
        comm.Alltoallw((W, ones, zeros, own), (out, ones, zeros, theirs))
        comm.Alltoallw((out, ones, zeros, theirs), (W, ones, zeros, own))

    return action


def _shared(layout: Layout, W: NDArray, memory: NDArray) -> Action:
    nx, p_blocks, views = layout.grid.nx, layout.p_blocks, {}
    for rank, part in enumerate(memory.reshape(len(p_blocks), -1)):
        columns = p_blocks[rank].stop - p_blocks[rank].start
        views[rank] = part[: 2 * nx * columns].reshape(2, nx, columns)

    def action() -> None:
        for rank, p in enumerate(p_blocks):
            views[rank][:, layout.x] = W[:, :, p]
        layout.comm.Barrier()
        for rank, p in enumerate(p_blocks):
            W[:, :, p] = views[rank][:, layout.x]
        layout.comm.Barrier()

    return action
