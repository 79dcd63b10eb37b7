"""Where messages may go: public addresses only, however they are written and whatever a name resolves to."""

import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any, Final

from django.conf import settings

_IPv4 = ipaddress.IPv4Address
_IPv6 = ipaddress.IPv6Address

_NOT_PUBLIC: Final = (
    ipaddress.IPv4Network("168.63.129.16/32"),  # public by its number, but a cloud's service for its own machines
    ipaddress.IPv4Network("192.0.0.0/24"),  # RFC 6890; older Pythons take a part of it for public
    ipaddress.IPv4Network("192.88.99.0/24"),  # RFC 7526
    ipaddress.IPv4Network("100.64.0.0/10"),  # RFC 6598: behind a carrier's NAT
    ipaddress.IPv6Network("2001::/23"),  # RFC 2928
    ipaddress.IPv6Network("3fff::/20"),  # RFC 9637: for documents
)
_IPV6_UNICAST: Final = ipaddress.IPv6Network("2000::/3")  # RFC 4291, 2.4: the rest is not given out
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")  # RFC 4291, 2.5.5.1
_LOCAL_NAMES: Final = (".localhost", ".local", ".internal", ".home.arpa")
_RESOLVERS: Final = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolve")

SocketAddress = tuple[socket.AddressFamily, Any]


class AddressRefused(Exception):
    """The name leads, also or only, to an address that is not public."""


class NameNotResolved(Exception):
    """The name leads nowhere, or nobody said where in time."""


def addresses_of(host: str, port: int, timeout_seconds: float) -> list[SocketAddress]:
    """Where `host` is, to be connected to as they stand: asking again could be answered otherwise.

    Raises NameNotResolved; AddressRefused where one of the addresses is not public, unless the bank allows that.
    """
    try:
        # The system's resolver has no deadline of its own.
        found = _RESOLVERS.submit(_resolve, host, port).result(timeout_seconds)
    except FutureTimeoutError:
        raise NameNotResolved("the name was not resolved in time") from None
    except (OSError, UnicodeError) as error:
        raise NameNotResolved(f"the name cannot be resolved: {getattr(error, 'strerror', None) or error}") from None
    if not settings.WEBHOOKS_ALLOW_PRIVATE:
        for _, address in found:
            if not is_public(address[0]):
                raise AddressRefused("the name leads to an address that is not public")
    return found


def is_refused_literally(host: str) -> bool:
    """Whether it can be told without asking anybody that `host` is not public: an address in any spelling (decimal,
    hexadecimal, short), or a name for inside use."""
    if settings.WEBHOOKS_ALLOW_PRIVATE:
        return False
    name = host.lower().rstrip(".")
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return "." not in name or name.endswith(_LOCAL_NAMES)
    return not all(is_public(str(address[0])) for *_, address in found)


def is_public(text: str) -> bool:
    """Whether the internet routes this address; what is wrapped into an IPv6 address counts as what it wraps."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, _IPv6):
        inner = _embedded(address)
        if inner is not None:
            return is_public(str(inner))
        if address not in _IPV6_UNICAST:
            return False
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in _NOT_PUBLIC if network.version == address.version)


def _embedded(address: _IPv6) -> _IPv4 | None:
    """The IPv4 address inside: mapped (::ffff:a.b.c.d), 6to4 (2002::/16), NAT64 (64:ff9b::/96), compatible (::/96)."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return _IPv4(int(address) & 0xFFFFFFFF)
    return None


def _resolve(host: str, port: int) -> list[SocketAddress]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [(family, address) for family, _, _, _, address in found]
