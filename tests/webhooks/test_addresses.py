"""Messages go to public addresses only, however they are written and whatever a name resolves to."""

import socket
from typing import Any

import pytest
from pytest_django import Settings

from bank.webhooks.addresses import AddressRefused, NameNotResolved, addresses_of, is_public, is_refused_literally
from bank.webhooks.transport import Sender
from tests.webhooks.receiver import a_receiver

PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",  # noqa: S104 - refused
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "168.63.129.16",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "3fff::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:a9fe:a9fe",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a00:1::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "5f00::1",
    "nonsense",
    "",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.fixture(autouse=True)
def _in_production(settings: Settings) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = False


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "10.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[fd00::1]",
        "localhost",
    ],
)
def test_no_spelling_of_an_inner_address_is_connected_to(host: str) -> None:
    with a_receiver() as receiver:
        port = receiver.url.split(":")[2].split("/")[0]
        with Sender(f"http://{host}:{port}/hooks") as sender:
            answer = sender.post(b"{}", {})
    assert answer.status_code is None
    assert answer.error == "the name leads to an address that is not public"
    assert receiver.received == []
    assert is_refused_literally(host.strip("[]"))


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "db.internal", "printer.local", "intranet", "a.localhost"])
def test_names_for_inside_use_are_refused_when_they_are_registered(host: str) -> None:
    assert is_refused_literally(host)


@pytest.mark.parametrize("host", ["example.com", "8.8.8.8", "2606:4700::1111", "hooks.example.com."])
def test_what_may_be_public_is_not_refused_literally(host: str) -> None:
    assert not is_refused_literally(host)


def test_development_may_send_to_itself(settings: Settings) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    assert not is_refused_literally("localhost")
    with a_receiver() as receiver, Sender(receiver.url.replace("127.0.0.1", "2130706433")) as sender:
        assert sender.post(b"{}", {"webhook-id": "x"}).status_code == 204


class Resolver:
    """In place of the system's: a name that leads where the test says, a different place each time."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: Any, *_: Any, **__: Any) -> list[Any]:
        self.asked.append(host)
        found = self.answers.pop(0)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in found]


@pytest.mark.parametrize(
    "answer", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["10.0.0.1", "8.8.8.8"], ["8.8.8.8", "::1"]]
)
def test_a_name_that_leads_inside_is_refused_also_where_it_leads_outside_too(
    monkeypatch: pytest.MonkeyPatch, answer: list[str]
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Resolver(answer))
    with pytest.raises(AddressRefused):
        addresses_of("rebind.example.com", 443, 5)


def test_a_name_is_asked_for_once_and_what_was_checked_is_what_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding: public when it is checked, this machine when it is asked again."""
    resolver = Resolver(["192.0.2.7"], ["127.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    monkeypatch.setattr("bank.webhooks.addresses.is_public", lambda _: True)
    connected: list[Any] = []

    def connect(self: socket.socket, address: Any) -> None:
        connected.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket.socket, "connect", connect, raising=False)
    with Sender("http://rebind.example.com:8001/hooks") as sender:
        answer = sender.post(b"{}", {})
    assert connected == [("192.0.2.7", 8001)]
    assert resolver.asked == ["rebind.example.com"]
    assert answer.error == "no connection: Connection refused"


def test_a_name_that_nobody_knows_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Resolver([], []))
    with pytest.raises(NameNotResolved, match="cannot be resolved"):
        addresses_of("nowhere.example.com", 443, 5)
    with Sender("https://nowhere.example.com/") as sender:
        assert "cannot be resolved" in sender.post(b"{}", {}).error
