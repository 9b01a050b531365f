"""Connections of our own, which the guard of a process lets pass."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

#: Entered around each connection of our own; the guard of a process replaces it.
passing: Callable[[], AbstractContextManager[None]] = nullcontext
