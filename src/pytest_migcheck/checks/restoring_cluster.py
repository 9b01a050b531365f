"""What belongs to the cluster: settings of ALTER SYSTEM, slots, origins, tablespaces, grants on parameters."""

from __future__ import annotations

import re

from pytest_migcheck.checks.restoring_sql import address, execute, quoted
from pytest_migcheck.core.catalog import Catalog, ObjectKey
from pytest_migcheck.core.describe import text
from pytest_migcheck.core.quoting import literal
from pytest_migcheck.rules import _code as code

SYSTEM_SETTING = "system setting"
# Parameters whose value is a list: a quoted list would be one name.
_LIST = re.compile(r"(search_path|preload_libraries|temp_tablespaces|unix_socket_directories)$")
_GRANTED = re.compile(r"(?:^|,)([^=,]*)=[a-zA-Z*]+/")
_OUTSIDE = {"database": "DROP DATABASE", "tablespace": "DROP TABLESPACE"}
_OF_ALL = " in all databases "


def drop_of_cluster(key: ObjectKey, catalog: Catalog) -> str | None:
    """Code that takes such an object away; None for any other kind."""
    if key.kind == SYSTEM_SETTING:
        return code.autocommit(execute(f"ALTER SYSTEM RESET {_parameter(key.name)}"))
    if key.kind in _OUTSIDE and key.name != "current":
        return code.autocommit(execute(f"{_OUTSIDE[key.kind]} {address(key)}"))
    if key.kind == "replication slot":
        return execute(f"SELECT pg_drop_replication_slot({literal(key.name)})")
    if key.kind == "replication origin":
        return execute(f"SELECT pg_replication_origin_drop({literal(key.name)})")
    if key.kind == "parameter grants":
        grantees = dict.fromkeys(_GRANTED.findall(text(catalog.objects[key].get("grants"))))
        owner = text(catalog.objects[key].get("_owner"))
        lines = [
            execute(f"REVOKE ALL ON PARAMETER {_parameter(key.name)} FROM {grantee or 'PUBLIC'}")
            for grantee in grantees
            if grantee != owner
        ]
        return "\n".join(lines) or None
    if key.kind == "setting" and _OF_ALL in key.name:
        role, _, name = key.name.rpartition(_OF_ALL)
        return execute(f"ALTER ROLE {'ALL' if role == '-' else role} RESET {_parameter(name)}")
    return _drop_subscription(key, catalog) if key.kind == "subscription" else None


def create_system_setting(key: ObjectKey, catalog: Catalog) -> str:
    value = text(catalog.objects[key].get("value"))
    words = value if _LIST.search(key.name) and value else literal(value)
    return code.autocommit(execute(f"ALTER SYSTEM SET {_parameter(key.name)} = {words}"))


def _drop_subscription(key: ObjectKey, catalog: Catalog) -> str:
    dropped = execute(f"DROP SUBSCRIPTION {quoted(key.name)}")
    # One with a slot drops that at its publisher, which no transaction can take back.
    return code.autocommit(dropped) if catalog.objects[key].get("slot") else dropped


def _parameter(name: str) -> str:
    return ".".join(map(quoted, name.split(".")))
