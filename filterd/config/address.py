"""Addresses as people write them: where to listen, whom to ask, what a device is known by.

Opens nothing and looks nothing up.  Source: RFC 5952 (canonical IPv6 text), RFC 4632 (CIDR).
"""

import ipaddress
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import NamedTuple

from filterd.config.wrong import Wrong, shown

Network = IPv4Network | IPv6Network

SYSTEM = "system"
_DNS_PORT = 53
_LIKE = "write it like 192.168.1.7, 192.168.1.0/24, 2001:db8::/64"
_MAC_FORMS = (
    re.compile(r"[0-9a-f]{1,2}(?:([:-])[0-9a-f]{1,2})(?:\1[0-9a-f]{1,2}){4}"),
    re.compile(r"[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}"),
    re.compile(r"[0-9a-f]{12}"),
)


class Endpoint(NamedTuple):
    """An address and a port to listen on; ``address`` is an IP literal, scope kept."""

    address: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"


def parse_endpoint(value: object) -> Endpoint:
    """Read ``127.0.0.1:5300`` or ``[::1]:5300``; raises Wrong for anything else."""
    if not isinstance(value, str):
        raise Wrong(f"{shown(value)} is not an address with a port", 'write "127.0.0.1:5300"')
    host, port = _split(value.strip())
    if port is None:
        example = f"[{host}]:5300" if ":" in host else f"{host or '127.0.0.1'}:5300"
        raise Wrong(f"{shown(value)} has no port", f'write it as well, like "{example}"')
    number = _port(port, value)
    if host in {"", "*"}:
        right = f'write "0.0.0.0:{port}" for every IPv4 address, "[::]:{port}" for every IPv6 one'
        raise Wrong(f"{shown(value)} has no address", right)
    return Endpoint(_literal(host, value), number)


def parse_upstream(text: str) -> str:
    """Return ``system``, or an IP literal with its port unless that is 53; raises Wrong."""
    stripped = text.strip()
    if stripped.lower() == SYSTEM:
        return SYSTEM
    if "://" in stripped:
        right = 'write the address of a plain resolver, like 9.9.9.9, or "system"'
        raise Wrong(f"{shown(text)} is not an upstream that filterd can ask", right)
    host, port = _split(stripped)
    endpoint = Endpoint(_literal(host, text), _port(port or str(_DNS_PORT), text))
    if ipaddress.ip_address(endpoint.address).is_unspecified:
        raise Wrong(f"{shown(text)} is nobody's address", "write an address like 9.9.9.9")
    return endpoint.address if endpoint.port == _DNS_PORT else str(endpoint)


def parse_match(text: str) -> str:
    """Return what a device is known by, in its one form: MAC, address or network.

    A MAC is lower case with colons; a network of one address is that address.  Raises Wrong.
    """
    stripped = text.strip().lower()
    if any(form.fullmatch(stripped) for form in _MAC_FORMS):
        return _mac(stripped)
    # The scope of fe80::1%eth0 is this machine's word for it; clients are compared without.
    network = _network(stripped.partition("%")[0], text, f"{_LIKE} or aa:bb:cc:dd:ee:ff")
    if network.prefixlen == network.max_prefixlen:
        return str(_unmapped(network.network_address))
    return str(network)


def parse_network(value: object) -> Network:
    """Read a network, or one address as the network of itself; raises Wrong."""
    if not isinstance(value, str):
        raise Wrong(f"{shown(value)} is not a network", 'write it in quotes, like "192.168.1.0/24"')
    return _network(value.strip(), value, _LIKE)


def _network(text: str, written: str, right: str) -> Network:
    host = text.partition("/")[0]
    try:
        network = ipaddress.ip_network(text, strict=False)
        address = ipaddress.ip_address(host)
    except ValueError:
        raise Wrong(f"{shown(written)} is not an address or a network", right) from None
    if address != network.network_address:
        both = f"write {network} for the whole network, or {host} for the one address"
        raise Wrong(f"{shown(written)} is an address inside a network", both)
    return network


def _mac(text: str) -> str:
    if ":" in text or "-" in text:
        return ":".join(part.zfill(2) for part in re.split("[:-]", text))
    digits = text.replace(".", "")
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def plain_address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address as sockets give it: without scope, IPv4 out of its IPv6 dress.

    None when it is no address at all.
    """
    try:
        return _unmapped(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return None


def _unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Take IPv4 out of its IPv6 dress: clients are compared without it."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _split(text: str) -> tuple[str, str | None]:
    """Split host and port; the port is None where there is none."""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if bracket and rest.startswith(":"):
            return host, rest[1:]
        return (host, None) if bracket and not rest else (text, None)
    host, colon, port = text.partition(":")
    if not colon or ":" in port:  # no port at all, or IPv6 without brackets
        return text, None
    return host, port


def _literal(host: str, written: object) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    right = "write 127.0.0.1" if host == "localhost" else "write numbers, like 192.168.1.1"
    raise Wrong(f"{shown(written)} does not begin with an IP address", right)


def _port(text: str, written: object) -> int:
    if text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) < 65536:
        return int(text)
    raise Wrong(f"{shown(written)} has no port between 1 and 65535", "port 53 is DNS's own")
