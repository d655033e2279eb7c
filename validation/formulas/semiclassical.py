"""The formulas of section 4 beside exact values: errors, and the factors that the values ask for.

Every comparison is a pair (exact, formula). Its error is the largest difference of the two; the
study `expansions` measures how it falls with eps.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from macro import local, maxwellian_expansion, multiplier_expansion
from macro.calculus import PERP, Calculus, cross, relaxing, turned
from macro.forms import Form, total
from wigner.case.spec import parse_case

from ..oracle import bgk, rates
from ..oracle.dense import Box
from .exact import Exact, classical, fitted, on_box, on_line, solved, symbol_of


class Kind(StrEnum):
    """The kinds of tasks: what is compared with exact values, or with what else."""

    SYMBOL = "symbol"  # M(x, p), by of_symbol with beta = 1
    BETA = "beta"  # Exp(beta (..)), by of_symbol with another beta
    RASHBA = "rashba"  # M(N), its multipliers and moments at the alpha of the case, by of_densities
    PLAIN = "plain"  # the same at alpha = 0
    PLANE = "plane"  # <M> with fields of x1 and x2, by in_plane
    INVERSE = "inverse"  # Lemma 4.2 of (39) and (47), with fields of x1 and x2, by inverse


class Series(StrEnum):
    """The numbers that tasks give: errors of formulas, corrected or as printed, and factors."""

    # of SYMBOL and BETA: scalar part to order eps^2, spin part to orders eps and eps^3
    SPIN_1 = "spin 1"
    SCALAR_2 = "scalar 2"
    SPIN_3 = "spin 3 corrected"
    SPIN_3_PRINTED = "spin 3 published"
    FACTOR_TURN = "factor turn"
    # of RASHBA and PLAIN: errors of formulas by their numbers in the paper
    EQ_6 = "(6)"
    EQ_45 = "(45) corrected"
    EQ_47 = "(47) corrected"
    EQ_47_PRINTED = "(47) published"
    EQ_48 = "(48) corrected"
    EQ_48_PRINTED = "(48) published"
    EQ_49 = "(49) corrected"
    EQ_49_PRINTED = "(49) published"
    EQ_50 = "(50)"
    EQ_51 = "(51) corrected"
    EQ_51_PRINTED = "(51) published"
    EQ_50_51 = "(50) + (51)"
    EQ_52 = "(52)"
    AFTER_52 = "after (52)"
    EQ_53 = "(53)"
    # of PLAIN alone: the term of (5) that (7) drops, and its sum with the last term of (7)
    DROPPED = "dropped"
    CANCELLED = "cancelled"
    # of RASHBA alone: factors of terms
    FACTOR_47_CURL = "factor (47) curl"
    FACTOR_47_GRADIENT = "factor (47) gradient"
    FACTOR_48_CURL = "factor (48) curl"
    FACTOR_48_GRADIENT = "factor (48) gradient"
    FACTOR_48_N = "factor (48) n"
    FACTOR_48_PERPPERP = "factor (48) n perpperp"
    FACTOR_7_CURL = "factor (7) curl"
    # of PLANE
    MEAN_39 = "(39)"
    MEAN_47 = "(47)"
    # of INVERSE
    INVERSE = "corrected"
    INVERSE_PRINTED = "published"


Errors = dict[str, float]  # the keys are Series
Pairs = dict[Series, tuple[NDArray, NDArray]]  # (exact, formula)

# Momenta at which symbols are compared: where M is large, off all axes of symmetry.
P = (np.array([-1.7, -0.4, 0.6, 1.5])[:, None], np.array([-1.1, 0.3, 1.9])[None, :])


# Prop. 4.1


def of_symbol(text: str, epsilon: float, alpha: float, beta: float) -> Errors:
    """Errors of (38)-(40), and the factor of the turning term in (40).

    The multipliers are those of eps = 0 for the densities of the case; any others would serve.
    """
    box, u, _ = on_line(parse_case(text), epsilon, alpha)
    mu = classical(u)
    point = maxwellian_expansion.PhasePoint(Calculus(box.n, box.length), mu, P, box.coupling)
    M = symbol_of(box, mu, P, beta) / np.exp(beta * point.h0)
    weight = np.exp(beta * point.h0)
    first = maxwellian_expansion.first(point, beta)
    second = total(maxwellian_expansion.second(point, beta))
    errors: Errors = {
        Series.SCALAR_2: largest(weight * (M[0] - 1 - epsilon**2 * second)),
        Series.SPIN_1: largest(weight * (M[1:] - epsilon * first)),
    }
    for form, name in (
        (Form.CORRECTED, Series.SPIN_3),
        (Form.PUBLISHED, Series.SPIN_3_PRINTED),
    ):
        third = total(maxwellian_expansion.third(point, beta, form))
        left = M[1:] - epsilon * first - epsilon**3 * third
        errors[name] = largest(weight * left)
    terms = maxwellian_expansion.third(point, beta)
    turn = terms.pop("turn") / maxwellian_expansion.TURN[Form.CORRECTED]
    values = (M[1:] - epsilon * first) / epsilon**3 - total(terms)
    if alpha != 0:
        errors[Series.FACTOR_TURN] = float(fitted(weight * values, [weight * turn])[0])
    return errors


def largest(f: NDArray) -> float:
    """max |f| of a field of any shape."""
    return float(np.abs(f).max())


# Lemma 4.2 and (49)-(53)


def of_densities(text: str, epsilon: float, alpha: float) -> Errors:
    """Errors of everything that follows from M(N) by expansion, and the factors of some terms."""
    e = solved(on_line(parse_case(text), epsilon, alpha))
    errors = {name: largest(exact - formula) for name, (exact, formula) in pairs(e).items()}
    return errors | (factors(e) if alpha != 0 else dropped(e))


def pairs(e: Exact) -> Pairs:
    """Exact values and the formulas for them."""
    names = {
        Form.CORRECTED: (Series.EQ_47, Series.EQ_48),
        Form.PUBLISHED: (Series.EQ_47_PRINTED, Series.EQ_48_PRINTED),
    }
    compared: Pairs = {}
    for form, (eq_47, eq_48) in names.items():
        mu = multiplier_expansion.multipliers(e.x, e.u, e.epsilon, e.Lambda, form)
        u = maxwellian_expansion.densities(e.x, e.mu, e.epsilon, e.Lambda, form)
        compared |= {
            Series.EQ_45: (e.mu[0], mu[0]),  # alike in both forms
            eq_48: (e.mu[1:], mu[1:]),
            eq_47: (e.u[1:], u[1:]),
        }
    return compared | precession(e) | diffusion(e) | rashba(e)


def local_fields(e: Exact) -> local.Fields:
    """What the terms of the local model are made of, with tau = 1."""
    return local.Fields(e.medium, e.u)


def given(part: NDArray | None) -> NDArray:
    """A part of a term of the local model that the term is known to have; it has any shape."""
    assert part is not None
    return part


def precession(e: Exact) -> Pairs:
    """(49) and (53)."""
    f, n, a = local_fields(e), e.u[1:], e.mu[1:]
    exact, term = -2 * cross(n, a), given(local.precession(f).source)
    rate, double = cross(n, e.rates.dmu[1:]), given(local.printed_double_precession(f).source)
    return {
        Series.EQ_49: (exact, term),
        Series.EQ_49_PRINTED: (exact, term / e.u[0]),
        Series.EQ_53: (rate, double / 2),
    }


def diffusion(e: Exact) -> Pairs:
    """(6), (50), (51) and the sum of the last two."""
    f, x, n0, n, a0, a = local_fields(e), e.x, e.u[0], e.u[1:], e.mu[0], e.mu[1:]
    diffused, drifted, bohm = (
        given(term(f).charge) for term in (local.diffusion, local.drift, local.bohm)
    )
    grad_n = given(local.diffusion(f).spin)
    fluxes = n0 * x.grad(a) + n * x.grad(a0)[:, None]
    momentum = np.stack([2 / e.epsilon * cross(pM[1:], a) for pM in e.momentum])
    moved, turning = -2 * turned(e.Lambda, n), np.stack([cross(d_n, n) for d_n in x.grad(n)])
    cubic = np.stack([cross(d, n) for d in turning])
    return {
        Series.EQ_6: (e.rates.TTM[0], x.div(diffused + drifted + bohm)),
        Series.EQ_50: (fluxes, grad_n + given(local.printed_spin_bohm(f).spin)),
        Series.EQ_51: (momentum, moved + e.epsilon**2 / (3 * n0**2) * cubic),
        Series.EQ_51_PRINTED: (momentum, moved + e.epsilon**2 / (3 * n0) * turning),
        Series.EQ_50_51: (fluxes + momentum, grad_n + moved + given(local.spin_bohm(f).spin)),
    }


def rashba(e: Exact) -> Pairs:
    """(52) and the display after it, without tau."""
    x, n0, n, a0, a, alpha = e.x, e.u[0], e.u[1:], e.mu[0], e.mu[1:], e.alpha
    gate = cross(x.spin_grad(PERP, e.V), n)
    exact = n0 * x.spin_curl(PERP, a) + cross(x.spin_grad(PERP, a0), n) + gate
    p_perp_x = p_perp_cross(np.stack([cross(p_M[1:], a) for p_M in e.momentum]))
    return {
        Series.EQ_52: (-2 * alpha * exact, -2 * alpha * (x.spin_curl(PERP, n) + gate)),
        Series.AFTER_52: (-4 * alpha / e.epsilon * p_perp_x, -4 * relaxing(e.Lambda, n)),
    }


def p_perp_cross(f: NDArray) -> NDArray:
    """<p_perp x f> from <p_i f>, shapes ``(2, 3, ..)`` and ``(3, ..)``; p_perp = (p2, -p1, 0)."""
    return np.stack([-f[0, 2], -f[1, 2], f[0, 0] + f[1, 1]])


def dropped(e: Exact) -> Errors:
    """The term of (5) that is dropped on the way to (7), and what it cancels."""
    n, a = e.u[1:], e.mu[1:]
    term = -4 * cross(cross(n, a), a)
    last = given(local.printed_double_precession(local_fields(e)).source)
    return {Series.DROPPED: largest(term), Series.CANCELLED: largest(term + last)}


def factors(e: Exact) -> Errors:
    """The factors that exact values ask for in (47), (48) and (7), up to order eps^2."""
    alpha, n0, n = e.alpha, e.u[0], e.u[1:]
    terms = multiplier_expansion.spin_terms(e.x, e.u, e.Lambda)
    unit = multiplier_expansion.rashba_terms(e.x, e.u, e.Lambda)
    perpperp = np.stack([-n[0], -n[1], 0 * n[2]])
    relax = [alpha**2 / (3 * n0) * n, alpha**2 / (3 * n0) * perpperp]
    known = total({k: terms[k] for k in ("bohm", "cubic", "laplacian", "gradient")})
    values = (e.mu[1:] - n / n0) / e.epsilon**2 - known
    curl, gradient, along, across = fitted(values, [unit["curl"], unit["gradient"], *relax])

    terms = maxwellian_expansion.spin_density_terms(e.x, e.mu, e.Lambda)
    unit = maxwellian_expansion.rashba_density_terms(e.x, e.mu, e.Lambda)
    names = ("scalar", "cubic", "relaxation", "laplacian", "gradient")
    known = total({k: terms[k] for k in names})
    values = (n / (2 * np.pi * np.exp(e.mu[0])) - e.mu[1:]) / e.epsilon**2 - known
    moment_curl, moment_gradient = fitted(values, [unit["curl"], unit["gradient"]])

    gate = cross(e.x.spin_grad(PERP, e.V), n)
    values = e.rates.TTM[1:] - e.x.div(e.x.grad(n) + n * e.x.grad(e.V)[:, None])
    values += 2 * alpha * gate + 4 * alpha**2 * np.stack([n[0], n[1], 2 * n[2]])
    return {
        Series.FACTOR_48_CURL: curl,
        Series.FACTOR_48_GRADIENT: gradient,
        Series.FACTOR_48_N: along,
        Series.FACTOR_48_PERPPERP: across,
        Series.FACTOR_47_CURL: moment_curl,
        Series.FACTOR_47_GRADIENT: moment_gradient,
        Series.FACTOR_7_CURL: fitted(values, [-2 * alpha * e.x.spin_curl(PERP, n)])[0],
    }


def in_plane(text: str, epsilon: float, alpha: float) -> Errors:
    """Errors of (39) and (47) with fields of x1 and x2.

    The multipliers are those of eps = 0 for the densities of the case. As they are given, no
    constraint has to be solved for <M>.
    """
    case = parse_case(text)
    box = rates.box(case.grid.n_x, case.grid.length, epsilon, alpha, p_max=5.5, separation=7.0)
    mu = classical(on_box(case, box).u)
    exact = bgk.exponential(box, mu).u
    x = Calculus(box.n, box.length)
    difference = maxwellian_expansion.densities(x, mu, epsilon, box.coupling) - exact
    return {Series.MEAN_39: largest(difference[0]), Series.MEAN_47: largest(difference[1:])}


def inverse(text: str, epsilon: float, alpha: float) -> Errors:
    """How far Lemma 4.2 is from the inverse of (39) and (47), on a fine lattice."""
    case = parse_case(text)
    n1, n2 = (1 if n == 1 else 63 for n in case.grid.n_x)
    box = Box((n1, n2), case.grid.length, epsilon, alpha)
    x, mu = Calculus(box.n, box.length), classical(on_box(case, box).u)
    errors: Errors = {}
    for form, name in (
        (Form.CORRECTED, Series.INVERSE),
        (Form.PUBLISHED, Series.INVERSE_PRINTED),
    ):
        u = maxwellian_expansion.densities(x, mu, epsilon, box.coupling, form)
        found = multiplier_expansion.multipliers(x, u, epsilon, box.coupling, form)
        errors[name] = largest(found - mu)
    return errors
