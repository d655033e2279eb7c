"""Figures of the studies read in grey, and to eyes without red or green."""

from __future__ import annotations

import numpy as np
from matplotlib.collections import QuadMesh

from validation.harness import figures
from validation.studies import pictures


def reads_in_grey(image: QuadMesh) -> bool:
    """Whether lightness rises from end to end of its colours."""
    red, green, blue, _ = image.get_cmap()(np.linspace(0, 1, 64)).T
    return bool((np.diff(0.299 * red + 0.587 * green + 0.114 * blue) > 0).all())


def test_maps_of_errors() -> None:
    _, axes = figures.panels(1)
    x = np.arange(4.0)
    image = figures.map_of_errors(axes[0, 0], x, x, np.geomspace(1e-3, 0.1, 16).reshape(4, 4), 0.01)
    assert reads_in_grey(image)


def test_textures() -> None:
    u = np.ones((4, 4, 4)) + 0.1 * np.arange(4)[:, None]
    names = ("initial", "kinetic", "nonlocal")
    figure = pictures.texture(
        {**dict.fromkeys(names, u), "t": np.array(1.0), "length": np.array([1.0, 2.0])}
    )
    panels = [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]
    images = [image for ax in panels for image in ax.collections if isinstance(image, QuadMesh)]
    assert len(images) == 6
    assert all(reads_in_grey(image) for image in images)
