"""Take away from this process, for ever, every system call but those that computing needs (Linux seccomp).

After `only_compute` the process can use its memory and the files it has open, and start threads (an HEIF decoder does).
It cannot open, change or delete a file, start a program or a process, use a network, or touch another process. With
`may_read` it can open files for reading (a typesetter looks for fonts); all else stays refused.
"""

import ctypes
import errno
import platform
from dataclasses import dataclass

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
CLONE_THREAD = 0x00010000

# Classic BPF instructions and the layout of `struct seccomp_data` (linux/filter.h, linux/seccomp.h).
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
AT_NUMBER, AT_ARCHITECTURE, AT_FIRST_ARGUMENT, AT_SECOND_ARGUMENT, AT_THIRD_ARGUMENT = 0, 4, 16, 24, 32
# Flags of an opening that is more than reading: O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_TMPFILE (alike on both).
MORE_THAN_READING = 0o1 | 0o2 | 0o100 | 0o1000 | 0o20000000
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000

# From 424 on, the kernel numbers calls alike on all architectures:
# pidfd_send_signal, io_uring_setup, pidfd_open, openat2, pidfd_getfd, fchmodat2
RECENT = (424, 425, 434, 437, 438, 452)
CLONE3 = 435


@dataclass(frozen=True)
class Architecture:
    """The numbers of the calls to refuse."""

    audit: int  # how seccomp names the architecture (linux/audit.h)
    clone: int
    opens: tuple[tuple[int, int], ...]  # calls that open by name, and where their flags stand
    refused: tuple[int, ...]


# In both lists: create, delete and rename, make folders, links and nodes, change size, mode and owner by name;
# socket and socketpair; exec, fork and vfork; signals; ptrace and reading or writing another process.
ARCHITECTURES = {
    "x86_64": Architecture(
        audit=0xC000003E,
        clone=56,
        opens=((2, AT_SECOND_ARGUMENT), (257, AT_THIRD_ARGUMENT)),
        refused=(
            *(85, 82, 84, 87, 263, 264, 316, 83, 258, 86, 88, 265, 266, 133, 259, 76, 90, 92, 94, 260, 268),
            *(41, 53, 59, 322, 57, 58, 62, 129, 200, 234, 297, 101, 310, 311),
        ),
    ),
    "aarch64": Architecture(
        audit=0xC00000B7,
        clone=220,
        opens=((56, AT_THIRD_ARGUMENT),),
        refused=(
            *(33, 34, 35, 36, 37, 38, 276, 45, 53, 54),
            *(198, 199, 221, 281, 129, 130, 131, 138, 240, 117, 270, 271),
        ),
    ),
}


class Instruction(ctypes.Structure):
    """`struct sock_filter`: jump `if_true` or `if_false` instructions further."""

    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(Instruction)))


def only_compute(*, may_read: bool = False) -> bool:
    """Install the filter. False where kernel or architecture cannot do it; nothing has changed then."""
    architecture = ARCHITECTURES.get(platform.machine())
    if architecture is None:
        return False
    instructions = _program(architecture, may_read=may_read)
    program = Program(len(instructions), (Instruction * len(instructions))(*instructions))
    libc = ctypes.CDLL(None)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _program(architecture: Architecture, *, may_read: bool) -> list[Instruction]:
    """Calls of a foreign architecture kill, refused ones answer EPERM, `clone` may make threads, others are allowed."""
    program = [
        Instruction(LOAD, 0, 0, AT_ARCHITECTURE),
        Instruction(JUMP_EQUAL, 1, 0, architecture.audit),
        Instruction(RETURN, 0, 0, KILL),
        Instruction(LOAD, 0, 0, AT_NUMBER),
        Instruction(JUMP_AT_LEAST, 0, 1, 0x40000000),  # the x32 numbers would slip past the list
        Instruction(RETURN, 0, 0, KILL),
        *_refuse(CLONE3, errno.ENOSYS),  # its flags cannot be seen from here; the C library falls back to clone
    ]
    for number in (*architecture.refused, *RECENT):
        program += _refuse(number, errno.EPERM)
    for number, flags in architecture.opens:
        program += _refuse_writing(number, flags) if may_read else _refuse(number, errno.EPERM)
    return [
        *program,
        Instruction(JUMP_EQUAL, 0, 3, architecture.clone),
        Instruction(LOAD, 0, 0, AT_FIRST_ARGUMENT),
        Instruction(JUMP_ANY_BIT, 1, 0, CLONE_THREAD),
        Instruction(RETURN, 0, 0, REFUSE | errno.EPERM),
        Instruction(RETURN, 0, 0, ALLOW),
    ]


def _refuse(number: int, error: int) -> list[Instruction]:
    """Answer one call with an error."""
    return [Instruction(JUMP_EQUAL, 0, 1, number), Instruction(RETURN, 0, 0, REFUSE | error)]


def _refuse_writing(number: int, flags: int) -> list[Instruction]:
    """Allow a call that opens a file only to read it."""
    return [
        Instruction(JUMP_EQUAL, 0, 4, number),
        Instruction(LOAD, 0, 0, flags),
        Instruction(JUMP_ANY_BIT, 0, 1, MORE_THAN_READING),
        Instruction(RETURN, 0, 0, REFUSE | errno.EPERM),
        Instruction(RETURN, 0, 0, ALLOW),
    ]
