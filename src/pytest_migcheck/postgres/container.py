"""A server in a container, through testcontainers: the slowest rung, with the version of production.

The container is on a leash of its own: its first process ends when our end of its standard input closes, and the daemon
then removes it. That needs no second image (Ryuk), and works with a daemon elsewhere, where DOCKER_HOST points.
"""

from __future__ import annotations

import contextlib
import importlib.util
import ipaddress
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.connecting import await_connection, new_password
from pytest_migcheck.postgres.database import ConnectionParams
from pytest_migcheck.postgres.proof import SETTING, new_token
from pytest_migcheck.postgres.server import Server

INSTALL_LINE = 'pip install "pytest-migcheck[docker]"'
_PORT = 5432
_DATA = "/migcheck"
# Process 1 ends, and everything in the container with it, when PostgreSQL does. The first subshell reads our end: a
# line says that it is held, the word "keep" that the container may outlive it, its end kills. The second one ends a
# container whose owner was killed before he held it.
_LEASH = (
    'exec 3<&0; docker-entrypoint.sh "$@" </dev/null & p=$!; '
    "(while read -r w; do :>/tmp/held; [ $w != keep ] || exit; done; kill -KILL $p) <&3 & "
    "(sleep 30; [ -e /tmp/held ] || kill -KILL $p) & wait $p"
)
_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "250",
    "max_locks_per_transaction": "128",
    "checkpoint_timeout": "1d",
    "wal_level": "logical",
    "timezone": "UTC",
    "lc_messages": "C",
}


def start_container(image: str, reason: str) -> Server:
    """Run the image with a PostgreSQL that follows the conventions of the official one.

    Args:
        image: such as ``postgres:17``; it is pulled if the daemon has not got it.
        reason: why this rung of the ladder, in one line.

    Raises:
        MigcheckError: no daemon, no image, or the server in it does not answer; in one line.
    """
    started = time.perf_counter()
    _check_installed()
    probe_daemon()
    password, proof = new_password(), new_token()
    holder, stdin = _run(image, password, proof)
    try:
        return _running(image, reason, password, proof, holder, stdin, started)
    except BaseException:
        _release(holder, stdin)
        raise


def _check_installed() -> None:
    if importlib.util.find_spec("testcontainers") is None or importlib.util.find_spec("docker") is None:
        raise MigcheckError(f"testcontainers is not installed ({INSTALL_LINE})")


def probe_daemon() -> None:
    """See within milliseconds that there is no daemon here; importing testcontainers takes 200.

    Raises:
        MigcheckError: nobody listens where the daemon should be.
    """
    host = os.environ.get("DOCKER_HOST", "")
    if host and not host.startswith("unix://"):
        return  # elsewhere: testcontainers will see
    usual = ["/var/run/docker.sock", str(Path.home() / ".docker/run/docker.sock")]
    places = [host.removeprefix("unix://")] if host else usual
    configured = any((Path.home() / name).exists() for name in (".docker/contexts", ".testcontainers.properties"))
    for place in places:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(2)
            client.connect(place)
            return
    if host or not configured:
        raise MigcheckError(f"no Docker daemon ({host or places[0]} does not answer)")


def _run(image: str, password: str, proof: str) -> tuple[Any, Any]:
    """Start the container and hold its leash; returns it and our end."""
    try:
        container = _container(image, password, proof)
    except Exception as error:
        raise MigcheckError(f"docker:{image}: {_one_line(error)}") from error
    try:
        container.start()
        stdin = container.get_wrapped_container().attach_socket(params={"stdin": 1, "stream": 1})
        _send(stdin, "held")
    except BaseException as error:
        container.stop()
        if isinstance(error, Exception):
            raise MigcheckError(f"docker:{image}: {_one_line(error)}") from error
        raise
    return container, stdin


def _container(image: str, password: str, proof: str) -> Any:
    from testcontainers.core.config import testcontainers_config
    from testcontainers.core.container import DockerContainer

    # Its image would be pulled first, and its job is done by the leash.
    testcontainers_config.ryuk_disabled = True
    container = DockerContainer(image)
    for name, value in (("PASSWORD", password), ("USER", "postgres"), ("DB", "postgres")):
        container.with_env(f"POSTGRES_{name}", value)
    container.with_env("PGDATA", f"{_DATA}/data")
    options = {**_OPTIONS, SETTING: proof}
    container.with_command(["postgres", *(w for o in options.items() for w in ("-c", "=".join(o)))])
    words: dict[str, Any] = {"stdin_open": True, "auto_remove": True, "shm_size": "256m"}
    words["entrypoint"] = ["sh", "-c", _LEASH, "migcheck-leash"]
    if hasattr(container, "tmpfs"):
        container.tmpfs[_DATA] = "rw"
    else:
        words["tmpfs"] = {_DATA: "rw"}
    container.with_kwargs(**words)
    # Docker publishes on every interface of the machine by default.
    ports: dict[str, Any] = container.ports
    ports[f"{_PORT}/tcp"] = _interface(container.get_docker_client().client)
    return container


def _interface(client: Any) -> tuple[str] | None:
    """The one interface that we reach the container by: loopback, or from within a container the bridge's gateway."""
    from testcontainers.core.utils import inside_container

    if not os.environ.get("DOCKER_HOST", "unix://").startswith("unix://"):
        return None
    if not inside_container():
        return ("127.0.0.1",)
    with contextlib.suppress(Exception):  # a daemon with other networks; then every interface, with the password
        network = client.networks.get("bridge").attrs["IPAM"]["Config"][0]
        return (network.get("Gateway") or str(ipaddress.ip_network(network["Subnet"])[1]),)
    return None


def _running(
    image: str, reason: str, password: str, proof: str, holder: Any, stdin: Any, started: float
) -> Server:
    wrapped = holder.get_wrapped_container()
    host, port = _address(holder)
    target = ConnectionParams(host=host, port=port, user="postgres", password=password, dbname="postgres")

    def log() -> str:
        with contextlib.suppress(Exception):  # the daemon has removed it, or is gone itself
            return str(wrapped.logs(tail=15).decode(errors="replace"))
        return "(the container and its log are gone)"

    def is_there() -> bool:
        try:
            wrapped.reload()
        except Exception:  # noqa: BLE001 - whatever the client raises, there is no container to be reached
            return False
        return bool(wrapped.status == "running")

    exited = _seldom(lambda: None if is_there() else f"the container of {image} ended:\n{log()}")
    version, number = await_connection(target, proof, exited, log)
    return Server(
        kind="container",
        version=version,
        version_num=number,
        reason=reason,
        seconds=time.perf_counter() - started,
        params=target,
        tcp=target,
        proof=proof,
        stopper=lambda: _release(holder, stdin),
        alive=is_there,
        log=log,
        container=str(wrapped.short_id),
        keeper=lambda: _keep(stdin),
    )


def _address(holder: Any) -> tuple[str, int]:
    try:
        host = str(holder.get_container_host_ip())
        return ("127.0.0.1" if host == "localhost" else host), int(holder.get_exposed_port(_PORT))
    except Exception as error:
        raise MigcheckError(f"the container publishes no port: {_one_line(error)}") from error


def _seldom(question: Callable[[], str | None], seconds: float = 0.25) -> Callable[[], str | None]:
    """The question, asked at most that often: each one is a request to the daemon."""
    last = time.monotonic()

    def asked() -> str | None:
        nonlocal last
        if time.monotonic() - last < seconds:
            return None
        last = time.monotonic()
        return question()

    return asked


def _send(stdin: Any, word: str) -> None:
    raw = getattr(stdin, "_sock", stdin)
    raw.sendall(f"{word}\n".encode())


def _keep(stdin: Any) -> bool:
    with contextlib.suppress(OSError):
        _send(stdin, "keep")
        return True
    return False


def _release(holder: Any, stdin: Any) -> None:
    """Remove the container; what the daemon does not do now, the leash does."""
    raw = getattr(stdin, "_sock", stdin)
    with contextlib.suppress(OSError):
        raw.shutdown(socket.SHUT_RDWR)
    # The file and the socket below it: each keeps the connection open.
    for part in (stdin, raw):
        with contextlib.suppress(OSError):
            part.close()
    with contextlib.suppress(Exception):  # it removes itself at the same time, and the daemon says so in several ways
        holder.stop()


def _one_line(error: BaseException) -> str:
    text = " ".join(str(getattr(error, "explanation", None) or error).split())
    return f"{type(error).__name__}: {text[:300]}"
