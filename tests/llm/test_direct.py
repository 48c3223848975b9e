from __future__ import annotations

import asyncio

import pytest

from atk_interp.llm.direct import DirectTransport, can_reach
from atk_interp.llm.transport import Broken
from support.openai_server import AUTHORITY, Answer, Call, OpenAIServer

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(AUTHORITY))


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:8000/v1",
        "http://127.0.0.1/v1/",
        "http://[::1]:8000",
        "https://api.example.test/v1",
        "https://my_gateway.test:8443/openai/deployments/gpt-4o:free/~me",
    ],
)
def test_usual_addresses_are_reached_without_the_package(address: str) -> None:
    assert can_reach(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://me:secret@localhost/v1",
        "http://localhost/v1?key=x",
        "http://localhost/v1#x",
        "http://localhost/v1/größe",
        "http://localhost/a b",
        "http://localhost/a%20b",
        "http://größe.test/v1",
    ],
)
def test_unusual_addresses_are_left_to_the_package(address: str) -> None:
    assert not can_reach(address)


@pytest.mark.parametrize(
    ("settings", "address", "direct"),
    [
        ({"HTTP_PROXY": "http://p:1"}, "http://a.test/v1", False),
        ({"http_proxy": "http://p:1"}, "http://a.test/v1", False),
        ({"ALL_PROXY": "socks5://p:1"}, "http://a.test/v1", False),
        ({"HTTP_PROXY": "http://p:1"}, "https://a.test/v1", True),
        ({"HTTPS_PROXY": "http://p:1"}, "https://a.test/v1", False),
        ({"HTTP_PROXY": "http://p:1", "NO_PROXY": "a.test"}, "http://a.test/v1", True),
        ({"HTTP_PROXY": "http://p:1", "NO_PROXY": "b.test, .a.test"}, "http://x.a.test/v1", True),
        ({"HTTP_PROXY": "http://p:1", "NO_PROXY": "*.a.test"}, "http://x.a.test/v1", True),
        ({"HTTP_PROXY": "http://p:1", "NO_PROXY": ".a.test"}, "http://a.test/v1", False),
        ({"HTTP_PROXY": "http://p:1", "NO_PROXY": "a.test"}, "http://ba.test/v1", False),
        ({"HTTP_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/8"}, "http://10.1.1.1/v1", False),
        ({"HTTP_PROXY": "http://p:1", "NO_PROXY": "1.1.1"}, "http://10.1.1.1/v1", False),
        ({"HTTP_PROXY": "http://p:1", "NO_PROXY": ""}, "http://a.test/v1", False),
        ({"HTTP_PROXY": "", "NO_PROXY": "x"}, "http://a.test/v1", True),
        ({"OPENAI_API_KEY": "x", "OPENAI_BASE_URL": "http://b.test"}, "http://a.test/v1", True),
        ({"OPENAI_CUSTOM_HEADERS": "x: y"}, "http://a.test/v1", False),
    ],
)
def test_an_environment_that_may_mean_a_detour_is_left_to_the_package(
    settings: dict[str, str], address: str, direct: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert can_reach(address) is direct


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://127.0.0.1:1/v1", "refused the connection"),
        ("http://localhost:1/v1", "refused the connection"),
    ],
)
async def test_an_endpoint_that_cannot_be_connected_to_is_told_with_the_reason(address: str, told: str) -> None:
    transport = DirectTransport(address, "key", 10)
    with pytest.raises(Broken, match=told) as caught:
        await transport.ask("POST", "/completions", b"{}")
    assert caught.value.__context__ is None
    await transport.aclose()


async def test_closing_drops_calls_under_way() -> None:
    arrived = asyncio.Event()

    def hang(call: Call) -> Answer:
        arrived.set()
        return Answer(fault="hang")

    async with OpenAIServer(hang) as server:
        transport = DirectTransport(server.base_url, "key", 10)
        waiting = asyncio.create_task(transport.ask("POST", "/completions", b'{"prompt": ""}'))
        await arrived.wait()
        await transport.aclose()
        with pytest.raises(Broken, match="dropped the connection"):
            await waiting
