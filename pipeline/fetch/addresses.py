"""Which IP addresses fetching may reach: public ones alone, so that no page can point us into a private network."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network

# IANA's registries of special-purpose addresses, written out because ``ipaddress.is_global`` differs between Python's versions.
_REFUSED_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carriers' NAT, and one cloud's metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's metadata in public space
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
#: Everything else is loopback, link-local, unique local, multicast, IPv4-compatible, or reserved.
_GLOBAL_6 = IPv6Network("2000::/3")
_REFUSED_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside, routed by whoever likes to
        "3fff::/20",  # documentation
    )
)
#: On a network without IPv4, the resolver puts every IPv4 address in here.
_NAT64 = IPv6Network("64:ff9b::/96")


def is_refused(address: str, allowed: Sequence[Network] = ()) -> bool:
    """Tell whether a connection to this IP address is refused; what is no plain IP address is refused too.

    An IPv4 address inside an IPv6 one (mapped or NAT64) counts as itself. An allowed network wins over everything.
    """
    try:
        ip = _unwrap(ip_address(address))
    except ValueError:
        return True
    if any(ip in network for network in allowed):
        return False
    if isinstance(ip, IPv4Address):
        return any(ip in network for network in _REFUSED_4)
    return ip not in _GLOBAL_6 or any(ip in network for network in _REFUSED_6)


def is_address(host: str) -> bool:
    """Tell whether the host of a URL is an IP address, not a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _unwrap(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped:
            return ip.ipv4_mapped
        if ip in _NAT64:
            return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip
