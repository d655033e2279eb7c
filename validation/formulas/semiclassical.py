"""The formulas of section 4 beside exact values: errors, and the factors that the values ask for.

Every comparison is a pair (exact, formula); its error is the largest difference, and the study
`expansions` looks at how it falls with eps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from macro import local, maxwellian_expansion, multiplier_expansion
from macro.calculus import Calculus, cross, rotated
from macro.forms import Form
from wigner.case.spec import parse_case

from ..oracle import bgk, rates
from ..oracle.dense import Box
from .exact import Exact, classical, fitted, on_box, on_line, solved, symbol_of

Pair = tuple[NDArray, NDArray]

# Momenta at which symbols are compared: where M is large, off all axes of symmetry.
P = (np.array([-1.7, -0.4, 0.6, 1.5])[:, None], np.array([-1.1, 0.3, 1.9])[None, :])


# Prop. 4.1


def of_symbol(text: str, epsilon: float, alpha: float, beta: float) -> dict[str, float]:
    """Errors of (38)-(40), and the factor of the turning term in (40).

    (a0, a) are those of eps = 0 for the densities of the case; any would do.
    """
    box, u, _ = on_line(parse_case(text), epsilon, alpha)
    mu = classical(u)
    point = maxwellian_expansion.PhasePoint(Calculus(box.n, box.length), mu, P, alpha)
    M = symbol_of(box, mu, P, beta) / np.exp(beta * point.h0)
    weight = np.exp(beta * point.h0)
    first = maxwellian_expansion.first(point, beta)
    second = sum(maxwellian_expansion.second(point, beta).values())
    errors = {
        "scalar 2": largest(weight * (M[0] - 1 - epsilon**2 * second)),
        "spin 1": largest(weight * (M[1:] - epsilon * first)),
    }
    for form in Form:
        third = sum(maxwellian_expansion.third(point, beta, form).values())
        left = M[1:] - epsilon * first - epsilon**3 * third
        errors[f"spin 3 {form.value}"] = largest(weight * left)
    terms = maxwellian_expansion.third(point, beta)
    turn = terms.pop("turn") / maxwellian_expansion.TURN[Form.CORRECTED]
    values = (M[1:] - epsilon * first) / epsilon**3 - sum(terms.values())
    if alpha != 0:
        errors["factor turn"] = fitted(weight * values, [weight * turn])[0]
    return errors


def largest(f: NDArray) -> float:
    """max |f|."""
    return float(np.abs(f).max())


# Lemma 4.2 and (49)-(53)


def of_densities(text: str, epsilon: float, alpha: float) -> dict[str, float]:
    """Errors of everything that follows from M(N) by expansion, and the factors of some terms."""
    e = solved(on_line(parse_case(text), epsilon, alpha))
    errors = {name: largest(left - right) for name, (left, right) in pairs(e).items()}
    return errors | (factors(e) if alpha != 0 else dropped(e))


def pairs(e: Exact) -> dict[str, Pair]:
    """(exact, formula) by name."""
    found: dict[str, Pair] = {}
    for form in Form:
        mu = multiplier_expansion.multipliers(e.x, e.u, e.epsilon, e.alpha, form)
        u = maxwellian_expansion.densities(e.x, e.mu, e.epsilon, e.alpha, form)
        found |= {
            f"(45) {form.value}": (e.mu[0], mu[0]),
            f"(48) {form.value}": (e.mu[1:], mu[1:]),
            f"(39) {form.value}": (e.u[0], u[0]),
            f"(47) {form.value}": (e.u[1:], u[1:]),
        }
    return found | precession(e) | diffusion(e) | rashba(e)


def local_fields(e: Exact) -> local.Fields:
    """What the terms of the local model are made of, with tau = 1."""
    return local.Fields(e.medium, e.u)


def precession(e: Exact) -> dict[str, Pair]:
    """(49) and (53)."""
    f, n, a = local_fields(e), e.u[1:], e.mu[1:]
    exact, term = -2 * cross(n, a), local.precession(f).source
    rate, double = cross(n, e.rates.dmu[1:]), local.printed_double_precession(f).source
    return {
        "(49) corrected": (exact, term),
        "(49) published": (exact, term / e.u[0]),
        "(53)": (rate, double / 2),
    }


def diffusion(e: Exact) -> dict[str, Pair]:
    """(6), (50), (51) and the sum of the last two."""
    f, x, n0, n, a0, a = local_fields(e), e.x, e.u[0], e.u[1:], e.mu[0], e.mu[1:]
    charge = sum(term(f).charge for term in (local.diffusion, local.drift, local.bohm))
    grad_n = local.diffusion(f).spin
    fluxes = n0 * x.grad(a) + n * x.grad(a0)[:, None]
    momentum = np.stack([2 / e.epsilon * cross(pM[1:], a) for pM in e.momentum])
    turned, turning = -2 * e.alpha * rotated(n), np.stack([cross(d_n, n) for d_n in x.grad(n)])
    cubic = np.stack([cross(d, n) for d in turning])
    return {
        "(6)": (e.rates.TTM[0], x.div(charge)),
        "(50)": (fluxes, grad_n + local.printed_spin_bohm(f).spin),
        "(51) corrected": (momentum, turned + e.epsilon**2 / (3 * n0**2) * cubic),
        "(51) published": (momentum, turned + e.epsilon**2 / (3 * n0) * turning),
        "(50) + (51)": (fluxes + momentum, grad_n + turned + local.spin_bohm(f).spin),
    }


def rashba(e: Exact) -> dict[str, Pair]:
    """(52) and the display after it, without tau."""
    x, n0, n, a0, a, alpha = e.x, e.u[0], e.u[1:], e.mu[0], e.mu[1:], e.alpha
    gate = cross(x.grad_perp(e.V), n)
    exact = n0 * x.curl_perp(a) + cross(x.grad_perp(a0), n) + gate
    p_perp_x = p_perp_cross(np.stack([cross(p_M[1:], a) for p_M in e.momentum]))
    relaxation = 2 * n + multiplier_expansion.perpperp(n)
    return {
        "(52)": (-2 * alpha * exact, -2 * alpha * (x.curl_perp(n) + gate)),
        "after (52)": (-4 * alpha / e.epsilon * p_perp_x, -4 * alpha**2 * relaxation),
    }


def p_perp_cross(f: NDArray) -> NDArray:
    """<p_perp x f> from <p_i f>, shapes ``(2, 3, ..)`` and ``(3, ..)``; p_perp = (p2, -p1, 0)."""
    return np.stack([-f[0, 2], -f[1, 2], f[0, 0] + f[1, 1]])


def dropped(e: Exact) -> dict[str, float]:
    """The term of (5) that is dropped on the way to (7), and what it cancels."""
    n, a = e.u[1:], e.mu[1:]
    term = -4 * cross(cross(n, a), a)
    last = local.printed_double_precession(local_fields(e)).source
    return {"dropped": largest(term), "cancelled": largest(term + last)}


def factors(e: Exact) -> dict[str, float]:
    """The factors that exact values ask for in (47), (48) and (7), up to order eps^2."""
    alpha, n0, n = e.alpha, e.u[0], e.u[1:]
    terms = multiplier_expansion.spin_terms(e.x, e.u, alpha)
    unit = {k: alpha * term for k, term in multiplier_expansion.rashba_terms(e.x, e.u).items()}
    relax = [alpha**2 / (3 * n0) * n, alpha**2 / (3 * n0) * multiplier_expansion.perpperp(n)]
    known = sum(terms[k] for k in ("bohm", "cubic", "laplacian", "gradient"))
    values = (e.mu[1:] - n / n0) / e.epsilon**2 - known
    curl, gradient, along, across = fitted(values, [unit["curl"], unit["gradient"], *relax])

    terms = maxwellian_expansion.spin_density_terms(e.x, e.mu, alpha)
    unit = {
        k: alpha * term for k, term in maxwellian_expansion.rashba_density_terms(e.x, e.mu).items()
    }
    known = sum(terms[k] for k in ("scalar", "cubic", "relaxation", "laplacian", "gradient"))
    values = (n / (2 * np.pi * np.exp(e.mu[0])) - e.mu[1:]) / e.epsilon**2 - known
    moment_curl, moment_gradient = fitted(values, [unit["curl"], unit["gradient"]])

    gate = cross(e.x.grad_perp(e.V), n)
    values = e.rates.TTM[1:] - e.x.div(e.x.grad(n) + n * e.x.grad(e.V)[:, None])
    values += 2 * alpha * gate + 4 * alpha**2 * np.stack([n[0], n[1], 2 * n[2]])
    return {
        "factor (48) curl": curl,
        "factor (48) gradient": gradient,
        "factor (48) n": along,
        "factor (48) n perpperp": across,
        "factor (47) curl": moment_curl,
        "factor (47) gradient": moment_gradient,
        "factor (7) curl": fitted(values, [-2 * alpha * e.x.curl_perp(n)])[0],
    }


def in_plane(text: str, epsilon: float, alpha: float) -> dict[str, float]:
    """Errors of (39) and (47) with fields of x1 and x2, from multipliers given.

    (a0, a) are those of eps = 0 for the densities of the case; their <M> needs no solver.
    """
    case = parse_case(text)
    box = rates.box(case.grid.n_x, case.grid.length, epsilon, alpha, p_max=5.5, separation=7.0)
    mu = classical(on_box(case, box).u)
    exact = bgk.exponential(box, mu).u
    difference = (
        maxwellian_expansion.densities(Calculus(box.n, box.length), mu, epsilon, alpha) - exact
    )
    return {"(39)": largest(difference[0]), "(47)": largest(difference[1:])}


def inverse(text: str, epsilon: float, alpha: float) -> dict[str, float]:
    """How far Lemma 4.2 is from the inverse of (39) and (47), on a fine lattice."""
    case = parse_case(text)
    points = tuple(1 if n == 1 else 63 for n in case.grid.n_x)
    box = Box(points, case.grid.length, epsilon, alpha)
    x, mu, errors = Calculus(box.n, box.length), classical(on_box(case, box).u), {}
    for form in Form:
        u = maxwellian_expansion.densities(x, mu, epsilon, alpha, form)
        errors[form.value] = largest(
            multiplier_expansion.multipliers(x, u, epsilon, alpha, form) - mu
        )
    return errors
