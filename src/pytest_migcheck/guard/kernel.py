"""Landlock: a thread gives up TCP connections for ever, and with it every thread and process that it starts.

Linux 6.7 and later (Landlock ABI 4); no privilege is needed. Only connecting is restricted: sockets of the file system,
UDP (so the resolution of names), listening and accepting go on.
https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import functools
import os
import sys
import threading
from collections.abc import Callable, Collection
from typing import TypeVar

#: With "1", nothing is restricted, as on a kernel that cannot: what the other guards do alone is tested with it.
SWITCH = "MIGCHECK_NO_KERNEL_WALL"
# https://github.com/torvalds/linux/blob/v6.7/include/uapi/linux/landlock.h; the numbers are the same on every
# architecture, since all calls later than 424 are.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_RULE_NET_PORT = 2
_NET_CONNECT_TCP = 1 << 1
_FIRST_ABI_WITH_TCP = 4
# https://github.com/torvalds/linux/blob/v6.7/include/uapi/linux/prctl.h
_PR_SET_NO_NEW_PRIVS = 38

T = TypeVar("T")


class _RulesetAttributes(ctypes.Structure):
    _fields_ = (("handled_access_fs", ctypes.c_uint64), ("handled_access_net", ctypes.c_uint64))


class _NetPortAttributes(ctypes.Structure):
    _fields_ = (("allowed_access", ctypes.c_uint64), ("port", ctypes.c_uint64))


def available() -> str | None:
    """None if TCP connections can be restricted here, else the reason in a few words."""
    return f"{SWITCH}=1" if os.environ.get(SWITCH) == "1" else _missing()


@functools.cache
def _missing() -> str | None:
    if sys.platform != "linux":
        return "not Linux"
    try:
        abi = _call("landlock_create_ruleset", _CREATE_RULESET, None, 0, _VERSION)
    except OSError as error:
        return f"this kernel has no Landlock ({error.strerror})"
    return None if abi >= _FIRST_ABI_WITH_TCP else f"Landlock ABI {abi} cannot restrict TCP"


def restrict_tcp(ports: Collection[int]) -> None:
    """Restrict the calling thread, and what it starts from now on, to TCP connections to these ports.

    There is no way back. The thread and its children get no privileges from setuid programs any more, either.

    Raises:
        OSError: the kernel refuses; names the call.
    """
    wanted = _RulesetAttributes(0, _NET_CONNECT_TCP)
    ruleset = _call("landlock_create_ruleset", _CREATE_RULESET, ctypes.byref(wanted), ctypes.sizeof(wanted), 0)
    try:
        for port in sorted(set(ports)):
            rule = _NetPortAttributes(_NET_CONNECT_TCP, port)
            _call("landlock_add_rule", _ADD_RULE, ruleset, _RULE_NET_PORT, ctypes.byref(rule), 0)
        _checked("prctl", _library().prctl(_PR_SET_NO_NEW_PRIVS, *map(ctypes.c_ulong, (1, 0, 0, 0))))
        _call("landlock_restrict_self", _RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def in_restricted_thread(work: Callable[[], T], ports: Collection[int] = ()) -> T:
    """Run ``work`` in a new thread that may connect to these TCP ports only, and so may all that it starts.

    Where the kernel cannot restrict it, ``work`` runs plainly.

    Raises:
        OSError: the kernel refuses what it says it can.
        BaseException: what ``work`` raises.
    """
    if available() is not None:
        return work()
    results: list[T] = []
    errors: list[BaseException] = []

    def restricted() -> None:
        try:
            restrict_tcp(ports)
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again where the thread was started
            errors.append(error)

    thread = threading.Thread(target=restricted, name="migcheck-restricted")
    thread.start()
    try:
        thread.join()
    except BaseException:  # Ctrl-C: what ``work`` has begun is not left half done
        thread.join()
        raise
    if errors:
        raise errors.pop()
    return results[0]


def _call(name: str, number: int, *arguments: object) -> int:
    words = (ctypes.c_long(word) if isinstance(word, int) else word for word in arguments)
    return _checked(name, _library().syscall(ctypes.c_long(number), *words))


def _checked(name: str, result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


@functools.cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    return library
