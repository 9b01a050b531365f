"""The families of the catalog that stand beside tables: what belongs to the database or the cluster, comments."""

from __future__ import annotations

from pytest_migcheck.postgres.catalog.scope import Scope, acl, internal, listed

_EVERYTHING = Scope(near=False)

# Kinds that are compared by their presence alone, so that nothing is ever invisible.
_BY_PRESENCE = (
    "pg_cast",
    "pg_operator",
    "pg_opclass",
    "pg_opfamily",
    "pg_ts_config",
    "pg_ts_dict",
    "pg_ts_parser",
    "pg_ts_template",
    "pg_language",
    "pg_collation",
    "pg_conversion",
    "pg_am",
    "pg_transform",
)


def database_families(version: int) -> tuple[str, ...]:
    """The SELECTs of what is in a database beside relations, types and functions."""
    return (_schemas_and_extensions(), _publications(version), _foreign_data(), _by_presence())


def unheard_families(version: int, *, shared: bool) -> tuple[str, ...]:
    """The SELECTs of what no event trigger tells of; ``shared`` adds what all databases share."""
    return (_event_triggers(), _settings(), *((_cluster(version),) if shared else ()))


def _schemas_and_extensions() -> str:
    return f"""
SELECT 'comment', '', '', concat(n.nspname, ' (schema)'), json_build_object('text', d.description)::text
FROM pg_description d JOIN pg_namespace n ON n.oid = d.objoid
WHERE d.classoid = 'pg_namespace'::regclass AND n.nspname = 'public' AND d.description <> 'standard public schema'
UNION ALL SELECT 'schema', '', '', ns.name, json_build_object('owner', pg_get_userbyid(ns.nspowner),
    'grants', {acl("ns.nspacl", "n", "ns.nspowner")})::text FROM ns
UNION ALL SELECT 'extension', '', '', e.extname::text, json_build_object('version', e.extversion,
    'schema', e.extnamespace::regnamespace::text, 'relocatable', e.extrelocatable)::text
FROM pg_extension e WHERE e.extname <> 'plpgsql'
UNION ALL SELECT 'statistics', n.name, '', s.stxname::text, json_build_object(
    'definition', pg_get_statisticsobjdef(s.oid), 'target', nullif(s.stxstattarget, -1))::text
FROM pg_statistic_ext s JOIN ns n ON n.oid = s.stxnamespace
UNION ALL SELECT 'default privileges', coalesce(n.nspname, '')::text, '',
    concat(pg_get_userbyid(d.defaclrole), ' ', d.defaclobjtype), json_build_object('grants',
    (SELECT string_agg(a::text, ',' ORDER BY a::text COLLATE "C") FROM unnest(d.defaclacl) a))::text
FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace"""


def _event_triggers() -> str:
    return f"""
SELECT 'event trigger', '', '', t.evtname::text, json_build_object('event', t.evtevent,
    'function', t.evtfoid::regproc::text, 'enabled', t.evtenabled, 'tags', {listed("t.evttags")},
    'owner', pg_get_userbyid(t.evtowner))::text
FROM pg_event_trigger t WHERE t.evtname !~ '^migcheck_' AND {Scope(near=True).own("t", "pg_event_trigger")}"""


def _publications(version: int) -> str:
    filters = "pg_get_expr(r.prqual, r.prrelid)" if version >= 150000 else "NULL"
    columns = (
        "(SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) FROM pg_attribute a "
        "WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs))"
        if version >= 150000
        else "NULL"
    )
    schemas = (
        "(SELECT string_agg(n.pnnspid::regnamespace::text, ', ' ORDER BY n.pnnspid::regnamespace::text) "
        "FROM pg_publication_namespace n WHERE n.pnpubid = p.oid)"
        if version >= 150000
        else "NULL"
    )
    # The connection string of a subscription is left out: it holds a password.
    return f"""
SELECT 'publication', '', '', p.pubname::text, json_build_object('all tables', p.puballtables,
    'operations', concat(p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot),
    'tables', (SELECT string_agg(concat(r.prrelid::regclass::text, ' (' || {columns} || ')', ' WHERE ' || {filters}),
        ', ' ORDER BY r.prrelid::regclass::text) FROM pg_publication_rel r WHERE r.prpubid = p.oid),
    'schemas', {schemas}, 'owner', pg_get_userbyid(p.pubowner))::text FROM pg_publication p
UNION ALL SELECT 'subscription', '', '', s.subname::text, json_build_object('enabled', s.subenabled,
    'slot', s.subslotname, 'publications', {listed("s.subpublications")},
    'owner', pg_get_userbyid(s.subowner))::text
FROM pg_subscription s WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"""


def _foreign_data() -> str:
    return f"""
SELECT 'foreign data wrapper', '', '', w.fdwname::text, json_build_object(
    'handler', nullif(w.fdwhandler, 0)::regproc::text, 'validator', nullif(w.fdwvalidator, 0)::regproc::text,
    'options', (SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(w.fdwoptions) o),
    'owner', pg_get_userbyid(w.fdwowner), 'grants', {acl("w.fdwacl", "F", "w.fdwowner")})::text
FROM pg_foreign_data_wrapper w WHERE w.oid >= 16384 AND {_EVERYTHING.own("w", "pg_foreign_data_wrapper")}
UNION ALL SELECT 'server', '', '', s.srvname::text, json_build_object(
    'wrapper', (SELECT fdwname FROM pg_foreign_data_wrapper WHERE oid = s.srvfdw), 'type', s.srvtype,
    'version', nullif(s.srvversion, ''), 'options', (SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(s.srvoptions) o),
    'owner', pg_get_userbyid(s.srvowner), 'grants', {acl("s.srvacl", "S", "s.srvowner")})::text
FROM pg_foreign_server s WHERE {_EVERYTHING.own("s", "pg_foreign_server")}
UNION ALL SELECT 'user mapping', '', u.srvname::text, coalesce(u.usename, 'public')::text, json_build_object('options',
    (SELECT string_agg(split_part(o, '=', 1), ', ' ORDER BY o) FROM unnest(u.umoptions) o))::text
FROM pg_user_mappings u"""


def _settings() -> str:
    # A large object has nothing but a number, which is another one each time: their count is compared.
    return f"""
SELECT 'setting', '', '',
    concat(coalesce(nullif(s.setrole, 0)::regrole::text, 'all roles'), ' ', split_part(c, '=', 1)),
    json_build_object('value', substr(c, strpos(c, '=') + 1))::text
FROM pg_db_role_setting s, unnest(s.setconfig) c
WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL SELECT 'database', '', '', 'current', json_build_object('connections', d.datconnlimit,
    'grants', {acl("d.datacl", "d", "d.datdba")})::text FROM pg_database d WHERE d.datname = current_database()
UNION ALL SELECT 'large objects', '', '', concat('of ', pg_get_userbyid(l.lomowner)),
    json_build_object('count', count(*))::text FROM pg_largeobject_metadata l GROUP BY l.lomowner"""


def _by_presence() -> str:
    parts = [
        f"SELECT '{c}'::regclass::oid AS classid, o.oid FROM {c} o "
        f"WHERE o.oid >= 16384 AND {_EVERYTHING.own('o', c)} AND {internal('o', c)}"
        for c in _BY_PRESENCE
    ]
    # pg_identify_object already puts the schema in front of the identity.
    return f"""
SELECT i.type, '', '', i.identity, json_build_object('_schema', i.schema)::text
FROM ({" UNION ALL ".join(parts)}) o, LATERAL pg_identify_object(o.classid, o.oid, 0) i"""


# Parts of a relation, whose address is (schema, relation, name) and whose schema is not given beside it.
_PARTS = "('table constraint', 'trigger', 'policy', 'rule')"
_RELATIONS = "('table', 'view', 'materialized view', 'foreign table')"
_PLACE = f"""
    CASE WHEN i.type IN {_PARTS} THEN a.object_names[1] WHEN i.name IS NULL AND i.type !~ ' column$' THEN ''
        ELSE coalesce(i.schema, '') END,
    CASE WHEN i.type IN {_PARTS} OR i.type ~ ' column$' THEN a.object_names[2] ELSE '' END,
    CASE WHEN i.type ~ ' column$' THEN a.object_names[3] WHEN i.type IN {_RELATIONS} THEN a.object_names[2]
        WHEN i.type IN {_PARTS} THEN concat(a.object_names[3], ' (', i.type, ')')
        ELSE concat(coalesce(i.name, i.identity), ' (', i.type, ')') END"""
_ON = "'_of', array_to_string(a.object_names, '.')"


# Whose the address of a comment is; 0 stands for what belongs to no relation, type or function.
_OWNER = """CASE {d}.classoid WHEN 'pg_proc'::regclass THEN {d}.objoid::bigint
    WHEN 'pg_class'::regclass THEN (SELECT coalesce(max(i.indrelid::bigint), {d}.objoid::bigint)
        FROM pg_index i WHERE i.indexrelid = {d}.objoid)
    WHEN 'pg_type'::regclass THEN (SELECT coalesce(nullif(t.typrelid, 0), t.oid)::bigint
        FROM pg_type t WHERE t.oid = {d}.objoid)
    WHEN 'pg_constraint'::regclass THEN (SELECT coalesce(nullif(k.conrelid, 0), k.contypid)::bigint
        FROM pg_constraint k WHERE k.oid = {d}.objoid)
    WHEN 'pg_trigger'::regclass THEN (SELECT t.tgrelid::bigint FROM pg_trigger t WHERE t.oid = {d}.objoid)
    WHEN 'pg_policy'::regclass THEN (SELECT p.polrelid::bigint FROM pg_policy p WHERE p.oid = {d}.objoid)
    WHEN 'pg_rewrite'::regclass THEN (SELECT w.ev_class::bigint FROM pg_rewrite w WHERE w.oid = {d}.objoid)
    ELSE 0 END"""


def comments(scope: Scope) -> str:
    """Comments with their owner; each is an object of its own, ``_of`` what it is on."""
    return f"""
SELECT {_OWNER.format(d="d")}, NULL::bigint, 'comment', {_PLACE},
    json_build_object('text', d.description, {_ON})::text
FROM pg_description d, LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i,
    LATERAL pg_identify_object_as_address(d.classoid, d.objoid, d.objsubid) a
WHERE d.objoid >= 16384 AND {scope.noted("d.objoid")} AND coalesce(i.schema, '') !~ '^pg_'
    AND d.classoid <> 'pg_extension'::regclass AND {scope.own_address("d.classoid", "d.objoid")}"""


def labels(scope: Scope) -> str:
    """Security labels, in the same way."""
    return f"""
SELECT {_OWNER.format(d="l")}, NULL::bigint, 'security label', {_PLACE},
    json_build_object('label', l.label, 'provider', l.provider, {_ON})::text
FROM pg_seclabel l, LATERAL pg_identify_object(l.classoid, l.objoid, l.objsubid) i,
    LATERAL pg_identify_object_as_address(l.classoid, l.objoid, l.objsubid) a WHERE {scope.noted("l.objoid")}"""


#: The settings of ALTER SYSTEM, as name and quoted value; the file has no value with a line break in it.
SYSTEM_SETTINGS = (
    "SELECT split_part(l, ' = ', 1) AS name, substr(l, strpos(l, ' = ') + 3) AS value "
    "FROM pg_catalog.regexp_split_to_table("
    "pg_catalog.pg_read_file('postgresql.auto.conf', 0, 1000000, true), E'\\n') l WHERE l ~ '^[A-Za-z_]'"
)
_ROLES = """
SELECT 'role', '', '', r.rolname::text, json_build_object('attributes', concat_ws(' ',
    CASE WHEN r.rolsuper THEN 'SUPERUSER' END, CASE WHEN r.rolinherit THEN 'INHERIT' END,
    CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END, CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
    CASE WHEN r.rolcanlogin THEN 'LOGIN' END, CASE WHEN r.rolreplication THEN 'REPLICATION' END,
    CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END), 'connections', r.rolconnlimit, 'valid until', r.rolvaliduntil,
    'comment', shobj_description(r.oid, 'pg_authid'))::text
FROM pg_roles r WHERE r.rolname !~ '^pg_' AND r.oid <> 10
UNION ALL SELECT 'setting', '', '', concat(s.setrole::regrole::text, ' in all databases ', split_part(c, '=', 1)),
    json_build_object('value', substr(c, strpos(c, '=') + 1))::text
FROM pg_db_role_setting s, unnest(s.setconfig) c WHERE s.setdatabase = 0
UNION ALL SELECT 'membership', '', g.rolname::text, m.rolname::text,
    json_build_object('admin', bool_or(a.admin_option))::text
FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
WHERE a.member >= 16384 GROUP BY g.rolname, m.rolname"""
_OTHERS = """
UNION ALL SELECT 'database', '', '', d.datname::text, json_build_object('owner', pg_get_userbyid(d.datdba))::text
FROM pg_database d WHERE d.oid >= 16384 AND d.datname !~ '^migcheck_' AND d.datname <> current_database()
UNION ALL SELECT 'replication slot', '', '', s.slot_name::text, json_build_object('kind', s.slot_type,
    'plugin', s.plugin)::text FROM pg_replication_slots s WHERE NOT s.temporary
UNION ALL SELECT 'replication origin', '', '', o.roname, '{}' FROM pg_replication_origin o WHERE o.roname !~ '^pg_[0-9]'
UNION ALL SELECT 'tablespace', '', '', t.spcname::text, json_build_object('owner', pg_get_userbyid(t.spcowner),
    'location', CASE WHEN pg_tablespace_location(t.oid) ~ '^/'
    THEN pg_tablespace_location(t.oid) END, 'options', (SELECT string_agg(o, ', ' ORDER BY o)
    FROM unnest(t.spcoptions) o), 'grants', (SELECT string_agg(a::text, ',' ORDER BY a::text COLLATE "C")
    FROM unnest(t.spcacl) a), 'comment', shobj_description(t.oid, 'pg_tablespace'))::text
FROM pg_tablespace t WHERE t.oid >= 16384"""
# Before PostgreSQL 15 no parameter has grants.
_PARAMETERS = f"""
UNION ALL SELECT 'parameter grants', '', '', p.parname,
    json_build_object('grants', {acl("p.paracl", "p", "10::oid")},
    '_owner', quote_ident(pg_get_userbyid(10)))::text FROM pg_parameter_acl p"""


def _cluster(version: int) -> str:
    """The SELECT of what all databases of a cluster share; databases of ours have a prefix.

    What ALTER SYSTEM sets is read from its file, since it is in force only after the next reload or start.
    """
    system = f"""
UNION ALL SELECT 'system setting', '', '', a.name,
    json_build_object('value',
    replace(replace(substr(a.value, 2, length(a.value) - 2), '''''', ''''), E'\\\\\\\\', E'\\\\'))::text
FROM ({SYSTEM_SETTINGS}) a"""
    return _ROLES + _OTHERS + system + (_PARAMETERS if version >= 150000 else "")
