"""Which server is taken, and what is said when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres import cluster, container, ladder
from pytest_migcheck.postgres.ladder import start_server


def _error(wanted: str) -> str:
    with pytest.raises(MigcheckError) as caught:
        start_server(wanted)
    return str(caught.value)


def test_a_wrong_word_gets_the_nearest_and_the_valid_ones() -> None:
    text = _error("embeded")
    assert "Did you mean 'embedded'?" in text
    assert "local:BINDIR" in text


def test_a_mistyped_url_is_not_printed() -> None:
    text = _error("postgresq://me:secret@db/x")
    assert "secret" not in text
    assert "Did you mean 'postgresql'?" in text


def test_a_folder_without_binaries_is_named(tmp_path: Path) -> None:
    assert f"no postgres and initdb in {tmp_path}" in _error(f"local:{tmp_path}")


def test_binaries_that_cannot_run_say_what_happens(tmp_path: Path) -> None:
    for name in ("postgres", "initdb"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho 'libxml2.so.2: cannot open shared object file' >&2\nexit 127\n")
        program.chmod(0o755)
    text = _error(f"local:{tmp_path}")
    assert "libxml2.so.2" in text or "closed to other users" in text


def test_the_next_rung_says_why_the_first_was_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder, "_CARRIERS", ())
    try:
        server = start_server()
    except MigcheckError as error:
        assert "no postgres and initdb" in str(error)
        pytest.skip("no local PostgreSQL")
    server.stop()
    assert server.kind == "local"
    assert "embedded: no package that carries PostgreSQL is installed" in server.reason


def test_no_server_at_all_says_what_was_tried_and_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder, "_CARRIERS", ())
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    monkeypatch.setattr(ladder, "_candidates", lambda: iter(()))
    text = _error("auto")
    assert "tried embedded: " in text
    assert "tried local: " in text
    assert "tried docker: " in text
    assert 'pip install "pytest-migcheck[embedded]"' in text


@pytest.mark.parametrize(
    ("platform", "gnu", "name"), [("win32", "", "Windows"), ("linux", "x86_64-pc-linux-musl", "Alpine")]
)
def test_platforms_without_a_leash_are_refused(
    monkeypatch: pytest.MonkeyPatch, platform: str, gnu: str, name: str
) -> None:
    monkeypatch.setattr(cluster.sysconfig, "get_config_var", lambda _: gnu)
    monkeypatch.setattr(cluster.sys, "platform", platform)
    with pytest.raises(MigcheckError, match=f"on {name}.*Docker or a server by URL"):
        cluster._refuse_platforms()


def test_without_a_daemon_docker_says_so_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("testcontainers", reason="the extra docker is not installed")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    text = _error("docker:postgres:17")
    assert f"no Docker daemon (unix://{tmp_path}/docker.sock does not answer)" in text
    assert "\n" not in text


def test_without_testcontainers_docker_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container.importlib.util, "find_spec", lambda _: None)
    assert 'pip install "pytest-migcheck[docker]"' in _error("docker")
