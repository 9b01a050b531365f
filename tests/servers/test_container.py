"""A server in a container, on a real Docker daemon: ``.ci/docker`` starts one and runs these tests.

Elsewhere they are skipped where no daemon answers, unless MIGCHECK_NEEDS_DOCKER says that one must.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import psycopg
import pytest

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres import ladder
from pytest_migcheck.postgres.container import probe_daemon
from pytest_migcheck.postgres.ladder import start_server
from pytest_migcheck.postgres.server import Server

IMAGE = os.environ.get("MIGCHECK_DOCKER_IMAGE", "postgres:18")


def _images() -> list[str]:
    docker = pytest.importorskip("docker", reason="the extra docker is not installed")
    client = docker.from_env()
    try:
        return [tag for image in client.images.list() for tag in image.tags]
    finally:
        client.close()


@pytest.fixture(scope="module", autouse=True)
def _daemon() -> None:
    if not os.environ.get("MIGCHECK_NEEDS_DOCKER"):
        try:
            probe_daemon()
        except MigcheckError as error:
            pytest.skip(str(error))
        if IMAGE not in _images():
            pytest.skip(f"the daemon has no image {IMAGE}")


@pytest.fixture(scope="module")
def container() -> Iterator[Server]:
    server = start_server(f"docker:{IMAGE}")
    yield server
    server.stop()


def _containers() -> set[str]:
    import docker

    client = docker.from_env()
    try:
        # The list alone: one that removes itself meanwhile cannot be looked at.
        return {found["Id"][:12] for found in client.api.containers(all=True)}
    finally:
        client.close()


def _gone(container: str, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while container in _containers():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_it_is_a_server_without_durability(container: Server) -> None:
    assert container.kind == "container"
    assert f"Docker container ({IMAGE})" in container.describe()
    with container.connect() as connection:
        names = ("fsync", "full_page_writes", "synchronous_commit", "timezone")
        found = [connection.execute("SELECT current_setting(%s)", (name,)).fetchone() for name in names]
    assert found == [("off",), ("off",), ("off",), ("UTC",)]


def test_databases_are_cloned_in_it(container: Server) -> None:
    template = container.create_database("template_of_test")
    with template.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT 7 AS x")
    clone = container.create_database("clone_of_test", template=template.name)
    with psycopg.connect(clone.dsn) as connection:
        assert connection.execute("SELECT x FROM t").fetchone() == (7,)


def test_its_port_asks_for_the_password_and_is_not_published_to_the_world(container: Server) -> None:
    import docker

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(container.create_database("closed").dsn, password="wrong")
    client = docker.from_env()
    (binding,) = client.containers.get(container.container).ports["5432/tcp"]
    client.close()
    assert binding["HostIp"] not in ("0.0.0.0", "::")


def test_the_command_to_look_needs_no_password(container: Server) -> None:
    database = container.create_database("looked_at")
    words = container.look(database.name).replace(" -it ", " ").split()
    if words[0] == "docker" and not any(os.access(f"{p}/docker", os.X_OK) for p in os.environ["PATH"].split(":")):
        pytest.skip("no docker command")
    assert container.params.password not in " ".join(words)


def test_stopping_removes_the_container() -> None:
    server = start_server(f"docker:{IMAGE}")
    assert server.container in _containers()
    server.stop()
    assert not server.is_alive()
    assert _gone(str(server.container))


_OWNER = """
import os, sys
from pytest_migcheck.postgres.ladder import start_server
server = start_server(sys.argv[1])
print(server.container, flush=True)
os.kill(os.getpid(), int(sys.argv[2]))
"""


@pytest.mark.parametrize("number", [9, 15, 2])
def test_a_killed_owner_leaves_no_container(number: int) -> None:
    owner = subprocess.run(
        [sys.executable, "-c", _OWNER, f"docker:{IMAGE}", str(number)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    assert owner.returncode != 0
    assert _gone(owner.stdout.strip())


def test_a_kept_container_outlives_its_owner_until_it_is_told() -> None:
    code = _OWNER.replace("os.kill", "print(server.keep(), flush=True); os.kill")
    owner = subprocess.run(
        [sys.executable, "-c", code, f"docker:{IMAGE}", "9"], stdout=subprocess.PIPE, text=True, check=False
    )
    container, command = owner.stdout.splitlines()
    time.sleep(1)
    assert container in _containers()
    import docker

    client = docker.from_env()
    client.containers.get(container).remove(force=True)
    client.close()
    assert command == f"docker rm --force {container}"
    assert _gone(container)


def test_an_image_that_is_not_to_be_had_is_told_in_a_line() -> None:
    with pytest.raises(MigcheckError) as caught:
        start_server("docker:migcheck/no-such-image:0")
    assert str(caught.value).startswith("docker:migcheck/no-such-image:0: ")
    assert "\n" not in str(caught.value)


def test_an_image_without_postgres_is_told_with_its_log() -> None:
    with pytest.raises(MigcheckError, match="ended"):
        from pytest_migcheck.postgres import container as module

        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(module._OPTIONS, "max_connections", "many")
            start_server(f"docker:{IMAGE}")


def test_the_ladder_reaches_it_last_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder, "_CARRIERS", ())
    monkeypatch.setattr(ladder, "_candidates", lambda: iter(()))
    server = start_server("auto", target_version=int(IMAGE.rpartition(":")[2]))
    server.stop()
    assert server.kind == "container"
    assert "embedded: no package that carries PostgreSQL is installed" in server.reason
    assert "local: no postgres and initdb on PATH" in server.reason
