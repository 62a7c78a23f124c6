"""Which addresses may be connected to."""

from ipaddress import ip_network

import pytest

from pipeline.fetch.addresses import is_refused

REFUSED = [
    *["0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254", "168.63.129.16"],
    *["169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1"],
    *["198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1"],
    *["255.255.255.255", "::", "::1", "::127.0.0.1", "::8.8.8.8", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1"],
    *["fd00:ec2::254", "ff02::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::", "3fff::1"],
    *["5f00::1", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::192.168.0.1"],
    *["64:ff9b:1::808:808", "::ffff:0:127.0.0.1"],
]
ALLOWED = [
    *[
        "8.8.8.8",
        "1.1.1.1",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.0.1",
        "172.32.0.1",
        "192.169.0.1",
        "223.255.255.255",
    ],
    *["2606:4700::1111", "2a00:1450::1", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"],
]


@pytest.mark.parametrize("address", REFUSED)
def test_special_addresses_are_refused(address: str) -> None:
    assert is_refused(address)


@pytest.mark.parametrize("address", ALLOWED)
def test_public_addresses_are_not(address: str) -> None:
    assert not is_refused(address)


@pytest.mark.parametrize("address", ["", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "8.8.8.8 "])
def test_what_is_no_plain_address_is_refused(address: str) -> None:
    assert is_refused(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "::1", "10.1.0.5"])
def test_an_allowed_network_wins(address: str) -> None:
    allowed = [ip_network(network) for network in ("127.0.0.0/8", "::1/128", "10.1.0.0/16")]
    assert not is_refused(address, allowed)
    assert is_refused("10.2.0.5", allowed)
    assert is_refused("169.254.169.254", allowed)
