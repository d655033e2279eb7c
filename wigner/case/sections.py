"""What a case file says, section by section; made and checked by ``spec``."""

from __future__ import annotations

from dataclasses import dataclass

from ..phase_space.reduced import COORDINATES
from .formulas import Expression
from .units import MaterialSpec, Scaling, scale

Pair = tuple[float, float]


@dataclass(frozen=True)
class GridSpec:
    """[grid]: points and sizes of the lattices; ``p_max`` None means it is chosen from the case."""

    n_x: tuple[int, int]
    length: Pair
    n_p: tuple[int, int]
    p_max: Pair | None


@dataclass(frozen=True)
class PhysicsSpec:
    """[physics]: eps, alpha, beta, tau (given, or scaled from [material]), V, b(x, t) and E(t)."""

    epsilon: float
    alpha: float
    beta: float
    tau: float
    potential: Expression
    zeeman: tuple[Expression, Expression, Expression]
    field: tuple[Expression, Expression]

    @property
    def spin_orbit(self) -> float:
        """The largest |Lambda p| of a unit vector p."""
        return abs(self.alpha) + abs(self.beta)

    @property
    def turns(self) -> bool:
        """Whether there is a field b."""
        return not all(formula.vanishes for formula in self.zeeman)

    @property
    def varies(self) -> bool:
        """Whether V, b or E depend on time."""
        return any(f.varies for f in (self.potential, *self.zeeman, *self.field))


@dataclass(frozen=True)
class FieldSpec:
    """[field]: the potential phi that the electrons make, see ``phase_space.mean_field``."""

    kind: str
    coupling: float
    screening_length: float | None


@dataclass(frozen=True)
class InitialSpec:
    """[initial]: N = n0 sigma_0 + eps n.sigma, and the state on p that starts from it."""

    n0: Expression
    n: tuple[Expression, Expression, Expression]
    state: str


@dataclass(frozen=True)
class TimeSpec:
    """[time]: the interval [0, t_end], the step, the scheme and the splitting of the flow.

    With ``adaptive``, which dt = "auto" asks for, ``dt`` is the first step and ``tolerance`` bounds
    the error of each.
    """

    t_end: float
    dt: float
    tolerance: float | None
    adaptive: bool
    scheme: str
    splitting: str


@dataclass(frozen=True)
class MaxwellianSpec:
    """[maxwellian]: the constraint solver; ``richardson`` None means chosen from the case."""

    tolerance: float
    richardson: int | None
    max_evaluations: int


@dataclass(frozen=True)
class OutputSpec:
    """[output]: simulated time between records and checkpoints; wall-clock limits in s.

    ``phase_space`` and ``cuts`` have the planes on which W is recorded, ``coarse`` the points of a
    lattice, see ``phase_space.reduced``.
    """

    every: float
    checkpoint: float | None
    checkpoint_wall: float
    wall_limit: float | None
    phase_space: tuple[str, ...] = ()
    cuts: tuple[str, ...] = ()
    cuts_place: Pair = (0.0, 0.0)
    cuts_momentum: Pair = (0.0, 0.0)
    coarse: tuple[int, ...] | None = None

    @property
    def point(self) -> dict[str, float]:
        """Where the cuts are, by coordinate."""
        return dict(zip(COORDINATES, (*self.cuts_place, *self.cuts_momentum), strict=True))


@dataclass(frozen=True)
class Case:
    """A whole case; ``text`` is TOML that :func:`.parse_case` reads as this very case."""

    grid: GridSpec
    physics: PhysicsSpec
    field: FieldSpec | None
    initial: InitialSpec
    time: TimeSpec
    maxwellian: MaxwellianSpec
    output: OutputSpec
    material: MaterialSpec | None
    text: str

    @property
    def units(self) -> Scaling | None:
        """The units of scaled numbers in SI; None without a material."""
        return None if self.material is None else scale(self.material)
