#!/usr/bin/env python3
"""Install what this checkout needs into an environment of its own, and run it.

    python3 dev.py example [pytest options]   run the checks on example_project/
    python3 dev.py test    [pytest options]   run this project's tests
    python3 dev.py tox     [tox options]      run tox (lint, package, oldest, newest, real)
    python3 dev.py bench   [options]          run benchmarks/run.py
    python3 dev.py bench-fixtures [options]   run benchmarks/fixtures.py

Needs Python 3.10 or newer with pip, and nothing else. The environment is ``.venv``, or a folder in the
user's cache directory where the checkout cannot be written.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent
EXAMPLE = ROOT / "example_project"
WINDOWS = os.name == "nt"
INSTALLS = {
    "example": ["-e", ".[embedded]", "-r", "example_project/requirements.txt"],
    "test": ["-e", ".[embedded]", "--group", "test"],
    "tox": ["tox>=4.22"],
    "bench": ["-e", ".[embedded]", "--group", "benchmark"],
    "bench-fixtures": ["-e", ".[embedded]", "--group", "benchmark"],
}

# A worker per processor; worksteal keeps the tests of one server together.
IN_PARALLEL = ["-n", "auto", "--dist", "worksteal"]


def main(arguments: list[str]) -> int:
    """Install for a command and run it; returns its exit status."""
    if sys.version_info < (3, 10):  # noqa: UP036 - whoever runs this may have an older one
        print(f"Python 3.10 or newer is needed; this is {sys.version.split()[0]} ({sys.executable})", file=sys.stderr)
        return 2
    if not arguments or arguments[0] not in INSTALLS:
        print(__doc__, file=sys.stderr)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    command, rest = arguments[0], arguments[1:]
    # pytest-alembic, which the benchmark runs too, needs an older pytest.
    home = environment_directory(".venv-bench" if command.startswith("bench") else ".venv")
    python = environment_python(home)
    install(python, home, command)
    argv = {
        "example": [python, "-m", "pytest", *cache_options(home), "--migcheck", *rest],
        "test": [python, "-m", "pytest", *cache_options(home), *IN_PARALLEL, *rest],
        "tox": [python, "-m", "tox", *rest],
        "bench": [python, str(ROOT / "benchmarks" / "run.py"), *rest],
        "bench-fixtures": [python, str(ROOT / "benchmarks" / "fixtures.py"), *rest],
    }[command]
    return subprocess.call(argv, cwd=EXAMPLE if command == "example" else ROOT, env=child_environment())


def environment_directory(folder: str) -> Path:
    """A folder in the checkout, or one of this checkout's own outside of it where that cannot be written."""
    own = ROOT / folder
    if os.access(own if own.exists() else ROOT, os.W_OK):
        return own
    name = f"pytest-migcheck{folder}-" + hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
    for base in (os.environ.get("XDG_CACHE_HOME"), Path.home() / ".cache", tempfile.gettempdir()):
        if not base:
            continue
        directory = Path(base) / (name if Path(base) != Path(tempfile.gettempdir()) else f"{name}-{os.getuid()}")
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(directory, os.W_OK):
            return directory
    raise SystemExit("dev.py: no folder for an environment can be written; set XDG_CACHE_HOME to one that can")


def environment_python(home: Path) -> str:
    """The environment's interpreter; the environment is made anew for another Python version."""
    python = home / ("Scripts/python.exe" if WINDOWS else "bin/python")
    made_for = home / "made-for.txt"
    wanted = f"{sys.version_info.major}.{sys.version_info.minor} {ROOT}"
    if python.exists() and made_for.exists() and made_for.read_text(encoding="utf-8") == wanted:
        return str(python)
    print(f"dev.py: making {home}", file=sys.stderr, flush=True)
    if subprocess.call([sys.executable, "-m", "venv", "--clear", str(home)]) != 0:
        make_with_virtualenv(home)
    # Dependency groups need pip 25.1.
    run([str(python), "-m", "pip", "install", "--quiet", "--upgrade", "pip>=25.1"])
    made_for.write_text(wanted, encoding="utf-8")
    return str(python)


def make_with_virtualenv(home: Path) -> None:
    """Debian splits ``ensurepip`` off Python; virtualenv does without it."""
    print("dev.py: this Python has no venv; using virtualenv in its place", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as target:
        run([sys.executable, "-m", "pip", "install", "--quiet", "--target", target, "virtualenv"])
        paths = os.pathsep.join([target, *filter(None, [os.environ.get("PYTHONPATH")])])
        run([sys.executable, "-m", "virtualenv", "--clear", str(home)], {**os.environ, "PYTHONPATH": paths})


def install(python: str, home: Path, command: str) -> None:
    """Install what a command needs, unless nothing has changed since the last time."""
    files = [ROOT / "pyproject.toml", EXAMPLE / "requirements.txt"]
    known = hashlib.sha256(b"".join(f.read_bytes() for f in files if f.exists())).hexdigest()
    stamp = home / f"installed-{command}.txt"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == known:
        return
    print(f"dev.py: installing what `{command}` needs", file=sys.stderr, flush=True)
    run([python, "-m", "pip", "install", "--quiet", *INSTALLS[command]])
    stamp.write_text(known, encoding="utf-8")


def cache_options(home: Path) -> list[str]:
    """Where the checkout cannot be written, pytest's cache goes to the environment."""
    return [] if os.access(ROOT, os.W_OK) else ["-o", f"cache_dir={home / 'pytest-cache'}"]


def child_environment() -> dict[str, str]:
    """Without what would point a child at another environment or other sources, or keep it from keeping bytecode.

    The tests start pytest some hundred times, which rewrites what plugins consist of; without a place to keep that, it
    is most of the time that they take.
    """
    unwanted = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if name not in unwanted}


def run(argv: list[str], env: dict[str, str] | None = None) -> None:
    """Run a command in the checkout; its failure ends this program with its status."""
    status = subprocess.call(argv, cwd=ROOT, env=env or child_environment())
    if status != 0:
        raise SystemExit(f"dev.py: `{' '.join(argv)}` failed with status {status}")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
