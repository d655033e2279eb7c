"""Between two machines with a slow network, the transpose travels while blocks are worked on.

The machines are network namespaces, joined by a cable of limited bandwidth. This needs root, and
the ``ip`` and ``tc`` of Linux; and MPICH, whose launcher takes any program in the place of ssh.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.support.mpi_runner import find_mpiexec

# Bytes a second in each direction, and bytes that go one way: half of what a rank has.
RATE, BYTES = 1e8, 32 * 32**4 // 4
LIMIT = f"rate {8 * RATE:.0f}bit burst 256kb latency 50ms"
ADDRESSES = ("10.77.0.1", "10.77.0.2")
# In the place of ssh: options, the host, and what is to be done there, before all else.
AGENT = """\
#!/bin/sh
while [ "${{1#-}}" != "$1" ]; do shift; done
case $1 in {0}) name={2};; *) name={3};; esac
shift
exec ip netns exec $name chrt -f 1 sh -c "$*"
"""


@pytest.fixture
def machines() -> Generator[tuple[str, str]]:
    """Names of two namespaces that reach each other."""
    names = f"wigner-a-{os.getpid()}", f"wigner-b-{os.getpid()}"
    ends = f"wa{os.getpid()}", f"wb{os.getpid()}"
    cable = f"ip link add {ends[0]} netns {names[0]} type veth peer name {ends[1]} netns {names[1]}"
    todo = [*(f"ip netns add {name}" for name in names), cable]
    for name, end, address in zip(names, ends, ADDRESSES, strict=True):
        todo += [
            f"ip -n {name} addr add {address}/24 dev {end}",
            f"ip -n {name} link set lo up",
            f"ip -n {name} link set {end} up",
            f"tc -n {name} qdisc add dev {end} root tbf {LIMIT}",
        ]
    try:
        for command in todo:
            try:
                subprocess.run(command.split(), check=True, capture_output=True)
            except (OSError, subprocess.CalledProcessError) as error:
                pytest.skip(f"no network namespaces here: {command}: {error}")
        for name, end in zip(names, ends, strict=True):
            wait_for(name, end)
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def wait_for(name: str, end: str) -> None:
    """Until the end of a cable is up, which takes a moment."""
    limit = time.monotonic() + 10
    show = ["ip", "-n", name, "link", "show", end]
    while b"state UP" not in subprocess.run(show, capture_output=True, check=True).stdout:
        assert time.monotonic() < limit
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.mpiexec
def test_travel_hides_behind_work(machines: tuple[str, str], tmp_path: Path) -> None:
    if os.getloadavg()[0] > (os.cpu_count() or 1):
        pytest.skip("the machine is busy, and this is a matter of time")
    mpiexec = find_mpiexec()
    said = subprocess.run([mpiexec, "--version"], capture_output=True, text=True, check=False)
    if "HYDRA" not in said.stdout:
        pytest.skip("not the mpiexec of MPICH")
    agent = tmp_path / "agent"
    agent.write_text(AGENT.format(*ADDRESSES, *machines))
    agent.chmod(0o700)
    command = ["ip", "netns", "exec", machines[0], mpiexec, "-launcher", "ssh"]
    command += ["-launcher-exec", str(agent), "-hosts", ",".join(ADDRESSES), "-n", "2"]
    command += [sys.executable, "-m", "tests.support.mpi_overlap"]
    # both are of one machine, whose memory MPICH's network layers would find
    only_tcp = {"UCX_TLS": "tcp,self", "FI_PROVIDER": "tcp"}
    root = Path(__file__).parents[3]
    done = subprocess.run(
        command,
        cwd=root,
        env={**os.environ, **only_tcp, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    wire = 2 * BYTES / RATE
    assert found["nodes"] == 2
    assert found["travel"] > wire  # it did go through the cable
    hidden = (wire + found["work"] - found["both"]) / min(wire, found["work"])
    assert hidden > 0.2, found
