"""The constants of a machine that a prediction of scaling needs, and the file that has them."""

from __future__ import annotations

import itertools
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..case.values import Field, Kind, integer, read_fields, real, shown, toml, unknown
from ..errors import CaseError, Fault, words

POSITIVE = real("a number above 0", accept=lambda value: value > 0)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _ladder(value: object) -> tuple[float, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError
    return tuple(POSITIVE.read(item) for item in value)


TEXT, LADDER = Kind("text", "texts", _text), Kind("a list of numbers above 0", "lists", _ladder)
# Kinds of work whose cost depends on the points of a lattice, and on those of a window.
ON_LATTICE = ("position", "momentum", "diffusion", "exchange", "alone")
ON_WINDOW = ("moment_map",)
SECTIONS = {
    "node": {
        "name": Field(TEXT, 'name = "two sockets of 32 cores"'),
        "ranks": Field(integer(1), "ranks = 64"),
        "memory": Field(POSITIVE, "memory = 1e11"),
        "barrier": Field(POSITIVE, "barrier = 5e-6"),
    },
    "network": {
        "latency": Field(POSITIVE, "latency = 2.5e-6"),
        "bandwidth": Field(POSITIVE, "bandwidth = 2.5e10"),
        "message": Field(POSITIVE, "message = 1e-6"),
    },
    "core": {
        "points": Field(LADDER, "points = [256, 1024, 4096, 16384]"),
        **{kind: Field(LADDER, f"{kind} = [20, 25, 30, 35]") for kind in ON_LATTICE},
        "windows": Field(LADDER, "windows = [64, 256, 1024]"),
        **{kind: Field(LADDER, f"{kind} = [10, 12, 15]") for kind in ON_WINDOW},
        "tables": Field(POSITIVE, "tables = 300"),
        "relaxation": Field(POSITIVE, "relaxation = 10"),
    },
}
# What a file says about its numbers.
COMMENTS = (
    "Constants of a machine, for: wigner info CASE.toml --ranks 64,256 --machine FILE",
    "",
    "[node] ranks: those that a node has; memory: bytes a second that all of them read and write;",
    "barrier: seconds that they take to wait for each other.",
    "[network] latency: seconds from node to node; bandwidth: bytes a second out of a node, and as",
    "many into it at the same time; message: seconds of a rank for one sent and one received.",
    "[core] nanoseconds of one rank while all others of its node work too.",
    "position, momentum, diffusion: a cell, in a product by a function of x, of p, and by exp(-K),",
    "with so many points of p, x and x; exchange: a cell, to blocks of columns and back, with so",
    "many points of x; alone: a point of x, what every rank does in an evaluation of the moments.",
    "moment_map: a point of a window and a product, with so many points in a window; tables: a",
    "point of the lattice that windows are on, for each number of steps of the splitting.",
    "relaxation: a cell, in a sum of two fields in phase space.",
)


@dataclass(frozen=True)
class Network:
    """What connects nodes.

    Attributes
    ----------
    latency
        Seconds that a short message takes.
    bandwidth
        Bytes a second out of a node, and into it at the same time.
    message
        Seconds that a rank is busy with a message sent and one received.
    """

    latency: float
    bandwidth: float
    message: float


@dataclass(frozen=True)
class Constants:
    """A machine.

    Attributes
    ----------
    name
        For people.
    ranks
        Ranks of a node.
    memory
        Bytes a second that these read and write together.
    barrier
        Seconds that they take to wait for each other.
    network
        None where only one node is known.
    core
        The section of the file: nanoseconds of one rank, all others of its node at work.
    """

    name: str
    ranks: int
    memory: float
    barrier: float
    network: Network | None
    core: dict[str, Any]

    def seconds(self, kind: str, points: float) -> float:
        """What a unit of some kind of work takes, on a lattice, or windows, of so many points.

        Between the points that were measured it grows with their logarithm, as transforms do;
        beyond them it stays what it is.
        """
        at = self.core["windows" if kind in ON_WINDOW else "points"]
        return 1e-9 * float(np.interp(math.log(points), np.log(at), self.core[kind]))

    @property
    def table(self) -> float:
        """Seconds a point of the lattice that windows are on, for a number of steps."""
        return 1e-9 * self.core["tables"]

    @property
    def sweep(self) -> float:
        """Seconds a cell of a sum of two fields in phase space."""
        return 1e-9 * self.core["relaxation"]

    def text(self, comments: tuple[str, ...] = ()) -> str:
        """The file."""
        node = {key: getattr(self, key) for key in SECTIONS["node"]}
        document: dict[str, dict[str, Any]] = {"node": node}
        if self.network is not None:
            document["network"] = {key: getattr(self.network, key) for key in SECTIONS["network"]}
        document["core"] = self.core
        return toml(document, [*comments, *COMMENTS]).replace("# \n", "#\n")


def load(path: Path) -> Constants:
    """The machine that a file describes.

    Raises
    ------
    CaseError
        If the file cannot be read, with every fault of it.
    """
    expected = "constants of a machine in TOML"
    try:
        document = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        remedy = "write one by: wigner machine --output FILE"
        missing = isinstance(error, FileNotFoundError)
        got = "no such file" if missing else f"an error ({words(error)})"
        raise CaseError(Fault(str(path), got, expected, remedy)) from None
    faults = [
        unknown("", name, document[name], SECTIONS) for name in document if name not in SECTIONS
    ]
    sections: dict[str, dict[str, Any]] = {}
    for name, fields in SECTIONS.items():
        table = document.get(name, {})
        if not isinstance(table, dict):
            faults.append(Fault(name, shown(table), f"a section [{name}]"))
            continue
        if name == "network" and name not in document:
            continue
        faults += [unknown(name, key, table[key], fields) for key in table if key not in fields]
        sections[name] = read_fields(name, table, fields, faults)
    faults += _uneven(sections.get("core", {}))
    if faults:
        raise CaseError(*faults)
    network = Network(**sections["network"]) if "network" in sections else None
    return Constants(**sections["node"], network=network, core=sections["core"])


def _uneven(core: dict[str, Any]) -> list[Fault]:
    """Faults of lists that must belong to each other."""
    faults = []
    for at, kinds in (("points", ON_LATTICE), ("windows", ON_WINDOW)):
        places = core.get(at, ())
        if any(b <= a for a, b in itertools.pairwise(places)):
            faults.append(Fault(f"core.{at}", shown(list(places)), "ascending numbers"))
        for kind in kinds:
            if kind in core and places and len(core[kind]) != len(places):
                expected = f"{len(places)} numbers, one for each of core.{at}"
                faults.append(Fault(f"core.{kind}", shown(list(core[kind])), expected))
    return faults
