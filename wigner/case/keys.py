"""Every key of a case file: the kind of its value, an example, its default, and its meaning.

The reference of the case file in ``docs`` is made from this table.
"""

from __future__ import annotations

from ..phase_space.mean_field import KINDS
from ..phase_space.reduced import CUTS, PLANES
from .formulas import SPACE, parse
from .material_keys import MATERIAL
from .quantities import (
    DENSITY,
    LENGTH,
    SPIN_DENSITY,
    TIME,
    physical,
    scalable,
    uniform,
)
from .values import (
    FINITE,
    POSITIVE,
    Field,
    Kind,
    automatic,
    both,
    broadcast,
    choice,
    integer,
    real,
    sequence,
    several,
)

REPULSIVE = real("a number of at least 0", accept=lambda value: value >= 0)
TOLERANCE = real("a number from 1e-13 to 1e-2", accept=lambda value: 1e-13 <= value <= 1e-2)
FORMULA = Kind("a formula", "formulas", lambda text: parse(text, SPACE))
DRIVEN = Kind("a formula", "formulas", parse)
OF_TIME = Kind("a formula in t", "formulas in t", lambda text: parse(text, ("t",)))
NOTHING = parse("0")
N0, SPIN = uniform(FORMULA, DENSITY), uniform(FORMULA, SPIN_DENSITY)
STATE = choice("maxwellian", "prepared", "classical", "equilibrium", "steady")
SCHEME = choice("sdirk2", "sdirk3", "strang")
DURATION = scalable(POSITIVE, TIME)
SIZE = scalable(POSITIVE, LENGTH)

GRID = {
    "n_x": Field(
        sequence(2, integer(1)),
        "n_x = [32, 32]",
        meaning="points per x axis; 1 means that nothing varies along that axis",
    ),
    "length": Field(
        both(SIZE),
        "length = [6.283185307179586, 10.0]",
        meaning="side lengths of the periodic box in x; one number counts for both",
    ),
    "n_p": Field(
        both(integer(4)),
        "n_p = [32, 32]",
        meaning="points per p axis, at least 4; one number counts for both; 24 to 48 resolve a "
        "thermal state; 20, 25, 32 and 64 are fast",
    ),
    "p_max": Field(
        automatic(broadcast(2, POSITIVE)),
        "p_max = 7.0",
        None,
        '`"auto"`',
        'the p box is [−p_max, p_max], its points symmetric about 0: a number, a pair, or `"auto"`',
    ),
}
PHYSICS = {
    "epsilon": Field(POSITIVE, "epsilon = 0.2", meaning="ε, positive"),
    "alpha": Field(
        FINITE,
        "alpha = 0.5",
        meaning="the Rashba constant α; its sign is that of the gate field",
    ),
    "beta": Field(
        FINITE,
        "beta = 0.2",
        0.0,
        meaning="the Dresselhaus constant β of a (001) well, scaled as α",
    ),
    "tau": Field(POSITIVE, "tau = 0.05", meaning="τ, positive"),
    "potential": Field(
        DRIVEN,
        'potential = "0.5*cos(x1)"',
        NOTHING,
        '`"0"`',
        "the potential energy V, a formula in x1, x2 and t",
    ),
    "zeeman": Field(
        sequence(3, DRIVEN),
        'zeeman = ["0", "0", "0.5*cos(x1 - t)"]',
        (NOTHING,) * 3,
        '`"0"` each',
        "the three components of a Zeeman or exchange field b, formulas in x1, x2 and t",
    ),
    "field": Field(
        sequence(2, OF_TIME),
        'field = ["0.1*sin(2*t)", "0"]',
        (NOTHING,) * 2,
        '`"0"` each',
        "the two components of a uniform force E, formulas in t",
    ),
}
FIELD = {
    "kind": Field(
        choice(*KINDS),
        'kind = "2deg"',
        meaning='with a section `[field]` electrons act on each other: `"poisson"` '
        '(−Δφ = c (n0 − mean)) or `"2deg"` (φ_q = c n_q/|q|, charges of a plane in space)',
    ),
    "coupling": Field(
        REPULSIVE,
        "coupling = 0.5",
        None,
        "the material's",
        'c, at least 0; for `"2deg"` it may come from `material.dielectric_constant`',
    ),
    "screening_length": Field(
        SIZE,
        "screening_length = 2.0",
        None,
        "none",
        "l, of charges beside the gas: the denominators become |q|² + 1/l² and |q| + 1/l",
    ),
}
INITIAL = {
    "n0": Field(
        N0,
        'n0 = "1 + 0.4*sin(x1)"',
        meaning="the charge density, a formula; it must be positive. With `material.density` also "
        'a number with a unit, `"1e11 cm-2"`',
    ),
    "n": Field(
        sequence(3, SPIN),
        'n = ["0.5", "0", "0.5*cos(x1)"]',
        meaning="the three components of the spin density, formulas; ε|n| < n0 everywhere. An "
        "equilibrium has its own. With `material.density` also numbers with a unit, of ups less "
        "downs, which are ε n in the unit of n0",
    ),
    "state": Field(
        STATE,
        'state = "maxwellian"',
        "maxwellian",
        meaning='the initial W: `"maxwellian"` (M(N)), `"prepared"` (M(N) + τ G, which leaves no '
        "initial layer to order τ; refused where τ G is as large as M(N)), "
        '`"classical"` (a Gaussian in p times N), `"equilibrium"` (the global Maxwellian '
        "Exp(−H + c) of V, b and φ at t = 0, with the mean density of `n0`: nothing moves until a "
        'field changes), or `"steady"` (from M(N), steps with the fields as they are at t = 0 '
        "until the moments rest, a current with E for instance; this comes before t = 0. The steps "
        'are of `dt`; with `dt = "auto"` they become shorter until that changes the moments at '
        "rest by half of `time.tolerance`, or 20 tolerances of M(N), at the most)",
    ),
}
TIMES = {
    "t_end": Field(DURATION, "t_end = 1.0", meaning="end time"),
    "dt": Field(
        automatic(DURATION),
        "dt = 0.05",
        meaning="the longest time step, at most `t_end`; steps are shortened so that they land on "
        'the times of records. Or `"auto"`: as long as `time.tolerance` allows',
    ),
    "tolerance": Field(
        TOLERANCE,
        "tolerance = 1e-5",
        None,
        "`1e-5`",
        'with `dt = "auto"`: error of a step, of W relative to its L2 norm and of the densities '
        "relative to the largest n0; at least `maxwellian.tolerance`",
    ),
    "scheme": Field(
        SCHEME,
        'scheme = "sdirk2"',
        "sdirk2",
        meaning='`"sdirk2"` or `"sdirk3"` (asymptotic preserving, orders 2 and 3), or `"strang"`',
    ),
    "splitting": Field(
        choice("auto", "strang", "fourth"),
        'splitting = "auto"',
        "auto",
        meaning='splitting of the transport: `"strang"` (order 2), `"fourth"` (order 4), or '
        '`"auto"`: the one that keeps the order of the scheme',
    ),
}
MAXWELLIAN = {
    "tolerance": Field(
        TOLERANCE,
        "tolerance = 1e-10",
        1e-10,
        meaning="of the moment constraint ⟨M⟩ = N and of the splitting in M, relative to max n0; "
        "from 1e-13 to 1e-2",
    ),
    "richardson": Field(
        automatic(integer(1, 8)),
        "richardson = 2",
        None,
        '`"auto"`',
        'L, 1 to 8, to compute M from 1, …, L steps of the splitting, or `"auto"`: from the '
        "numbers of steps that meet the tolerance at the least cost, or without splitting where "
        "that costs less. The error of a prescribed L "
        "is estimated at every record and warned of where it exceeds the tolerance",
    ),
    "max_evaluations": Field(
        integer(1),
        "max_evaluations = 200",
        200,
        meaning="evaluations of the moment map allowed in one solve of the constraint",
    ),
}
OUTPUT = {
    "every": Field(DURATION, "every = 0.1", None, "`t_end`", "simulated time between records"),
    "checkpoint": Field(
        DURATION, "checkpoint = 0.5", None, "none", "simulated time between checkpoints"
    ),
    "checkpoint_wall": Field(
        physical(POSITIVE, TIME),
        "checkpoint_wall = 600",
        600.0,
        meaning="seconds of wall clock between checkpoints",
    ),
    "wall_limit": Field(
        physical(POSITIVE, TIME),
        "wall_limit = 3600",
        None,
        "none",
        "seconds of wall clock after which the run stops with a checkpoint",
    ),
    "phase_space": Field(
        several(choice(*PLANES)),
        'phase_space = "x1 p1"',
        (),
        "none",
        'W integrated over the other two coordinates, in every record: `"x1 p1"`, `"x2 p2"`, '
        '`"x1 p2"`, `"x2 p1"`, `"p1 p2"`, or a list of such; of kinetic runs only',
    ),
    "cuts": Field(
        several(choice(*CUTS)),
        'cuts = ["x1 p1", "p1 p2"]',
        (),
        "none",
        'W itself on planes through a point, in every record: the same names, or `"x1 x2"`; of '
        "kinetic runs only",
    ),
    "cuts_place": Field(
        sequence(2, scalable(FINITE, LENGTH)),
        "cuts_place = [3.0, 0.5]",
        (0.0, 0.0),
        "`[0, 0]`",
        "x1 and x2 of that point, within the box; they need not be lattice points",
    ),
    "cuts_momentum": Field(
        sequence(2, FINITE),
        "cuts_momentum = [0.0, 1.0]",
        (0.0, 0.0),
        "`[0, 0]`",
        "p1 and p2 of that point",
    ),
    "coarse": Field(
        sequence(4, integer(1)),
        "coarse = [8, 8, 12, 12]",
        None,
        "none",
        "points along x1, x2, p1 and p2 of a coarse lattice on which every record has W itself; of "
        "kinetic runs only",
    ),
}
SECTIONS: dict[str, dict[str, Field]] = {
    "grid": GRID,
    "physics": PHYSICS,
    "field": FIELD,
    "initial": INITIAL,
    "time": TIMES,
    "maxwellian": MAXWELLIAN,
    "output": OUTPUT,
    "material": MATERIAL,
}
