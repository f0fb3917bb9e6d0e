"""Which URLs and addresses are refused: the list."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from notifications.outside.guard import ForbiddenAddressError, check_address, target_of

PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "2002:c0a8:101::1",
    "2001:0:7f00:1::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(ForbiddenAddressError, match="is not a public address"):
        check_address(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "1.1.1.1", "2606:4700:4700::1111"])
def test_a_public_address_is_allowed(address: str) -> None:
    assert str(check_address(address)) == address


def test_the_operator_may_allow_a_network_and_only_that() -> None:
    allowed = [ip_network("10.1.0.0/16")]
    assert str(check_address("10.1.2.3", allowed=allowed)) == "10.1.2.3"
    for other in ("10.2.0.1", "127.0.0.1", "::1"):
        with pytest.raises(ForbiddenAddressError):
            check_address(other, allowed=allowed)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("file:///etc/passwd", "not an http or https URL"),
        ("gopher://example.org/", "not an http or https URL"),
        ("https://", "not an http or https URL"),
        ("//example.org/", "not an http or https URL"),
        ("https://user@example.org/", "must hold no user name"),
        ("https://example.org@127.0.0.1/", "must hold no user name"),
        ("https://example.org:99999/", "not a URL"),
        ("https://[::1/", "not a URL"),
        ("https://example.org/ä", "must be ASCII"),
        ("https://example.org/a\r\nHost: inside", "must be ASCII"),
        ("https://example.org/a b", "must be ASCII"),
    ],
)
def test_a_url_that_is_no_plain_web_address_is_refused(url: str, reason: str) -> None:
    with pytest.raises(ForbiddenAddressError, match=reason):
        target_of(url)


def test_a_url_is_taken_apart() -> None:
    target = target_of("https://example.org/hooks?a=1#part")
    assert (target.host, target.port, target.path, target.authority) == (
        "example.org",
        443,
        "/hooks?a=1",
        "example.org",
    )
    assert target_of("http://example.org:8080").path == "/"
