"""Figures: what is in them, for runs of every shape."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver
from numpy.typing import ArrayLike

from tests.support.made_runs import make_checkpoint, make_run
from wigner.errors import CaseError
from wigner.output.variables import ARRAYS, SCALARS
from wigner.results import style
from wigner.results.kinds import KINDS
from wigner.results.run import Run, open_run
from wigner.results.series import SOUND as SHARES
from wigner.results.smooth import interpolated
from wigner.results.totals import energy_parts
from wigner.results.view import View, nearest

SHAPES = [((8, 6), (0.0, 0.1)), ((8, 1), (0.0,)), ((1, 6), (0.0, 0.1)), ((1, 1), (0.0,))]


def drawn(
    run: Run, name: str, records: list[int] | None = None, view: View | None = None
) -> Figure:
    """A figure of some kind."""
    kind = KINDS[name]
    chosen = kind.choose(run, None, view or View()) if records is None else records
    with style.look():
        figure = style.blank()
        kind.drawing(run, chosen, view or View()).draw(figure, chosen)
    return figure


def panels(figure: Figure) -> list:
    """The axes that are no colour bars."""
    return [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]


@pytest.mark.parametrize(("n", "times"), SHAPES)
@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_every_shape(
    tmp_path: Path, n: tuple[int, int], times: tuple[float, ...], name: str
) -> None:
    directory = make_run(tmp_path, n, times, amplitude=0.0 if n == (1, 1) else 0.5)
    if name == "phase-space":
        make_checkpoint(directory, n, 0.0, 0)
    shown = panels(drawn(open_run(directory), name))
    assert shown
    for ax in shown:
        assert ax.get_title("left") or ax.get_ylabel()
        assert ax.collections or ax.lines


def test_nothing_sticks_out(tmp_path: Path) -> None:
    """Titles of two lines above maps of equal aspect have room: not so in a layout of one pass."""
    figure = drawn(open_run(make_run(tmp_path)), "fields", [1])
    with style.look():
        figure.draw_without_rendering()
    box = figure.get_tightbbox()
    assert box.x0 >= -0.02
    assert box.y0 >= -0.02
    assert box.x1 <= figure.get_figwidth() + 0.02
    assert box.y1 <= figure.get_figheight() + 0.02


def test_fields_are_drawn_the_right_way_round(tmp_path: Path) -> None:
    """n0 = 2 + cos(k1 x1 + t)/2 in colour, (n1, n2) = (1, sin(k2 x2)) as arrows, n3 beside."""
    run = open_run(make_run(tmp_path))
    left, middle, right = panels(drawn(run, "fields", [3]))
    mesh = next(c for c in left.collections if isinstance(c, QuadMesh))
    x = mesh.get_coordinates()
    expected = 2 + 0.5 * np.cos(np.pi / 2 * x[..., 0] + 0.3)
    np.testing.assert_allclose(mesh.get_array().reshape(x.shape[:2]), expected, atol=1e-12)
    assert (x[0, -1, 0], x[-1, 0, 1]) == (4.0, 2.0)
    assert left.get_aspect() == 1.0
    arrows = next(c for c in left.collections if isinstance(c, Quiver))
    np.testing.assert_allclose(arrows.U, 1.0)
    np.testing.assert_allclose(arrows.V, np.sin(np.pi * arrows.Y), atol=1e-12)
    assert left.get_title("left") == "$t = 0.3$\n$n_0,\\ (n_1, n_2)$"
    mesh = next(c for c in middle.collections if isinstance(c, QuadMesh))
    n3 = 0.15 * np.cos(np.pi / 2 * mesh.get_coordinates()[..., 0])
    np.testing.assert_allclose(mesh.get_array().reshape(n3.shape), n3, atol=1e-12)
    assert mesh.get_clim() == pytest.approx((-0.15, 0.15), rel=1e-6)
    assert right.get_title("left") == r"$\varepsilon|n|/n_0$"


def test_maps_read_in_grey() -> None:
    """Lightness rises from end to end in both colour maps, also to eyes without red or green."""
    import matplotlib  # noqa: PLC0415

    for name in (style.POSITIVE, style.SIGNED):
        red, green, blue, _ = matplotlib.colormaps[name](np.linspace(0, 1, 64)).T
        assert (np.diff(0.299 * red + 0.587 * green + 0.114 * blue) > 0).all()


def test_colours_have_symbol_and_unit(tmp_path: Path) -> None:
    run = open_run(make_run(tmp_path, material=True))
    figure = drawn(run, "fields", view=View(si=True))
    bars = [ax.get_xlabel() for ax in figure.axes if ax.get_label() == "<colorbar>"]
    spin = r"$n_3$ ($10^{9}$ cm$^{-2}$)"
    assert bars == [r"$n_0$ ($10^{10}$ cm$^{-2}$)", spin, r"$\varepsilon|n|/n_0$"]
    assert panels(figure)[0].get_ylabel() == "$x_2$ (nm)"
    assert panels(figure)[0].get_title("left").startswith("$t = 0$ fs")


def test_currents_and_their_directions(tmp_path: Path) -> None:
    """J0 = (n0, -1)."""
    run = open_run(make_run(tmp_path))
    charge = panels(drawn(run, "currents", [2]))[0]
    arrows = next(c for c in charge.collections if isinstance(c, Quiver))
    np.testing.assert_allclose(arrows.U, 2 + 0.5 * np.cos(np.pi / 2 * arrows.X + 0.2), atol=1e-12)
    np.testing.assert_allclose(arrows.V, -1.0)


def test_cuts_go_through_the_place(tmp_path: Path) -> None:
    """Along x1 at x2 = 0.5 n2 is sin(pi 0.5) = 1, along x2 at x1 = 1 n0 is 2 + cos(pi/2 + t)/2."""
    run = open_run(make_run(tmp_path, (8, 4)))
    figure = drawn(run, "cut", [0, 2], View(through=(1.0, 0.5)))
    along_x1, along_x2 = panels(figure)[:5], panels(figure)[5:10]
    np.testing.assert_allclose(along_x1[2].lines[1].get_ydata(), 1.0)
    for line, t in zip(along_x2[0].lines, (0.0, 0.2), strict=True):
        np.testing.assert_allclose(line.get_ydata(), 2 + 0.5 * np.cos(np.pi / 2 + t))
    assert along_x1[0].get_title("left") == r"$n_0$ along $x_2 = 0.5$ $x_0$"


def test_roundoff_is_no_range(tmp_path: Path) -> None:
    """n3 of 1e-17 beside a spin of 1 is drawn as none, and so is such a current."""
    directory = make_run(tmp_path, (8, 6), (0.0,))
    with h5py.File(directory / "moments.h5", "r+") as file:
        file["n"][0, 2] = 1e-17 * np.arange(48).reshape(8, 6)
        file["current"][0] = 1e-17 * np.arange(384).reshape(4, 2, 8, 6)
    run = open_run(directory)
    n3 = panels(drawn(run, "fields"))[1]
    mesh = next(c for c in n3.collections if isinstance(c, QuadMesh))
    assert mesh.get_clim() == pytest.approx((-1.0, 1.0))
    cut = drawn(run, "cut")
    assert "$n_3$" not in map(title, panels(cut))
    assert cut.get_supxlabel() == "$n_3 = 0$ throughout"
    currents = panels(drawn(run, "currents"))
    assert not any(isinstance(c, Quiver) for ax in currents for c in ax.collections)


def overwritten(directory: Path, **values: ArrayLike) -> Run:
    """A made run, some of whose variables are others."""
    with h5py.File(directory / "moments.h5", "r+") as file:
        for name, value in values.items():
            file[name][...] = value
    return open_run(directory)


def ends(ax: Axes) -> tuple[float, float]:
    """What a panel shows: the range of its colours, or that of its lines without the margins."""
    meshes = [c for c in ax.collections if isinstance(c, QuadMesh)]
    if meshes:
        return meshes[0].get_clim()
    low, high = ax.get_ylim()
    return low + 0.06 / 1.12 * (high - low), high - 0.06 / 1.12 * (high - low)


@pytest.mark.parametrize("n", [(8, 6), (8, 1)])
def test_noise_is_drawn_on_the_scale_of_the_whole(tmp_path: Path, n: tuple[int, int]) -> None:
    """That of n where there is an n2, and of n0/eps = 10 where all of n is noise.

    Cuts leave it out, and say so.
    """
    noise = 1e-15 * np.sin(np.arange(3 * n[0] * n[1])).reshape(3, *n)
    spin = noise + np.reshape([0, 1e-4, 0], (3, 1, 1))
    run = overwritten(make_run(tmp_path / "a", n, (0.0,)), n=spin)
    third = panels(drawn(run, "components"))[3]
    assert title(third) == "$n_{3}$"
    assert ends(third) == pytest.approx((-1e-4, 1e-4), rel=1e-6)
    nothing = overwritten(make_run(tmp_path / "b", n, (0.0,)), n=noise)
    spins = panels(drawn(nothing, "components"))[1:4]
    assert all(ends(ax) == pytest.approx((-10.0, 10.0)) for ax in spins)
    cut, axes = drawn(run, "cut"), 2 - (1 in n)
    names = [title(ax).split(" along")[0] for ax in panels(cut)]
    assert names == ["$n_0$", "$n_2$", r"$\varepsilon|n|/n_0$"] * axes
    assert cut.get_supxlabel() == "$n_1 = n_3 = 0$ throughout"
    cut = drawn(nothing, "cut")
    assert [title(ax).split(" along")[0] for ax in panels(cut)] == ["$n_0$"] * axes
    assert cut.get_supxlabel() == "$n_1 = n_2 = n_3 = 0$ throughout"


def title(ax: Axes) -> str:
    """That of a panel, which stands at its left."""
    return ax.get_title("left")


def test_noise_of_fields_currents_and_w(tmp_path: Path) -> None:
    n, noise = (8, 1), 1e-15 * np.sin(np.arange(64)).reshape(4, 2, 8, 1)
    directory = make_run(tmp_path, n, (0.0,))
    make_checkpoint(directory, n, 0.0, 0)  # whose w1 is 0, and w0 up to 1
    run = overwritten(directory, n=noise[:3, 0], current=noise)
    fields = panels(drawn(run, "fields"))
    assert fields[1].get_ylim()[0] < -9
    assert fields[2].get_ylim()[1] > 1
    charge, *spins = panels(drawn(run, "currents"))
    assert charge.get_ylim()[0] == pytest.approx(-2.24)
    assert all(ax.get_ylim()[0] == pytest.approx(-11.2) for ax in spins)
    w0, w1 = panels(drawn(run, "phase-space"))[:2]
    assert ends(w1) == pytest.approx((-ends(w0)[1], ends(w0)[1]))


def test_noise_over_time(tmp_path: Path) -> None:
    """A mass that is kept, a total spin of nothing, and changes of an energy that does not change.

    The mass is 16, its rounding noise 1e-15 of it; eps is 0.2.
    """
    noise, times = 1e-15 * np.array([1.0, -1.0, 1.0]), (0.0, 0.1, 0.2)
    spins, names = noise[:, None] * np.ones(3), ("work", "heat", "free_energy")
    directory = make_run(tmp_path, (8, 1), times)
    energies = dict.fromkeys(names, noise) | {"energy": 3 + noise}
    parts = dict.fromkeys(("kinetic_energy", "rashba_energy", "V"), 0.0)
    with h5py.File(directory / "moments.h5", "r+") as file:
        file["mass"][...] = 16 * (1 + noise)
        parts = {name: 0.0 for name in parts if name in file}
    run = overwritten(directory, spin_total=spins, torque=spins, **energies, **parts)
    by_name = {title(ax): ax for ax in panels(drawn(run, "series"))}
    assert by_name["mass (kept to rounding)"].get_ylim()[1] > 1
    assert by_name["total spin"].get_ylim()[0] < -79  # of n0 area/eps
    budget = {title(ax): ax for ax in panels(drawn(run, "budget"))}
    assert budget["change of energies"].get_ylim()[0] < -15
    assert not {"change of the total spin", "not explained by what was added"} & {*budget}


@pytest.mark.parametrize("name", ["series", "fields", "currents", "budget"])
def test_no_legend_lies_on_a_curve(tmp_path: Path, name: str) -> None:
    """Where all of a panel is full of curves, too."""
    times = tuple(0.01 * k for k in range(24))
    directory = make_run(tmp_path, (24, 1), times)
    sign = (-1.0) ** np.arange(24)
    small = dict.fromkeys({*SHARES} & SCALARS.keys(), 10 ** (-6 + 4 * sign))
    waves = np.broadcast_to(sign[:, None], (24, 1))
    totals = dict.fromkeys(("energy", "work", "heat", "free_energy"), sign)
    spins = dict.fromkeys(("spin_total", "torque"), sign[:, None])
    run = overwritten(directory, n=waves, current=waves, **small, **totals, **spins)
    figure = drawn(run, name)
    with style.look():
        figure.draw_without_rendering()
    found = 0
    for ax in panels(figure):
        if ax.get_legend() is None:
            continue
        found += 1
        box = ax.get_legend().get_window_extent()
        assert box.x1 <= ax.get_window_extent().x1 + 2
        for line in ax.lines:
            path = line.get_transform().transform_path(line.get_path())
            assert not path.intersects_bbox(box, filled=False), (title(ax), line.get_label())
    assert found


def test_what_is_the_same_everywhere_is_drawn_over_time(tmp_path: Path) -> None:
    run = open_run(make_run(tmp_path, (1, 1), amplitude=0.5))
    assert KINDS["components"].figures(run, None, View()) == [[0, 1, 2, 3]]
    n0 = 2 + 0.5 * np.cos(run.times)
    for name, panel, expected in (
        ("fields", 0, n0),
        ("cut", 0, n0),
        ("components", 0, n0),
        ("currents", 0, n0),
        ("cut", 2, 0.5 * run.times),  # n3: there is no n2
    ):
        ax = panels(drawn(run, name))[panel]
        np.testing.assert_allclose(ax.lines[0].get_xdata(), run.times)
        np.testing.assert_allclose(ax.lines[0].get_ydata(), expected, atol=1e-14)
        assert ax.get_xlabel() == "$t$ ($t_E$)"
    (dot,) = panels(drawn(run, "fields", [2]))[0].lines
    assert dot.get_xdata() == [0.2]


def test_nothing_has_the_colour_of_zero_in_the_middle(tmp_path: Path) -> None:
    """The potential of the case is 0 throughout."""
    shown = panels(drawn(open_run(make_run(tmp_path, (8, 6), (0.0,))), "components"))
    (V,) = (ax for ax in shown if title(ax) == "$V$")
    assert ends(V) == (-1.0, 1.0)


def test_a_uniform_field_is_drawn_within_some_percent(tmp_path: Path) -> None:
    """Numbers at its colours are not 1 plus some 1e-5."""
    run = open_run(make_run(tmp_path, (8, 6), (0.0,), amplitude=0.0))
    assert ends(panels(drawn(run, "fields"))[0]) == pytest.approx((1.9, 2.1))


def test_every_variable_is_drawn(tmp_path: Path) -> None:
    """A new one in the table of the records needs no change here."""
    run = open_run(make_run(tmp_path))
    series = KINDS["series"].drawing(run, [0], View())
    assert {*series._single, *series._sound} == {*SCALARS}
    components = KINDS["components"].drawing(run, [0], View())
    names = {panel.name for row in components._rows for panel in row}
    assert names == {*ARRAYS, "potential"} - {"current", "momentum"}
    assert all(len(row) <= 4 for row in components._rows)


def test_a_budget_that_closes_and_one_that_is_open(tmp_path: Path) -> None:
    """Here energy, work and heat are all 1, 2, 3, 4: the change is explained twice over.

    Parts change by much more: kinetic and spin-orbit by 8 each in each step, in V by less or more.
    """
    figure = drawn(open_run(make_run(tmp_path / "kinetic")), "budget")
    unclosed = panels(figure)[-1]
    by_name = {line.get_label(): line.get_ydata() for line in unclosed.lines}
    parts = energy_parts(open_run(tmp_path / "kinetic"))
    largest = max(np.abs(part - part[0]).max() for part in parts.values())
    assert largest > 24
    np.testing.assert_allclose(by_name["energy"][1:], np.array([1, 2, 3]) / largest)
    assert [*by_name] == ["energy"]  # that of the spin closes
    macroscopic = drawn(open_run(make_run(tmp_path / "local", model="local")), "budget")
    said = macroscopic.get_supxlabel()
    assert said == "This run records no work, no heat, no torque: its balances stay open."


def test_times_are_those_nearest(tmp_path: Path) -> None:
    run = open_run(make_run(tmp_path / "scaled"))
    assert nearest(run, run.times, ["0.28", "0", "0.12", "0.1"]) == [0, 1, 3]
    for text in ("0.4", "-0.1"):
        with pytest.raises(CaseError, match=f"--at: got {text}, expected a time from 0 to 0.3"):
            nearest(run, run.times, [text])
    with pytest.raises(CaseError, match=r"there is no \[material\]: divide it by the unit"):
        nearest(run, run.times, ["0.1 ps"])
    with pytest.raises(CaseError, match="got 'noon', expected a scaled number, or one with a unit"):
        nearest(run, run.times, ["noon"])
    real = open_run(make_run(tmp_path / "real", material=True))
    assert nearest(real, real.times, ["58.5 fs"]) == [2]
    with pytest.raises(CaseError, match=r"from 0 to 0.3, as the run has them \(0 fs to 87.8"):
        nearest(real, real.times, ["1 ps"])


def test_interpolation_is_exact_for_waves() -> None:
    x = np.arange(8) / 8
    field = np.cos(2 * np.pi * x)[:, None] * np.sin(4 * np.pi * x)[None, :]
    at = np.array([0.03, 0.4, 0.77])
    found = interpolated(field, (at, at))
    expected = np.cos(2 * np.pi * at)[:, None] * np.sin(4 * np.pi * at)[None, :]
    np.testing.assert_allclose(found, expected, atol=1e-14)
