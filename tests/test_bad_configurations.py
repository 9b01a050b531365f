"""Configurations that Alembic cannot read: one error that names the line, what is valid and what to do."""

from __future__ import annotations

import pytest

from history_project import INI, Project

TABLE = 'op.create_table("t", sa.Column("id", sa.BigInteger, primary_key=True))'
UNDO = 'op.drop_table("t")'


def error_of(result: pytest.RunResult) -> str:
    """The one error of a run that began nothing, with the root of the project left out."""
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    printed = result.stderr.str() + result.stdout.str()
    assert "Traceback" not in printed
    assert "INTERNALERROR" not in printed
    return result.stderr.str().partition("ERROR: ")[2].rstrip().removeprefix("migcheck: ")


SECOND_SECTION = INI + "[alembic]\n"
SECOND_OPTION = INI + "script_location = other\n"
INI_FILES = {
    "a section twice": (
        SECOND_SECTION.encode(),
        "alembic.ini:6: the section [alembic] is there already, in line 1\nwhat to do: make one section of the two",
    ),
    "an option twice": (
        SECOND_OPTION.encode(),
        "alembic.ini:6: the option script_location of [alembic] is there already, in line 2\n"
        "what to do: keep one of the two lines",
    ),
    "no header": (
        b"script_location = migrations\n",
        "alembic.ini:1: 'script_location = migrations' comes before the first section\n"
        "valid: [alembic] in a line of its own, then its options, NAME = VALUE",
    ),
    "a line that is no option": (
        b"[alembic]\nscript_location\n",
        "alembic.ini:2: 'script_location' is no option\n"
        "valid: NAME = VALUE; an indented line goes on with a value",
    ),
    "binary": (
        b"\x7fELF\x02\x01\x01\n\x00\x00",
        "alembic.ini:2: the file is not text: it holds a NUL byte\nvalid: a text file with a section [alembic]",
    ),
    "latin-1": (
        INI.encode() + "# gepr\u00fcft\n".encode("latin-1"),
        "alembic.ini:6: the byte 0xfc is not utf-8, the encoding of this locale, in which Alembic reads the file\n"
        "what to do: save the file as utf-8",
    ),
    "a byte order mark": (
        b"\xef\xbb\xbf" + INI.encode(),
        "alembic.ini:1: the file begins with a byte order mark, and Alembic takes it for a part of the first line\n"
        "what to do: save the file as UTF-8 without a byte order mark (BOM)",
    ),
    "UTF-16": (
        INI.encode("utf-16"),
        "alembic.ini: the file is UTF-16, and Alembic reads UTF-8\nwhat to do: save the file as UTF-8",
    ),
    "a percent sign in file_template": (
        INI.encode() + b"file_template = %(year)d_%(rev)s_%%(slug)s\n",
        "alembic.ini:6: file_template = %(year)d_%(rev)s_%%(slug)s: a percent sign begins the name of an option, "
        "%(NAME)s, and there is none here\n"
        "valid: %% for a percent sign, %(here)s for the folder of the file\n"
        "what to do: file_template = %%(year)d_%%(rev)s_%%(slug)s",
    ),
    "a percent sign in script_location": (
        b"[alembic]\nscript_location = %(here)s/100%\n",
        "alembic.ini:2: script_location = %(here)s/100%: a percent sign begins the name of an option, %(NAME)s, and "
        "there is none here\n"
        "valid: %% for a percent sign, %(here)s for the folder of the file\n"
        "what to do: script_location = %(here)s/100%%",
    ),
    "empty": (
        b"",
        "alembic.ini: no script_location and no section [alembic]\n"
        "what to do: set script_location = path/to/migrations in alembic.ini, in its section [alembic]",
    ),
    "a length that is no number": (
        INI.encode() + b"truncate_slug_length = long\n",
        "alembic.ini:6: truncate_slug_length = long is not a whole number\nvalid: a whole number, such as 40",
    ),
}


@pytest.mark.parametrize(("text", "message"), INI_FILES.values(), ids=INI_FILES.keys())
def test_an_alembic_ini_that_cannot_be_read(project: Project, migcheck, text: bytes, message: str) -> None:
    project.revision("a1", TABLE, UNDO)
    (project.path / "alembic.ini").write_bytes(text)
    assert error_of(migcheck()) == message


def test_a_separator_that_is_none(project: Project, migcheck) -> None:
    pytest.importorskip("alembic", minversion="1.16")
    project.write("alembic.ini", INI.replace("path_separator = os", "path_separator = comma"))
    assert error_of(migcheck()) == (
        "alembic.ini: 'comma' is not a valid value for path_separator; expected 'space', 'newline', 'os', ':', ';'"
    )


def test_a_directory_named_alembic_ini(project: Project, migcheck) -> None:
    project.revision("a1", TABLE, UNDO)
    (project.path / "alembic.ini").unlink()
    (project.path / "alembic.ini").mkdir()
    assert error_of(migcheck()) == (
        "alembic.ini: this is a directory\n"
        "valid: a file of this name, which holds Alembic's configuration\n"
        "what to do: rename the directory, or name the file: --migcheck-config=path/to/alembic.ini"
    )
    assert error_of(migcheck("--migcheck-config=alembic.ini")).replace(str(project.path), "ROOT") == (
        "--migcheck-config: 'alembic.ini' is a directory (looked for ROOT/alembic.ini)\n"
        "valid: the path of an alembic.ini or pyproject.toml, with :SECTION where it has several"
    )


TOML_FILES = {
    "not TOML": (
        b'[tool.alembic]\nscript_location = "migrations\n',
        "pyproject.toml:2: the file is not valid TOML: Illegal character '\\n' (at line 2, column 30)\n"
        "what to do: correct the file, which Alembic reads beside alembic.ini",
    ),
    "a list of tables": (
        b'\n[[tool.alembic]]\nscript_location = "migrations"\n',
        "pyproject.toml:2: tool.alembic is not a table\nvalid: [tool.alembic], then NAME = VALUE",
    ),
    "a number for the location": (
        b"[tool.alembic]\nscript_location = 7\n",
        "pyproject.toml:2: script_location = 7 is not a string\nvalid: a string",
    ),
    "a string for the folders": (
        b'[tool.alembic]\nscript_location = "migrations"\nversion_locations = "migrations/versions"\n',
        "pyproject.toml:3: version_locations = 'migrations/versions' is not a list of strings\nvalid: a list of strings",
    ),
    "a percent sign": (
        b'[tool.alembic]\nscript_location = "migrations"\nfile_template = "%(rev)s"\n',
        "pyproject.toml:3: file_template = '%(rev)s': a percent sign begins the name of an option, %(NAME)s, and there "
        "is none here\n"
        "valid: %% for a percent sign, %(here)s for the folder of the file\n"
        "what to do: file_template = '%%(rev)s'",
    ),
    "latin-1": (
        b'[tool.alembic]\nscript_location = "gepr\xfcft"\n',
        "pyproject.toml: the file is not UTF-8, as TOML has to be: invalid start byte",
    ),
}


@pytest.mark.parametrize(("text", "message"), TOML_FILES.values(), ids=TOML_FILES.keys())
def test_a_pyproject_toml_that_cannot_be_read(project: Project, migcheck, text: bytes, message: str) -> None:
    pytest.importorskip("alembic", minversion="1.16")
    project.revision("a1", TABLE, UNDO)
    (project.path / "alembic.ini").unlink()
    # That of its own folder pytest reads before us.
    project.write("app/pyproject.toml", "").write_bytes(text)
    assert error_of(migcheck()) == f"app/{message}"


def test_warnings_of_alembic_about_its_configuration_are_no_errors(project: Project, migcheck) -> None:
    project.write("pytest.ini", "[pytest]\nfilterwarnings =\n    error\n    ignore:.*asyncio_default_fixture_loop_scope\n")
    project.write("alembic.ini", INI.replace("path_separator = os\n", "version_locations = %(here)s/migrations/versions\n"))
    project.revision("a1", TABLE, UNDO)
    result = migcheck("--migcheck-checks=stairway,upgrade")
    result.assert_outcomes(passed=2)


def test_a_percent_sign_that_is_escaped_is_right(project: Project, migcheck) -> None:
    project.write("alembic.ini", INI + "file_template = %%(rev)s\n")
    project.revision("a1", TABLE, UNDO)
    migcheck("--migcheck-checks=stairway").assert_outcomes(passed=1)
