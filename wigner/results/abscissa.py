"""What panels of lines are drawn over: places where fields vary along x, otherwise times."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from . import labels, smooth
from .run import Run
from .view import View


class Abscissa:
    """The axis of x along which the fields of a run vary; of those that do not, the time.

    Attributes
    ----------
    label
        What stands on the axis.
    """

    def __init__(self, run: Run, view: View) -> None:
        self._run, self._view = run, view
        self._axis = smooth.axes_of(run)[0]
        if run.is_uniform:
            self._shown, letters = labels.time(run, si=view.si), "t"
        else:
            self._shown, letters = labels.length(run, si=view.si), f"x_{self._axis + 1}"
        self.label = self._shown.label(letters)

    def groups(self, records: Sequence[int]) -> list[list[int]]:
        """The records of each row of panels: one along x, all of them over time."""
        return [list(records)] if self._run.is_uniform else [[k] for k in records]

    def line(
        self, fields: Callable[[int], NDArray], records: Sequence[int]
    ) -> tuple[NDArray, NDArray]:
        """The points of a line, and fields ``(..., N1, N2)`` there, ``(..., points)``.

        Parameters
        ----------
        fields
            Of a record, by its number.
        records
            One of the groups.
        """
        if self._run.is_uniform:
            values = np.stack([fields(k)[..., 0, 0] for k in records], axis=-1)
            return self._run.times[list(records)] * self._shown.factor, values
        x, values = smooth.along(self._run, fields(records[0]), self._axis)
        return x * self._shown.factor, values

    def when(self, records: Sequence[int]) -> str:
        """The time of a group, to stand above its panels; empty where the axis tells."""
        if len(records) > 1:
            return ""
        return labels.moment(self._run, float(self._run.times[records[0]]), si=self._view.si)

    def finish(self, ax: Axes) -> None:
        """The label; times are those of the whole run, in an animation too."""
        ax.set_xlabel(self.label)
        if self._run.is_uniform and self._run.last > 0:
            first, last = self._run.times[[0, -1]] * self._shown.factor
            margin = 0.02 * (last - first)
            ax.set_xlim(first - margin, last + margin)
