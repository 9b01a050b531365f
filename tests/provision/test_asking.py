"""Workers ask the controller; nobody else is answered."""

from __future__ import annotations

import socket

import pytest

from pytest_migcheck.core.asking import Answering, ask
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.postgres.lending import borrow, lend
from pytest_migcheck.postgres.servers import CHECKS, TESTS, Servers


def test_a_question_is_answered_and_an_error_is_told() -> None:
    answering = Answering(lambda question: {"twice": question * 2})
    try:
        assert ask(answering.address, 21) == {"twice": 42}
        assert "TypeError" in ask(answering.address, None)["error"]
        with pytest.raises(OSError):
            ask({**answering.address, "secret": "guessed"}, 21)
        with socket.create_connection(("127.0.0.1", int(answering.address["port"]))) as stranger:
            stranger.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert ask(answering.address, 1) == {"twice": 2}, "a stranger does not end it"
    finally:
        answering.close()
    with pytest.raises((OSError, EOFError)):
        ask(answering.address, 21)


def test_a_borrowed_server_is_the_lenders() -> None:
    owner = Servers("auto")
    answering = Answering(lambda question: lend(question, owner))
    borrower = Servers("auto", answering.address)
    try:
        assert borrower.peek(TESTS) is None and owner.known(TESTS) is None, "nobody needs it yet"
        server = borrower.get(TESTS)
        lent = owner.known(TESTS)
        assert lent is not None and server.params == lent.params
        assert borrower.get(CHECKS).params != server.params, "roles belong to a cluster"
        with server.create_database("borrowed").connect() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        borrower.close()
        assert lent.is_alive()
        assert server.log_tail() == lent.log_tail()
        lent.stop()
        assert not server.is_alive()
    finally:
        answering.close()
        owner.close()
    assert owner.known(CHECKS) is not None
    with pytest.raises(MigcheckError, match="gives no server"):
        borrow(answering.address, TESTS, None, start=True)
