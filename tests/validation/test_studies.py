"""The studies of the solver and of the models, in their small size: every claim, and the orders."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import validation.__main__ as command
from tests.support.case_texts import MATERIAL, SCALED, SMALLEST
from validation.harness.study import Setting, run
from validation.solutions.cases import STRIP, Shipped, chosen, ladder
from validation.solutions.density_operator import Strip
from validation.solutions.kinetic import resampled
from validation.studies.catalogue import STUDIES
from wigner.case.spec import parse_case
from wigner.phase_space import pauli
from wigner.phase_space.communicator import SERIAL
from wigner.phase_space.grid import PhaseGrid

# What must be seen, whatever the studies themselves expect: key, number, tolerance.
ORDERS = {
    "tau": [(f"tau.maxwellian.n{k}", 2, 0.1) for k in range(4)],
    "gate": [*((f"gate.n{k}", 2, 0.2) for k in range(4)), ("gate.local", 4, 0.4)],
    "epsilon": [
        ("epsilon.rates.zero.corrected", 4, 0.2),
        ("epsilon.rates.zero.published", 2, 0.2),
        ("epsilon.rates.diagonal.corrected", 3, 0.3),
        ("epsilon.rates.diagonal.published", 1, 0.3),
        ("epsilon.solutions.zero.corrected", 4, 0.2),
        ("epsilon.solutions.diagonal.corrected", 3, 0.3),
        ("epsilon.precession.published", 2, 0.2),
        ("epsilon.alone.diffusion", 2, 0.2),
        ("epsilon.alone.double-cross", 2, 0.2),
        ("epsilon.alone.rashba", 1, 0.3),
    ],
    "alpha": [("alpha.epsilon.corrected", 2, 0.3), ("alpha.epsilon.published", 0, 0.3)],
    "convergence": [
        ("convergence.dt.sdirk2.1", 2, 0.2),
        ("convergence.dt.sdirk3.1", 3, 0.2),
        ("convergence.dt.strang.1", 2, 0.2),
        ("convergence.dt.strang.1e-06", 1, 0.3),
        ("convergence.splitting.strang", 2, 0.2),
        ("convergence.splitting.fourth", 4, 0.2),
    ],
    "invariants": [("invariants.mass", 0, 1e-12), ("invariants.collisions", 0, 1e-12)],
    "literature": [
        ("literature.wave.rate", 1, 1e-4),
        ("literature.spin.rate.across", 1, 1e-4),
        ("literature.spin.local.across", 1, 1e-5),
        ("literature.helix.rate", 1, 1e-3),
        ("literature.helix.local", 0, 1e-3),
        ("literature.helix.stays", 0, 1e-6),
        ("literature.edelstein.rashba", 0, 4e-3),
        ("literature.edelstein.both", 0, 4e-3),
        ("literature.spin-hall", 0, 2e-3),
        ("literature.larmor", 0, 1e-9),
        ("literature.magnetisation", 0, 1e-2),
        ("literature.plasmon.classical.frequency", 1, 1e-4),
        ("literature.plasmon.classical.damping", 1, 1e-4),
        ("literature.plasmon.quantum.frequency", 1, 1e-4),
        ("literature.plasmon.quantum.damping", 1, 1e-4),
        ("literature.screening.2deg", 1, 1e-4),
        ("literature.path.angle", 0, 1e-4),
        ("literature.barrier", 0, 1e-4),
        ("literature.wire", 0, 1e-4),
    ],
}


# Half a minute each and more. Their claims are asserted on smaller problems, too: orders in time in
# evolution/test_relaxation, those in epsilon in test_study_expansions, and closed forms in
# test_small_waves, test_oracle_waves and test_oracle_driven.
DEAR = dict.fromkeys(("convergence", "epsilon", "literature"), pytest.mark.slow)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("study", [pytest.param(name, marks=DEAR.get(name, ())) for name in ORDERS])
def test_every_claim_of_a_study_holds(study: str, tmp_path: Path) -> None:
    arguments = [study, "--output", str(tmp_path), "--size", "small"]
    assert command.main(arguments) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    claims = {claim["key"]: claim for claim in report["studies"][0]["claims"]}
    for key, order, tolerance in ORDERS[study]:
        assert claims[key]["measured"] == pytest.approx(order, abs=tolerance), key
        published = key.endswith(".published") or ".alone." in key
        assert claims[key]["verdict"] == ("print refuted" if published else "holds")
    stored = {path: path.stat().st_mtime_ns for path in (tmp_path / "tasks").iterdir()}
    run([each for each in STUDIES if each.name == study], Setting("small"), tmp_path, SERIAL)
    assert stored == {path: path.stat().st_mtime_ns for path in stored}  # nothing done twice


def test_a_case_of_the_user_takes_the_place_of_the_shipped_one() -> None:
    own = parse_case(SMALLEST)
    assert chosen(Setting("full", own), Shipped(STRIP)) is own
    material = parse_case(SMALLEST.replace("[physics]\n" + SCALED, MATERIAL))
    scaled = chosen(Setting("full", material), Shipped(STRIP))
    assert scaled.material is None
    assert scaled.physics == material.physics


def test_a_ladder() -> None:
    assert ladder(0.8, 3) == [0.8, 0.4, 0.2]


@pytest.mark.parametrize("axis", [0, 1])
def test_matrices_of_a_homogeneous_state(axis: int) -> None:
    """W = exp(-|p|^2/2) (1 + s sigma_3) is exp(-|p|^2/2) on plane waves, spin by spin."""
    n_x, L, epsilon, s = ((8, 1), (1, 8))[axis], (3.0, 3.0), 0.5, 0.3
    grid = PhaseGrid(n_x, L, (32, 28), (7.0, 6.5))
    p1, p2 = grid.p_flat
    bump = np.exp(-0.5 * (p1**2 + p2**2))
    w = np.stack([bump, 0 * bump, 0 * bump, s * bump])[:, None, :].repeat(8, axis=1)
    strip = Strip(grid, epsilon, 0.0)
    rho = strip.density(pauli.pack(w))
    along = 2 * np.pi * epsilon / L[axis] * np.arange(-strip.reach, strip.reach + 1)
    exact = np.exp(-0.5 * (along**2 + grid.p[1 - axis][:, None] ** 2))
    diagonal = np.stack([exact * (1 + s), exact * (1 - s)], axis=-1).reshape(len(rho), -1)
    np.testing.assert_allclose(rho, diagonal[:, :, None] * np.eye(rho.shape[1]), atol=1e-9)
    H = strip.hamiltonian(np.zeros(n_x))
    kinetic = 0.5 * (along**2 + grid.p[1 - axis][:, None] ** 2)
    np.testing.assert_allclose(H, kinetic.repeat(2, axis=1)[:, :, None] * np.eye(H.shape[1]))
    with pytest.raises(ValueError, match="one point along one axis"):
        Strip(PhaseGrid((4, 4), L, (16, 16), (6.0, 6.0)), epsilon, 0.0)


def test_resampling_is_exact_on_resolved_waves() -> None:
    x = 2 * np.pi * np.arange(10) / 10
    y = 2 * np.pi * np.arange(7) / 7
    field = np.cos(2 * x)[:, None] * np.sin(y + 1)[None, :]
    u, v = 2 * np.pi * np.arange(16) / 16, 2 * np.pi * np.arange(9) / 9
    expected = np.cos(2 * u)[:, None] * np.sin(v + 1)[None, :]
    np.testing.assert_allclose(resampled(field, (16, 9)), expected, atol=1e-14)
