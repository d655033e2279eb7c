"""Whether the x lattice holds the rates of change of a model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wigner.evolution.quality import SPINLESS

from .model import Balance, Model, assembled

# A rate is measured by the slowest diffusion of this share of its field at least, so that what
# comes to rest is not judged by what is left of it.
SMALL = 0.03
# Errors of rates by the x lattice, in units of the largest rate, from which a user hears of them.
UNEASY = 1e-4


def rate_tail(model: Model, u: NDArray, balance: Balance) -> float:
    """The largest share of the rates of n0, or of n, beyond two thirds of the Nyquist index.

    Rates are made of products, whose spectra are wider than those of u. What lies beyond is about
    as large as the error of the rates by aliases. Zero on axes of fewer than four points.

    Parameters
    ----------
    u
        Densities (n0, n), shape ``(4, N1, N2)``.
    balance
        The balance of the model at u.
    """
    x, scaled = model.x, model.physics.scaled
    rates = np.abs(scaled(assembled(x, balance)))
    slowest = model.physics.tau * (2 * np.pi / max(x.length)) ** 2
    fields, far = np.abs(x.transform(scaled(u))), ~x.kept & _long(x.n_x)
    least, shares = SPINLESS * fields[0].max(), []
    for part in (slice(0, 1), slice(1, 4)):
        of = max(rates[part].max(), SMALL * slowest * max(fields[part].max(), least))
        shares.append(float(rates[part, far].max(initial=0.0) / of))
    return max(shares)


def _long(n_x: tuple[int, int]) -> NDArray:
    """The modes that vary along an axis of four points or more, on spectra."""
    long1, long2 = (n >= 4 for n in n_x)
    k1, k2 = np.arange(n_x[0])[:, None], np.arange(n_x[1] // 2 + 1)[None, :]
    return (long1 & (k1 > 0)) | (long2 & (k2 > 0))
