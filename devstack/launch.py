"""Become a part of the stack: tie this process to its supervisor, step down from root if asked, then exec.

Run as a script, with nothing of ours imported, so that it costs one bare interpreter start:
    python -I -S launch.py SUPERVISOR_PID SIGNAL SESSION USER -- PROGRAM ARGUMENT...
SIGNAL is what the kernel sends to the part when its supervisor dies in whatever way (Linux only). SESSION is 1 to leave
the terminal's process group, so that Ctrl-C reaches the supervisor alone. USER is `-` to stay who this is, an account
to run as, or `namespace`: a user namespace in which this user's files belong to an ordinary user.
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
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2  # without it access() asks as if the capability were not there, and Postgres calls it
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1  # pass through folders that only root may enter, as /root
CLONE_NEWUSER = 0x10000000
NAMESPACE = "namespace"
NAMESPACE_ID = 1000  # any but 0


def main(arguments: list[str]) -> None:
    supervisor_pid, death_signal, session, user = arguments[:4]
    program = arguments[5:]
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    if session == "1":
        os.setsid()
    if user == NAMESPACE:
        _enter_namespace()
    elif user != "-":
        _step_down(user)
    if sys.platform == "linux":  # after the change of user, which clears it
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != int(supervisor_pid):
        raise SystemExit("the supervisor is gone")
    try:
        os.execv(program[0], program)  # our own command line, no shell  # nosec B606
    except OSError as error:
        machine = os.uname().machine
        raise SystemExit(f"{program[0]} cannot run here ({error.strerror}): it must be built for {machine}") from error


def _step_down(user: str) -> None:
    """From root to `user`, who keeps one capability: to reach a home that lies in root's own folders."""
    account = pwd.getpwnam(user)
    libc = ctypes.CDLL(None)
    linux = sys.platform == "linux"
    if linux:
        libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)  # refused in some containers; then as before
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    os.environ["HOME"] = account.pw_dir
    if linux:
        bit = 1 << CAP_DAC_OVERRIDE
        header = struct.pack("Ii", CAPABILITY_VERSION_3, 0)
        sets = struct.pack("IIIIII", bit, bit, bit, 0, 0, 0)  # effective, permitted, inheritable; low words, then high
        none = struct.pack("IIIIII", 0, 0, 0, 0, 0, 0)
        if libc.capset(header, sets) == 0:
            libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)
        elif libc.capset(header, none) != 0:
            raise SystemExit("root's capabilities could not be given up")


def _enter_namespace() -> None:
    """Become an ordinary user who owns this user's files, in a user namespace of its own (Linux)."""
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform != "linux" or libc.unshare(CLONE_NEWUSER) != 0:
        raise SystemExit(f"no user namespace can be made here ({os.strerror(ctypes.get_errno())})")
    maps = (("setgroups", "deny"), ("uid_map", f"{NAMESPACE_ID} {user} 1"), ("gid_map", f"{NAMESPACE_ID} {group} 1"))
    for name, content in maps:
        with open(f"/proc/self/{name}", "w") as file:
            file.write(content)


if __name__ == "__main__":
    main(sys.argv[1:])
