# Sourced by quickstart and test: one virtual environment in .venv, made and filled when needed.
#
#   prepare_environment EXTRAS    afterwards $python runs in it, and $mpiexec starts ranks
#
# PYTHON=...          the Python (3.11 or newer) to make .venv with
# WIGNER_MPI=system   use the MPI in PATH, not the one that pip installs; decide before .venv is made.
#                     mpi4py is built with its mpicc where the wheel cannot load it (Debian's MPICH)

mpi4py='mpi4py>=4.1' # as pyproject.toml has it

die() {
    printf 'error: %s\n' "$1" >&2
    exit 1
}

is_recent_python() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    local name
    if [[ -n ${PYTHON:-} ]]; then
        is_recent_python "$PYTHON" && printf '%s\n' "$PYTHON"
        return
    fi
    for name in python3.13 python3.12 python3.11 python3.14 python3 python; do
        if is_recent_python "$name"; then
            printf '%s\n' "$name"
            return
        fi
    done
    return 1
}

# A virtual environment by venv, or by virtualenv where a distribution has cut venv down.
make_venv() {
    local base=$1 log tools
    log=$(mktemp)
    if "$base" -m venv --clear .venv >"$log" 2>&1; then
        rm -f "$log"
        return
    fi
    printf 'python -m venv does not work here, trying virtualenv ...\n' >&2
    tools=$(mktemp -d)
    if "$base" -m pip install --quiet --target "$tools" virtualenv >>"$log" 2>&1 &&
        PYTHONPATH=$tools "$base" -m virtualenv --clear .venv >>"$log" 2>&1; then
        rm -rf "$log" "$tools"
        return
    fi
    cat "$log" >&2
    rm -rf "$log" "$tools"
    die "cannot make .venv with $base; install its venv module (Debian: apt install python3-venv) or pip"
}

# What an installation depends on: the project's metadata, where it is, and which MPI.
fingerprint() {
    "$python" -c 'import hashlib, pathlib, sys
key = pathlib.Path("pyproject.toml").read_bytes() + "\n".join(sys.argv[1:]).encode()
print(hashlib.sha256(key).hexdigest())' "$PWD" "${WIGNER_MPI:-wheel}"
}

# Whether mpi4py finds an MPI; without starting it, which may fail outside of mpiexec.
finds_mpi() {
    "$python" -c 'import mpi4py; mpi4py.rc.initialize = False; from mpi4py import MPI' >/dev/null 2>&1
}

# mpi4py from its source, for the MPI whose mpicc is in PATH.
build_mpi4py() {
    printf 'the wheel of mpi4py does not find the MPI of this machine, building mpi4py with mpicc ...\n'
    command -v "${MPICC:-mpicc}" >/dev/null ||
        die "mpi4py must be built for the MPI of this machine, but no mpicc is in PATH; install it (Debian: apt install libmpich-dev or libopenmpi-dev), or leave out WIGNER_MPI=system"
    "$python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --force-reinstall --no-deps \
        --no-binary mpi4py "$mpi4py" || die "mpi4py could not be built; it needs mpicc, a C compiler and Python.h (Debian: apt install gcc python3-dev)"
    finds_mpi || die "mpi4py was built with $(command -v "${MPICC:-mpicc}"), but cannot load its MPI; is LD_LIBRARY_PATH right?"
}

# Each line of the stamp is "fingerprint extras"; an installation serves for fewer extras too.
is_installed() {
    local wanted=$1 mark=$2 found extras
    [[ -f .venv/wigner-installed ]] || return 1
    read -r found extras <.venv/wigner-installed || return 1
    [[ $found == "$mark" && ",$extras," == ",$wanted,"* ]]
}

prepare_environment() {
    local extras=$1 base mark
    local -a requirements
    python=.venv/bin/python
    if [[ -e .venv && ! -f .venv/pyvenv.cfg && ! -d .venv/bin ]]; then
        die ".venv is not a virtual environment; move it away"
    fi
    if ! "$python" -c 'import pip' >/dev/null 2>&1; then
        base=$(find_python) ||
            die "no Python >= 3.11 found${PYTHON:+ at $PYTHON}; install one, or name it: PYTHON=/path/to/python3 $0"
        printf 'making .venv with %s ...\n' "$("$base" --version 2>&1)"
        make_venv "$base"
    fi
    is_recent_python "$python" ||
        die ".venv has $("$python" --version 2>&1), but 3.11 or newer is needed; remove .venv"
    mark=$(fingerprint)
    if ! is_installed "$extras" "$mark"; then
        printf 'installing into .venv (some 500 MB, the first time takes a minute) ...\n'
        rm -f .venv/wigner-installed
        requirements=(-e ".[$extras]")
        if [[ ${WIGNER_MPI:-wheel} == system ]]; then
            requirements=(-e ".[${extras#mpi,}]" mpi4py)
        fi
        "$python" -m pip install --quiet --disable-pip-version-check --prefer-binary "${requirements[@]}" ||
            die "pip could not install the project; is there a network?"
        if [[ ${WIGNER_MPI:-wheel} == system ]] && ! finds_mpi; then
            build_mpi4py
        fi
        "$python" -c 'import wigner.flows.kernels_numba' >/dev/null 2>&1 || true # compile once, not in each rank
        printf '%s %s\n' "$mark" "$extras" >.venv/wigner-installed
    fi
    mpiexec=.venv/bin/mpiexec
    if [[ ${WIGNER_MPI:-wheel} == system ]]; then
        mpiexec=$(command -v mpiexec) || die "WIGNER_MPI=system, but no mpiexec in PATH"
    fi
    export OMP_NUM_THREADS=1
}
