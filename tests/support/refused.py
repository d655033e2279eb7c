"""System calls that fail for good in this process, as on a file system that does not have them."""

from __future__ import annotations

import ctypes
import platform
import struct

NUMBERS = {
    "x86_64": {"flock": 73, "fsync": 74, "fallocate": 285},
    "aarch64": {"flock": 32, "fsync": 82, "fallocate": 47},
}
# Linux: prctl's options, seccomp's mode and answers, and the three instructions of its filters.
NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2
ERRNO, ALLOW = 0x00050000, 0x7FFF0000
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06


def missing() -> str | None:
    """Why no call can be refused here, or None if it can."""
    known = platform.system() == "Linux" and platform.machine() in NUMBERS
    return None if known else "seccomp filters are known for Linux on two processors only"


class Program(ctypes.Structure):
    """A filter as the kernel takes it."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def refuse(errno: int, *calls: str) -> None:
    """From now on the kernel answers these calls with an error number; there is no way back.

    Raises
    ------
    OSError
        If the kernel does not do so.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    for call in calls:
        number = NUMBERS[platform.machine()][call]
        steps = [
            (LOAD, 0, 0, 0),
            (EQUAL, 0, 1, number),
            (RETURN, 0, 0, ERRNO | errno),
            (RETURN, 0, 0, ALLOW),
        ]
        code = b"".join(struct.pack("=HBBI", *step) for step in steps)
        program = Program(len(steps), code)
        if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.prctl(
            SECCOMP, FILTER, ctypes.byref(program), 0, 0
        ):
            raise OSError(ctypes.get_errno(), "seccomp")
