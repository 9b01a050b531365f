"""Hear from a database which objects commands touch, through event triggers.

Their functions send one notification per command, which is delivered when the transaction commits. They are in
``pg_catalog``, where nothing that lists the users' schemas looks. Event triggers do not tell of objects that all
databases share, of other event triggers, or of rows of the catalog that are written directly
(https://www.postgresql.org/docs/current/event-trigger-definition.html, event-trigger-matrix).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import errors

_CHANNEL = "migcheck_touched"
# An oid with the letter of its kind; whoever knows the channel may send anything else.
_WORD = re.compile(r"[a-z]?[0-9]{1,9}")
EVERYTHING = "all"
INDEX, TYPE, FUNCTION, PART = "i", "t", "f", "p"

_INSTALLED = "SELECT count(*) = 2 FROM pg_event_trigger WHERE evtname IN ('migcheck_done', 'migcheck_dropped')"

# The catalogs of relations, types, functions and their parts.
_READ_BY_OID = """(VALUES ('pg_class'::regclass), ('pg_type'::regclass), ('pg_proc'::regclass),
            ('pg_constraint'::regclass), ('pg_trigger'::regclass), ('pg_policy'::regclass), ('pg_rewrite'::regclass))"""
_NOTIFY = f"""IF octet_length(payload) > 7900 THEN
        payload := '{EVERYTHING}';
    END IF;
    IF payload IS NOT NULL THEN
        PERFORM pg_notify('{_CHANNEL}', payload);
    END IF;"""

# A notification is a list of oids; "all" when a command reaches further than that, a letter before a dropped index, and
# before a type, its constraint, a function, and a trigger, policy or rule.
# The limit of a payload is 8000 bytes (https://www.postgresql.org/docs/current/sql-notify.html).
_DONE = f"""
CREATE OR REPLACE FUNCTION pg_catalog.migcheck_done() RETURNS event_trigger LANGUAGE plpgsql
    SET search_path = pg_catalog AS $function$
DECLARE payload text;
BEGIN
    SELECT CASE WHEN count(*) = 0 THEN NULL
        WHEN bool_and(coalesce(d.classid IN {_READ_BY_OID}, false)) THEN string_agg(DISTINCT CASE d.classid
            WHEN 'pg_type'::regclass THEN '{TYPE}' WHEN 'pg_proc'::regclass THEN '{FUNCTION}'
            WHEN 'pg_constraint'::regclass THEN '{TYPE}' WHEN 'pg_class'::regclass THEN '' ELSE '{PART}' END
            || d.objid, ' ')
        ELSE '{EVERYTHING}' END
    INTO payload FROM pg_event_trigger_ddl_commands() d;
    IF tg_tag IN ('GRANT', 'REVOKE', 'ALTER DEFAULT PRIVILEGES', 'REASSIGN OWNED', 'DROP OWNED', 'SECURITY LABEL',
            'IMPORT FOREIGN SCHEMA') THEN
        payload := '{EVERYTHING}';
    END IF;
    {_NOTIFY}
END $function$"""

# A dropped part names its table: that is not always dropped or altered itself, as in DROP FUNCTION ... CASCADE.
_DROPPED = f"""
CREATE OR REPLACE FUNCTION pg_catalog.migcheck_dropped() RETURNS event_trigger LANGUAGE plpgsql
    SET search_path = pg_catalog AS $function$
DECLARE payload text;
BEGIN
    SELECT CASE WHEN count(*) = 0 THEN NULL
        WHEN bool_and(d.classid = 'pg_attrdef'::regclass OR d.classid IN {_READ_BY_OID}) THEN string_agg(concat_ws(' ',
            CASE WHEN d.object_type = 'index' AND d.schema_name <> 'pg_toast' THEN '{INDEX}' ELSE '' END || d.objid,
            CASE WHEN d.classid NOT IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_proc'::regclass)
                THEN to_regclass(quote_ident(d.address_names[1]) || '.' || quote_ident(d.address_names[2]))::oid
            END), ' ')
        ELSE '{EVERYTHING}' END
    INTO payload FROM pg_event_trigger_dropped_objects() d WHERE NOT d.is_temporary;
    {_NOTIFY}
END $function$"""

_INSTALL = f"""
SET allow_system_table_mods = on; {_DONE}; {_DROPPED};
DO $do$ BEGIN
    IF NOT ({_INSTALLED}) THEN
        CREATE EVENT TRIGGER migcheck_done ON ddl_command_end EXECUTE FUNCTION pg_catalog.migcheck_done();
        CREATE EVENT TRIGGER migcheck_dropped ON sql_drop EXECUTE FUNCTION pg_catalog.migcheck_dropped();
        ALTER EVENT TRIGGER migcheck_done ENABLE ALWAYS;
        ALTER EVENT TRIGGER migcheck_dropped ENABLE ALWAYS;
    END IF;
END $do$;
RESET allow_system_table_mods;
LISTEN {_CHANNEL}"""

# Statements whose effect on the catalog no event trigger tells of, wherever they stand in a text.
_UNHEARD = re.compile(
    r"\b(insert\s+into|update(\s+only)?|delete\s+from|merge\s+into|truncate(\s+table)?)\s+\"?pg_"
    r"|\bcluster\b|\breindex\b|\bevent(_|\s+)triggers?\b|\ballow_system_table_mods\b"
    r"|\ball\s+in\s+tablespace\b|\bowned\s+by\s+(current_|session_)?(user|role)\b",
    re.IGNORECASE,
)


class Touched:
    """What was heard since the last question."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._payloads: list[str] = []
        connection.add_notify_handler(lambda notice: self._payloads.append(notice.payload))

    @classmethod
    def listening(cls, connection: psycopg.Connection[Any]) -> Touched | None:
        """Install the event triggers and listen; None where the user may not do that."""
        try:
            connection.execute(_INSTALL.encode())
        except errors.InsufficientPrivilege:
            return None
        return cls(connection)

    def take(self) -> list[str]:
        """The words that came with transactions which committed before the connection's last statement began."""
        while (notice := self._connection.pgconn.notifies()) is not None:
            self._payloads.append(notice.extra.decode(errors="replace"))
        payloads, self._payloads = self._payloads, []
        return [word if _WORD.fullmatch(word) else EVERYTHING for payload in payloads for word in payload.split()]


def unheard(statements: Iterable[str]) -> bool:
    """Whether one of the statements may change the catalog without an event trigger that tells of it."""
    return any(_UNHEARD.search(sql) for sql in statements)
