"""Pictures of densities, kinetic and macroscopic, in one and in two dimensions."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from wigner.results.style import POSITIVE, SIGNED

from ..harness import figures
from ..harness.tasks import Arrays
from ..solutions import kinetic


def _states(picture: Arrays, n: tuple[int, int]) -> dict[str, NDArray]:
    """(n0, n) at the beginning and at the end, on n points and one more that closes the period."""

    def smooth(u: NDArray) -> NDArray:
        return np.pad(kinetic.resampled(u, n), ((0, 0), (0, 1), (0, 1)), mode="wrap")

    return {
        "kinetic, t = 0": smooth(picture["initial"]),
        f"kinetic, t = {float(picture['t']):g}": smooth(picture["kinetic"]),
        f"nonlocal, t = {float(picture['t']):g}": smooth(picture["nonlocal"]),
    }


def profiles(picture: Arrays) -> Figure:
    """The four densities over the axis on which they vary."""
    axis = 0 if picture["initial"].shape[1] > 1 else 1
    states = _states(picture, (64, 1) if axis == 0 else (1, 64))
    x = np.arange(65) * picture["length"][axis] / 64
    figure, axes = figures.panels(4, 1, size=(3.6, 3.2))
    for k, ax in enumerate(axes[0]):
        for (label, u), style in zip(states.items(), (":", "-", "--"), strict=True):
            ax.plot(x, np.take(u[k], 0, axis=1 - axis), style, label=label)
        ax.set(xlabel=f"x{'₁₂'[axis]}")
        ax.set_title(figures.COMPONENTS[k], fontsize=11)
    figures.legend(axes[0, 0], loc="best")
    return figure


def texture(picture: Arrays) -> Figure:
    """Colour for n0 and n3, arrows for (n1, n2)."""
    x = tuple(np.arange(65) * L / 64 for L in picture["length"])
    states = _states(picture, (64, 64))
    every = list(states.values())
    density = min(u[0].min() for u in every), max(u[0].max() for u in every)
    spin = max(np.abs(u[3]).max() for u in every)
    longest = max(np.hypot(u[1], u[2]).max() for u in every)
    figure, axes = figures.panels(3, 2, size=(3.9, 3.5))
    looks = ((0, POSITIVE, density, "n₀"), (3, SIGNED, (-spin, spin), "n₃"))
    for row, (k, colours, limits, name) in zip(axes, looks, strict=True):
        for ax, (title, u) in zip(row, states.items(), strict=True):
            image = figures.texture(
                ax, x, u[k], u[1:3], colours=colours, limits=limits, longest=longest
            )
            ax.set_title(title, fontsize=11)
        figure.colorbar(image, ax=row.tolist(), label=name, shrink=0.85)
    return figure
