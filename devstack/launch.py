"""Become a part of the stack: tie this process to its supervisor, step down from root if asked, then exec.

Run as a script, with nothing of ours imported, so that it costs one bare interpreter start:
    python -I -S launch.py SUPERVISOR_PID SIGNAL SESSION USER -- PROGRAM ARGUMENT...
SIGNAL is what the kernel sends to the part when its supervisor dies in whatever way (Linux only); SESSION is 1 to leave
the terminal's process group, so that Ctrl-C reaches the supervisor alone; USER is `-` or an account to run as.
"""

import ctypes
import os
import pwd
import signal
import struct
import sys

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1  # pass through folders that only root may enter, as /root


def main(arguments: list[str]) -> None:
    supervisor_pid, death_signal, session, user = arguments[:4]
    program = arguments[5:]
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    if session == "1":
        os.setsid()
    if user != "-":
        _step_down(user)
    if sys.platform == "linux":  # after the change of user, which clears it
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != int(supervisor_pid):
        raise SystemExit("the supervisor is gone")
    try:
        os.execv(program[0], program)
    except OSError as error:
        machine = os.uname().machine
        raise SystemExit(f"{program[0]} cannot run here ({error.strerror}): it must be built for {machine}") from error


def _step_down(user: str) -> None:
    """From root to `user`, who keeps one capability: to reach a home that lies in root's own folders."""
    account = pwd.getpwnam(user)
    libc = ctypes.CDLL(None)
    linux = sys.platform == "linux"
    if linux:
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    os.environ["HOME"] = account.pw_dir
    if linux:
        bit = 1 << CAP_DAC_OVERRIDE
        header = struct.pack("Ii", CAPABILITY_VERSION_3, 0)
        sets = struct.pack("IIIIII", bit, bit, bit, 0, 0, 0)  # effective, permitted, inheritable; low words, then high
        if libc.capset(header, sets) == 0:
            libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
