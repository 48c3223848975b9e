"""The guard in `conftest.py` holds, so that no test can come to depend on another machine."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest


def test_another_machine_cannot_be_reached() -> None:
    with socket.socket() as plug, pytest.raises(RuntimeError, match=r"without a network"):
        plug.connect(("192.0.2.1", 80))


def test_another_machine_cannot_be_looked_up() -> None:
    with pytest.raises(RuntimeError, match=r"example\.invalid"):
        socket.create_connection(("example.invalid", 80))


async def test_asyncio_does_not_get_round_the_guard() -> None:
    with pytest.raises(RuntimeError, match=r"without a network"):
        await asyncio.open_connection("example.invalid", 80)


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_the_home_folder_is_not_the_users() -> None:
    assert "atk-tests-" in str(Path.home())
    assert [name for name in os.environ if name.endswith("_API_KEY")] == []
