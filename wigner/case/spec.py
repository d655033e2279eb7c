"""The case file: TOML text to one frozen, checked description of a run.

All numbers are in the scaled units of section 2.1 (see ``units``). Every fault of a case is
collected and reported at once, each with its key, the value found and what to write instead.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import CaseError, Fault, words
from .formulas import Expression
from .keys import NOTHING, SECTIONS
from .plausible import implausible
from .quantities import DENSITY, LENGTH, SPIN_DENSITY, TIME, Dimension, settle
from .sections import (
    Case,
    FieldSpec,
    GridSpec,
    InitialSpec,
    MaxwellianSpec,
    OutputSpec,
    PhysicsSpec,
    TimeSpec,
)
from .swept import Swept, read_swept
from .times import settle_times
from .units import ENERGIES, PRESETS, MaterialSpec, scale
from .values import REQUIRED, Field, override_values, read_fields, shown, toml, unknown

SCALED = ("epsilon", "alpha", "beta", "tau")
# Sections that may be left out: without them there is nothing of the kind.
OPTIONAL = ("field", "material")


def load_case(path: str | Path, overrides: Sequence[str] = ()) -> Case:
    """The case in a TOML file, with ``section.key=value`` overrides applied.

    Raises
    ------
    CaseError
        If the file cannot be read as UTF-8, or as :func:`parse_case` says.
    """
    return _case(_read(path), str(path), overrides)


def load_swept(path: str | Path, overrides: Sequence[str] = ()) -> Swept:
    """The table [sweep] of the case in a TOML file; empty where it has none.

    Raises
    ------
    CaseError
        As :func:`load_case`, of this table alone.
    """
    faults: list[Fault] = []
    document = _document(_read(path), str(path), overrides, faults)
    swept = read_swept(document.get("sweep", {}), faults)
    if faults:
        raise CaseError(*faults)
    return swept


def _read(path: str | Path) -> str:
    """The text of a file; raises CaseError if it cannot be read."""
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise _unreadable(path, "no such file", "check the path") from None
    except IsADirectoryError:
        raise _unreadable(path, "a directory", "give the file in it") from None
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"byte {error.start} not UTF-8", "save it as UTF-8") from None
    except (OSError, ValueError) as error:
        raise _unreadable(
            path, f"an error ({words(error)})", "check the path and its rights"
        ) from None


def parse_case(text: str, overrides: Sequence[str] = ()) -> Case:
    """The case written in TOML, with ``section.key=value`` overrides applied.

    Parameters
    ----------
    text
        A case file's contents.
    overrides
        Each ``section.key=value`` with a TOML value; anything else after ``=`` is a string, so
        that ``time.scheme=strang`` and ``initial.n0=1+0.1*cos(x1)`` need no quotes.

    Raises
    ------
    CaseError
        With every fault of the case.
    """
    return _case(text, "case", overrides)


def as_dict(case: Case) -> dict[str, Any]:
    """The case's numbers and formulas as plain data for JSON, without its text."""
    plain = {
        field.name: _plain(getattr(case, field.name))
        for field in dataclasses.fields(case)
        if field.name != "text"
    }
    for section, key in (("grid", "p_max"), ("maxwellian", "richardson")):
        plain[section][key] = "auto" if plain[section][key] is None else plain[section][key]
    if plain["time"].pop("adaptive"):
        plain["time"]["dt"] = "auto"
    return plain


def _plain(value: object) -> Any:
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        return {
            field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    return value


def _unreadable(path: str | Path, got: str, remedy: str) -> CaseError:
    return CaseError(Fault(str(path), got, "a case file in TOML", remedy))


def _document(
    text: str, source: str, overrides: Sequence[str], faults: list[Fault]
) -> dict[str, Any]:
    """TOML with overrides; raises CaseError if it cannot be read as such."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise _unreadable(source, f"a syntax error ({error})", "correct it there") from None
    override_values(document, overrides, faults)
    return document


def _case(text: str, source: str, overrides: Sequence[str]) -> Case:
    faults: list[Fault] = []
    document = _document(text, source, overrides, faults)
    read_swept(document.pop("sweep", {}), faults)  # a run has the other sections only
    sections = _sections(document, faults)
    material = _material(document, sections, faults)
    units = {} if material is None else _units(material)
    faults += settle(sections, units, told=material is None and "material" in document)
    faults += settle_times(sections["time"], sections["output"])
    faults += implausible(material, sections)
    field = _field(document, sections, material, faults)
    if faults:
        raise CaseError(*faults)
    comments = [f"with override {shown(override)}" for override in overrides]
    return Case(
        GridSpec(**sections["grid"]),
        PhysicsSpec(**sections["physics"]),
        field,
        InitialSpec(**sections["initial"]),
        TimeSpec(**sections["time"]),
        MaxwellianSpec(**sections["maxwellian"]),
        OutputSpec(**sections["output"]),
        material,
        toml(document, comments) if overrides else text,
    )


def _sections(document: dict[str, Any], faults: list[Fault]) -> dict[str, dict[str, Any]]:
    """Checked values of every section, and a fault for whatever has no place in a case."""
    faults += [
        unknown("", name, document[name], (*SECTIONS, "sweep"))
        for name in document
        if name not in SECTIONS
    ]
    sections = {}
    for name, known in SECTIONS.items():
        table = document.get(name, {})
        if not isinstance(table, dict):
            remedy = f"write [{name}] on a line of its own"
            faults.append(Fault(name, shown(table), "a section", remedy))
            table = {}
        faults += [unknown(name, key, table[key], known) for key in table if key not in known]
        fields = _fields(name, document)
        required = [key for key, field in fields.items() if field.default is REQUIRED]
        if required and not isinstance(document.get(name), dict):
            expected = f"a section [{name}] with {', '.join(required)}"
            faults.append(Fault(name, "nothing", expected))
            fields = {}
        sections[name] = read_fields(name, table, fields, faults)
    return sections


def _fields(name: str, document: dict[str, Any]) -> dict[str, Field]:
    """The keys of a section, given the others: [material] stands for eps, alpha and tau."""
    fields = dict(SECTIONS[name])
    material = document.get("material")
    if name == "physics" and material is not None:
        return {key: field for key, field in fields.items() if key not in SCALED}
    if name == "initial" and _state(document) == "equilibrium":
        return fields | {"n": replace(fields["n"], default=(NOTHING,) * 3)}  # it has its own
    if name not in OPTIONAL:
        return fields
    if name == "field":
        return fields if name in document else {}
    preset = material.get("preset") if isinstance(material, dict) else None
    if preset is not None:  # one that is unknown is a fault by itself
        known = PRESETS.get(preset) if isinstance(preset, str) else None
        for key in ("effective_mass", "rashba"):
            fields[key] = replace(fields[key], default=getattr(known, key, None))
    return fields if isinstance(document.get(name), dict) else {}


def _state(document: dict[str, Any]) -> object:
    """The initial state as it is written."""
    initial = document.get("initial")
    return initial.get("state") if isinstance(initial, dict) else None


def _material(
    document: dict[str, Any], sections: dict[str, dict[str, Any]], faults: list[Fault]
) -> MaterialSpec | None:
    """The material, and its scaled numbers written into the section physics."""
    values = sections.pop("material")
    if not isinstance(document.get("material"), dict):
        return None
    physics = document.get("physics", {})
    for key in SCALED:
        if isinstance(physics, dict) and key in physics:
            expected = "nothing, as [material] determines it"
            remedy = "remove one of the two"
            faults.append(Fault(f"physics.{key}", shown(physics[key]), expected, remedy))
    if values.keys() != SECTIONS["material"].keys():
        return None
    material = MaterialSpec(**values)
    try:
        scaling = scale(material)
    except CaseError as error:
        fault = error.fault
        whole = fault.what == "material"
        faults.append(
            replace(fault, got=f"{shown(values)}, that is {fault.got}") if whole else fault
        )
        return None
    physics = sections["physics"]
    physics.update({key: getattr(scaling, key) for key in SCALED})
    if "potential" in physics and material.potential_unit != "kT":
        size = ENERGIES[material.potential_unit] / scaling.energy
        physics["potential"] = physics["potential"].combined("*", size)
    for key, uniform in (("zeeman", scaling.b), ("field", scaling.E)):
        if key in physics and any(uniform):
            added = zip(physics[key], uniform, strict=True)
            physics[key] = tuple(formula.combined("+", u) for formula, u in added)
    return material


def _units(material: MaterialSpec) -> dict[Dimension, float]:
    """What quantities of a case are divided by; of densities where the material says it."""
    units = scale(material)
    known = {LENGTH: units.length, TIME: units.time}
    if material.density is None:
        return known
    return known | {DENSITY: units.density, SPIN_DENSITY: units.epsilon * units.density}


def _field(
    document: dict[str, Any],
    sections: dict[str, dict[str, Any]],
    material: MaterialSpec | None,
    faults: list[Fault],
) -> FieldSpec | None:
    """[field], its coupling from the material where it is not given."""
    values = sections.pop("field")
    if not isinstance(document.get("field"), dict) or values.keys() != SECTIONS["field"].keys():
        return None
    if values["coupling"] is None and material is not None and values["kind"] == "2deg":
        values["coupling"] = scale(material).coulomb
    if values["coupling"] is None:
        expected = "the strength of the interaction"
        remedy = (
            'use for instance coupling = 0.5; kind = "2deg" takes it from '
            "material.dielectric_constant"
        )
        faults.append(Fault("field.coupling", "nothing", expected, remedy))
        return None
    return FieldSpec(**values)
