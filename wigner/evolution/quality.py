"""The quality of a run: what its lattices lost, when, and what that means for the densities.

Each indicator is a number that a state has at some time, and gives an estimate of the error of the
densities. The estimates were measured against runs on finer lattices: mostly they are too large, by
a factor of 1 to 10 (more where a run ends before what is wound up comes back), and rarely too
small, by one of up to 3. They are about the lattices alone;
errors of the time step and of the tolerance come on top.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ..errors import SCALED_TIME
from ..phase_space.grid import PhaseGrid, least_beyond
from ..physics import Physics

# Estimated errors of the densities beyond which a run is doubtful, and unresolved: shares of the
# largest n0, or of the largest |n|.
DOUBTFUL, UNRESOLVED = 1e-3, 1e-2
# An error is told again when it is so many times larger.
AGAIN = 10.0
# Errors for each unit of the mass at the edge, part of which is inside, and of a tail in xi, which
# falls off further between two thirds of the reach and its end.
EDGE, TAIL = 0.5, 0.2
# A spin that is never more than this share of the charge may be roundoff.
SPINLESS = 1e-6


@dataclass(frozen=True)
class Indicator:
    """What an indicator is about.

    Attributes
    ----------
    of
        Whose error it estimates: "n0" (as a share of the largest n0, and of eps n likewise), or "n"
        (as a share of the largest |n| so far).
    meaning
        What happens, and the remedy.
    weight
        Error for each unit of the indicator.
    winds
        Whether it sees what is wound up in p and comes back damped by collisions.
    share
        What the indicator is relative to as a share of the charge, where it is an error of "n"; it
        is made relative to the largest |n| so far.
    """

    of: str
    meaning: str
    weight: float = 1.0
    winds: bool = False
    share: str = ""


ETA = "W is wound up in p beyond what the lattice holds; use more points grid.n_p"
XI = "fields in x are too steep for the lattice; use more points grid.n_x"
INDICATORS = {
    "edge_mass": Indicator(
        "n0",
        "W reaches the edge of the p box; use a larger grid.p_max and more points grid.n_p",
        EDGE,
    ),
    "tail_eta": Indicator("n0", ETA, winds=True),
    "spin_tail_eta": Indicator("n", ETA, winds=True, share="spin_share"),
    "tail_xi": Indicator("n0", XI, TAIL),
    "tail_n0": Indicator("n0", XI, TAIL),
    "tail_n": Indicator("n", XI, TAIL, share="n_share"),
    "lattice_defect": Indicator(
        "n0",
        "the lattice cannot hold the quantum Maxwellian better; use more points grid.n_x if "
        "tail_xi is large too, else grid.n_p and a larger grid.p_max",
    ),
}


@dataclass(frozen=True)
class Worst:
    """The largest value of an indicator, the largest error it stands for, and when they were."""

    value: float
    time: float
    error: float
    error_time: float

    def or_worse(self, value: float, error: float, t: float) -> Worst:
        """The larger of these and those at ``t``."""
        found = self
        if value > self.value:
            found = replace(found, value=value, time=t)
        if error > self.error:
            found = replace(found, error=error, error_time=t)
        return found

    def for_larger(self, factor: float) -> Worst:
        """These where what errors are shares of has grown by a factor."""
        return replace(self, error=self.error / factor)


@dataclass(frozen=True)
class Winding:
    """What the lattice does to a W that winds up in p.

    Streaming moves W~(xi, eta) along eta, at the speed |xi| and that of the spin's precession. What
    leaves the lattice on one side comes in on the other, and is taken for a density when it has
    gone as far again. Collisions damp it meanwhile.

    Attributes
    ----------
    tau
        Relaxation time.
    flight
        Time from eta = 0 to the edge of the lattice for the longest waves in x.
    thermal
        What a thermal state has of each indicator; this does not move.
    """

    tau: float
    flight: float
    thermal: Mapping[str, float]

    @classmethod
    def on(cls, grid: PhaseGrid, physics: Physics) -> Winding:
        """That of a lattice."""
        flight, tails = math.inf, {"tail_eta": 0.0, "spin_tail_eta": 0.0}
        for n, L, m, reach in zip(grid.n_x, grid.length, grid.n_p, grid.eta_max, strict=True):
            speed = (2 * math.pi / L if n > 1 else 0.0) + 2 * physics.spin_orbit
            flight = min(flight, reach / speed if speed > 0 else math.inf)
            first, outer = (reach * least_beyond(m, share) / (m / 2) for share in (2 / 3, 5 / 6))
            tails["tail_eta"] = max(tails["tail_eta"], 2 * math.exp(-0.5 * first**2))
            # a thermal w with Rashba coupling is about eta exp(-eta^2/2), 0.6 at its maximum
            rashba = 4 * max(outer, 1.0) * math.exp(-0.5 * outer**2)
            tails["spin_tail_eta"] = max(tails["spin_tail_eta"], rashba)
        return cls(physics.tau, flight, tails)

    def error(self, name: str, value: float, t: float) -> float:
        """The error that an indicator stands for if it has a value at ``t``, in its own unit.

        The flight to the edge took t, or ``flight`` if that is less, and so does the way back.
        """
        return max(value - self.thermal[name], 0.0) * math.exp(-min(t, self.flight) / self.tau)


@dataclass(frozen=True)
class Quality:
    """The worst of a run so far.

    Attributes
    ----------
    worst
        By name of the indicator.
    spin
        The largest |n| so far as a share of the charge.
    told
        Errors when they were warned of last, by name of the indicator.
    warnings
        All warnings, the oldest first: of each indicator whose error is beyond a bound, once for
        each bound, and again when it is ten times worse.
    """

    worst: Mapping[str, Worst] = field(default_factory=dict)
    told: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    spin: float = 0.0

    def after(
        self,
        t: float,
        values: Mapping[str, float],
        winding: Winding,
        moment: Callable[[float], str] = SCALED_TIME,
    ) -> Quality:
        """What it is once the indicators had these values at ``t``; ``moment`` has its words.

        Errors of n are shares of its largest so far: those before become smaller as it grows.
        """
        worst, told, warnings = dict(self.worst), dict(self.told), list(self.warnings)
        spin = max(self.spin, values.get("n_share", 0.0))
        for name in (name for name in values if name in INDICATORS):
            indicator, value = INDICATORS[name], values[name]
            error = winding.error(name, value, t) if indicator.winds else indicator.weight * value
            before = worst.get(name, Worst(-math.inf, t, -math.inf, t))
            if indicator.share:
                judged, share = spin > SPINLESS, values[indicator.share]
                value *= share / spin if judged else share
                error *= share / spin if judged else 0.0
                before = before.for_larger(spin / self.spin) if self.spin > SPINLESS else before
            worst[name] = before.or_worse(value, error, t)
            last = told.get(name, 0.0)
            if error > DOUBTFUL and (error >= AGAIN * last or last <= UNRESOLVED < error):
                told[name] = error
                warnings.append(f"{moment(t)}: {_told(name, value, error)}")
        return Quality(worst, told, tuple(warnings), spin)

    def error(self, of: str) -> float:
        """The estimated error of "n0" or "n"."""
        errors = [w.error for name, w in self.worst.items() if INDICATORS[name].of == of]
        return max(errors, default=0.0)

    @property
    def verdict(self) -> str:
        """ "resolved", "doubtful" or "unresolved"."""
        error = max(self.error("n0"), self.error("n"))
        if error > UNRESOLVED:
            return "unresolved"
        return "doubtful" if error > DOUBTFUL else "resolved"

    @property
    def summary(self) -> str:
        """The verdict with its reason."""
        return self.summed_up()

    def summed_up(self, moment: Callable[[float], str] = SCALED_TIME) -> str:
        """The verdict with its reason, and its time in the words of ``moment``."""
        if not self.worst:
            return self.verdict
        name = max(self.worst, key=lambda name: self.worst[name].error)
        worst = self.worst[name]
        if self.verdict == "resolved":
            return f"resolved: estimated error of the densities {worst.error:.1e} ({name})"
        told = _told(name, worst.value, worst.error)
        return f"{self.verdict}: since {moment(worst.error_time)}, {told}"

    def as_dict(self) -> dict[str, Any]:
        """For run.json."""
        return {
            "verdict": self.verdict,
            "estimated_error": {"n0": self.error("n0"), "n": self.error("n")},
            "bounds": {"doubtful": DOUBTFUL, "unresolved": UNRESOLVED},
            "worst": {name: asdict(worst) for name, worst in self.worst.items()},
            "warnings": list(self.warnings),
        }

    def plain(self) -> dict[str, Any]:
        """For a checkpoint; :meth:`from_plain` reads it."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Quality:
        """The quality that :meth:`plain` wrote."""
        worst = {name: Worst(**values) for name, values in plain["worst"].items()}
        return cls(worst, plain["told"], tuple(plain["warnings"]), plain.get("spin", 0.0))


def _told(name: str, value: float, error: float) -> str:
    indicator = INDICATORS[name]
    return (
        f"{name} = {value:.1e}, an estimated error of {error:.1e} of the largest {indicator.of}: "
        f"{indicator.meaning}"
    )
