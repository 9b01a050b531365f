"""Which extension has a type, a function or an operator class that is missing, and which server has the extension.

The names are those of the extensions' own manuals: https://www.postgresql.org/docs/current/contrib.html,
https://postgis.net/docs/reference.html, https://github.com/pgvector/pgvector,
https://docs.timescale.com/api/latest/ and https://github.com/citusdata/citus.
"""

from __future__ import annotations

import re

_TYPES = {
    "citext": ("citext",),
    "cube": ("cube",),
    "hstore": ("hstore",),
    "isn": ("ean13", "isbn", "isbn13", "ismn", "ismn13", "issn", "issn13", "upc"),
    "ltree": ("lquery", "ltree", "ltxtquery"),
    "postgis": ("box2d", "box3d", "geography", "geometry"),
    "postgis_raster": ("raster",),
    "postgis_topology": ("topogeometry",),
    "seg": ("seg",),
    "vector": ("halfvec", "sparsevec", "vector"),
    "intarray": ("query_int",),
}
_FUNCTIONS = {
    "citext": ("citext",),
    "dblink": ("dblink", "dblink_connect", "dblink_exec"),
    "fuzzystrmatch": ("difference", "dmetaphone", "levenshtein", "metaphone", "soundex"),
    "hstore": ("hstore", "akeys", "avals", "hstore_to_json"),
    "pg_trgm": ("similarity", "show_trgm", "word_similarity", "strict_word_similarity"),
    "pgcrypto": ("armor", "crypt", "digest", "gen_random_bytes", "gen_salt", "hmac", "pgp_sym_encrypt"),
    "postgis": ("st_area", "st_distance", "st_dwithin", "st_geomfromtext", "st_makepoint", "st_point", "st_setsrid"),
    "tablefunc": ("connectby", "crosstab", "normal_rand"),
    "timescaledb": ("add_compression_policy", "add_retention_policy", "create_hypertable", "time_bucket"),
    "citus": ("create_distributed_table", "create_reference_table"),
    "unaccent": ("unaccent",),
    "uuid-ossp": ("uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v3", "uuid_generate_v4", "uuid_generate_v5"),
    "pg_cron": ("cron.schedule",),
    "pg_partman": ("partman.create_parent", "create_parent"),
    "moddatetime": ("moddatetime",),
}
_OPERATOR_CLASSES = {
    "pg_trgm": ("gin_trgm_ops", "gist_trgm_ops"),
    "ltree": ("gist_ltree_ops",),
    "hstore": ("gin_hstore_ops", "gist_hstore_ops"),
    "intarray": ("gin__int_ops", "gist__int_ops", "gist__intbig_ops"),
    "vector": ("halfvec_cosine_ops", "halfvec_l2_ops", "vector_cosine_ops", "vector_l2_ops"),
    "postgis": ("gist_geometry_ops_2d", "gist_geometry_ops_nd"),
}
# An access method has no operator class for a type of its own accord, or is not there at all.
_ACCESS_METHODS = {"vector": ("hnsw", "ivfflat"), "bloom": ("bloom",)}
_FORMS = (
    (re.compile(r'type "(?:\w+\.)?(\w+)(?:\[\])?" does not exist'), _TYPES),
    (re.compile(r"function ([\w.]+)\(.*\) does not exist"), _FUNCTIONS),
    (re.compile(r'operator class "(\w+)" does not exist'), _OPERATOR_CLASSES),
    (re.compile(r'access method "(\w+)" does not exist'), _ACCESS_METHODS),
)
# GiST and GIN have no operator class for plain types; these extensions bring them.
_NO_CLASS = re.compile(r'has no default operator class for access method "(gin|gist)"')
_NOT_THERE = re.compile(r'extension "([^"]+)" is not available')
_NO_FILE = re.compile(r'could not open extension control file ".*/([^/"]+)\.control"')
_NO_COLLATION = re.compile(r'collation "[^"]*-x-icu" for encoding|ICU is not supported in this build')

# What the embedded package has: the contrib modules that need no library of others, and pgvector.
_EMBEDDED = frozenset(
    """
    amcheck autoinc bloom btree_gin btree_gist citext cube dblink dict_int dict_xsyn earthdistance file_fdw
    fuzzystrmatch hstore insert_username intagg intarray isn lo ltree moddatetime pageinspect pg_buffercache
    pg_freespacemap pg_prewarm pg_stat_statements pg_surgery pg_trgm pg_visibility pg_walinspect pgcrypto pgrowlocks
    pgstattuple postgres_fdw refint seg tablefunc tcn tsm_system_rows tsm_system_time unaccent uuid-ossp vector
    """.split()  # noqa: SIM905 - a list of fifty literals is a page
)
# Images that follow the conventions of the official one.
_IMAGES = {
    "citus": "citusdata/citus",
    "postgis": "postgis/postgis",
    "postgis_raster": "postgis/postgis",
    "postgis_topology": "postgis/postgis",
    "timescaledb": "timescale/timescaledb:latest-pg17",
    "vector": "pgvector/pgvector:pg17",
}


def extension_of(message: str) -> str | None:
    """The extension that has what a message of the server says is missing; None where none is known.

    >>> extension_of('type "geometry" does not exist')
    'postgis'
    """
    for form, table in _FORMS:
        found = form.search(message)
        if found is not None:
            return next((extension for extension, names in table.items() if found[1].lower() in names), None)
    found = _NO_CLASS.search(message)
    return f"btree_{found[1]}" if found is not None else None


def missing_extension(message: str) -> str | None:
    """The extension whose files the server does not have, as it says; None for other messages."""
    found = _NOT_THERE.search(message) or _NO_FILE.search(message)
    return found[1] if found is not None else None


def server_with(extension: str) -> str:
    """Where to get a server that has the files of an extension."""
    image = _IMAGES.get(extension)
    embedded = "--migcheck-postgres=embedded, " if extension in _EMBEDDED else ""
    docker = f"--migcheck-postgres=docker:{image or 'IMAGE (an image that has it)'}"
    return (
        f"{embedded}{docker}, this machine's PostgreSQL with {extension} installed (--migcheck-postgres=local), or a "
        "server by URL"
    )


def missing_advice(message: str, before: str) -> str | None:
    """What to do about something that the server lacks; None where the message is not about that.

    Args:
        message: the server's.
        before: how SQL is run before the first migration of this history.
    """
    absent = missing_extension(message)
    if absent is not None:
        return f"the server that was taken lacks the extension {absent}; one that has it: {server_with(absent)}"
    if _NO_COLLATION.search(message):
        return (
            "the server that was taken is built without ICU; one that has it: --migcheck-postgres=docker (the official "
            "image), this machine's PostgreSQL (--migcheck-postgres=local), or a server by URL"
        )
    extension = extension_of(message)
    if extension is None:
        return None
    quoted = f'"{extension}"' if "-" in extension else extension
    return (
        f"it belongs to the extension {extension}: CREATE EXTENSION IF NOT EXISTS {quoted} in an earlier migration, "
        f"or, where production has it from elsewhere, {before}; a server that has it: {server_with(extension)}"
    )
