"""Stand-ins, in SQL, for the extensions that migrations create most and that the embedded package lacks.

PostgreSQL 18 looks for extensions in further folders (``extension_control_path``,
https://www.postgresql.org/docs/18/runtime-config-client.html#GUC-EXTENSION-CONTROL-PATH), its own one first.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from pytest_migcheck.postgres.programs import Binaries, Identity, give

STANDINS = "standins"
_FILES = Path(__file__).parent / "extensions"


def lay_out_standins(binaries: Binaries, major: int, run_directory: Path, identity: Identity) -> tuple[str, ...]:
    """Put the stand-ins for what these binaries lack where their server can read them; returns the extensions."""
    if binaries.kind != "embedded" or major < 18:
        return ()
    present = {path.stem for path in binaries.directory.parent.glob("share/**/extension/*.control")}
    missing = tuple(sorted({path.stem for path in _FILES.glob("*.control")} - present))
    if missing:
        folder = run_directory / STANDINS / "extension"
        folder.mkdir(parents=True)
        for name in missing:
            for source in (_FILES / f"{name}.control", *_FILES.glob(f"{name}--*.sql")):
                shutil.copyfile(source, folder / source.name)
        give(run_directory / STANDINS, identity)
    return missing
