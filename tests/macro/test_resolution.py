"""Whether the x lattice holds the rates of change: the tail of their spectra."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from macro.__main__ import main
from macro.catalogue import initial, make_model
from macro.resolution import rate_tail
from tests.support.small import moments, report, sets
from validation.solutions.cases import STRIP
from wigner.case.problem import build
from wigner.case.spec import parse_case


def found(name: str, *overrides: str, text: str = STRIP) -> tuple[float, np.ndarray]:
    """The tail and the rates of change at t = 0."""
    case = parse_case(text, overrides)
    problem = build(case)
    model, u = make_model(name, case, problem), initial(name, problem)
    balance = model.balance(u)
    return rate_tail(model, u, balance), model.rate(u)


def test_a_wave_of_known_size() -> None:
    """Densities of long waves, but n0 has 1e-3 of a wave beyond two thirds of the reach."""
    waves = 'initial.n0="1 + 0.1*cos(x1) + 1e-5*cos(7*x1)"'
    still = ('initial.n=["0","0","0"]', "physics.potential=0", "grid.n_x=[20,1]")
    size, _ = found("drift-diffusion", waves, *still)
    # the rate is tau Lap n0: 1e-5 * 49 against 0.1 * 1
    assert size == pytest.approx(49e-4, rel=1e-9)


@pytest.mark.parametrize("model", ["nonlocal", "local"])
def test_the_tail_is_about_the_error_of_the_rates(model: str) -> None:
    """At eps = 0.5, alpha = 1 and 12 points, against 24."""
    hard = ("physics.epsilon=0.5", "physics.alpha=1.0", "maxwellian.tolerance=1e-6")
    coarse, rate = found(model, *hard, "grid.n_x=[12,1]")
    fine, exact = found(model, *hard, "grid.n_x=[24,1]")
    for part in (slice(0, 1), slice(1, 4)):
        error = np.abs(rate - exact[:, ::2])[part].max() / np.abs(exact[part]).max()
        assert error < 3 * coarse
    assert 1e-4 < coarse < 2e-2
    assert fine < coarse / 10


def test_what_is_at_rest_has_no_tail() -> None:
    rest = ('initial.n=["0","0","0"]', "physics.potential=0", 'initial.n0="1"')
    assert found("local", *rest)[0] < 1e-9
    assert found("local", "grid.n_x=[1,1]", *rest)[0] == 0


def test_what_comes_to_rest_is_not_judged_by_what_is_left() -> None:
    """Rates of 1e-4 of a wave, a third of which are beyond; and a spin that is roundoff."""
    nearly = ('initial.n=["0","0","0"]', "physics.potential=0", "grid.n_x=[20,1]")
    size, rate = found("local", 'initial.n0="1 + 1e-5*cos(7*x1)"', "physics.alpha=0", *nearly)
    assert np.abs(rate[0]).max() > 20 * 0.05 * 1e-5
    assert 1e-3 < size < 1e-2
    large, _ = found("local", 'initial.n0="1 + 1e-2*cos(7*x1)"', "physics.alpha=0", *nearly)
    assert large == pytest.approx(1, rel=1e-3)


def test_the_estimated_error_of_a_run_is_about_its_error(tmp_path: Path) -> None:
    """On 12 points, against 36."""
    fields = ("physics.epsilon=0.5", "physics.alpha=1.0", "time.t_end=0.4", "output.every=0.4")
    case, densities = tmp_path / "case.toml", {}
    case.write_text(STRIP)
    for n in (12, 36):
        output = tmp_path / str(n)
        entries = sets(*fields, f"grid.n_x=[{n},1]", "physics.tau=0.1")
        arguments = ["--model", "local", "--tolerance", "1e-6", "--output", str(output), *entries]
        assert main(["run", str(case), *arguments]) == 0
        densities[n] = moments(output)["n"][-1]
    estimate = report(tmp_path / "12")["quality"]["worst"]["tail_n"]["error"]
    error = np.abs(densities[12] - densities[36][:, ::3]).max() / np.abs(densities[36]).max()
    assert error / 2 < estimate < 10 * error
