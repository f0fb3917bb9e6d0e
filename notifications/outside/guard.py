"""Decides which addresses a URL that a person typed in may lead to; plain functions, no network.

The list of special addresses is IANA's, by Python's ipaddress; addresses that carry an IPv4 address are unwrapped.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
COMPATIBLE = ipaddress.IPv6Network("::/96")
PORTS = {"http": 80, "https": 443}


class ForbiddenAddressError(ValueError):
    """The URL is malformed, or leads where it may not."""

    permanent = True


@dataclass(frozen=True)
class Target:
    """Where a URL points."""

    scheme: str
    host: str
    port: int
    path: str
    """With its query, never empty."""
    authority: str
    """For the Host header."""


def target_of(url: str) -> Target:
    """Return where an http or https URL points.

    Raises: ForbiddenAddressError saying what is wrong with it.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ForbiddenAddressError(f"not a URL: {error}") from None
    if parts.scheme not in PORTS or not host:
        raise ForbiddenAddressError("not an http or https URL")
    if parts.username is not None or parts.password is not None:
        raise ForbiddenAddressError("a URL must hold no user name or password")
    if not url.isascii() or any(character.isspace() or ord(character) < 32 for character in url):
        raise ForbiddenAddressError("a URL must be ASCII without blanks: encode the rest")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or PORTS[parts.scheme], path, parts.netloc)


def check_address(found: str, *, allowed: Sequence[Network] = ()) -> Address:
    """Return the address if it is public, or in a network that the operator allows.

    Raises: ForbiddenAddressError.
    """
    address = ipaddress.ip_address(found.partition("%")[0])
    for each in (address, *_carried(address)):
        if any(each in network for network in allowed if each.version == network.version):
            continue
        if not each.is_global or each.is_multicast or each.is_reserved or each.is_unspecified:
            raise ForbiddenAddressError(f"{found} is not a public address")
    return address


def _carried(address: Address) -> list[ipaddress.IPv4Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return []
    carried = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in NAT64 or address in COMPATIBLE:
        carried.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [each for each in carried if each is not None]
