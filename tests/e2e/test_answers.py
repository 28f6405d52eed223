"""A packet comes in, the right child is recognised, a real upstream answers or we do."""

import socket
import subprocess

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest
from running import House

NULL_ADDRESS = {"A": ["0.0.0.0"], "AAAA": ["::"]}


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_a_name_nobody_blocks_is_answered_by_the_upstream(house: House, *, tcp: bool) -> None:
    assert house.addresses("school.example", tcp=tcp) == ["192.0.2.10"]
    assert house.addresses("school.example", "AAAA", tcp=tcp) == ["2001:db8::10"]


def test_dig_and_kdig_agree(house: House, need_tool) -> None:
    for tool in ("dig", "kdig"):
        printed = subprocess.run(
            [need_tool(tool), "@127.0.0.1", "-p", str(house.dns_port), "school.example", "+short"],
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        ).stdout
        assert printed.strip() == "192.0.2.10", tool


def test_it_answers_over_ipv6_too(house: House) -> None:
    question = dns.message.make_query("school.example", "A")
    reply = dns.query.udp(question, "::1", port=house.dns_port, timeout=4)
    assert reply.answer[0][0].to_text() == "192.0.2.10"


@pytest.mark.parametrize("name", ["blocked.filter.home.arpa", "ome.tv", "www.ome.tv", "WwW.OmE.tV"])
@pytest.mark.parametrize("rdtype", ["A", "AAAA"])
def test_a_blocked_name_gets_the_null_address(house: House, name: str, rdtype: str) -> None:
    assert house.addresses(name, rdtype) == NULL_ADDRESS[rdtype]


def test_a_look_alike_of_a_blocked_name_is_not_blocked(house: House) -> None:
    # The far end refuses what it does not know; what matters is that we did not answer ourselves.
    assert house.addresses("notome.tv") != ["0.0.0.0"]


def test_a_block_says_why_with_edns_and_only_with_edns(house: House) -> None:
    with_edns = house.ask("ome.tv")
    codes = [o.code for o in with_edns.options if isinstance(o, dns.edns.EDEOption)]
    assert codes == [15]
    assert house.ask("ome.tv", edns=False).edns == -1


def test_a_block_of_another_type_is_an_empty_answer_with_a_soa(house: House) -> None:
    reply = house.ask("ome.tv", "TXT")
    assert reply.rcode() == dns.rcode.NOERROR
    assert not reply.answer
    assert [rrset.rdtype.name for rrset in reply.authority] == ["SOA"]


def test_a_cname_to_a_blocked_name_is_blocked(house: House) -> None:
    assert house.addresses("cloaked.example") == ["0.0.0.0"]
    assert house.addresses("alias.example") == ["192.0.2.20"]


def test_grown_ups_are_not_filtered(house: House) -> None:
    assert house.addresses("cloaked.example", source="127.0.0.13") != ["0.0.0.0"]
    assert house.addresses("blocked.filter.home.arpa", source="127.0.0.13") != ["0.0.0.0"]


def test_a_truncated_reply_is_fetched_again_over_tcp(house: House) -> None:
    over_udp = house.ask("big.example", "TXT")
    assert over_udp.flags & dns.flags.TC
    over_tcp = house.ask("big.example", "TXT", tcp=True)
    assert len(over_tcp.answer[0]) == 20


def test_the_cache_counts_down_and_never_promises_more_than_a_minute(house: House) -> None:
    first = house.ask("wiki.example").answer[0].ttl
    assert 0 < first <= 60
    short = [house.ask("short.example").answer[0].ttl for _ in range(3)]
    assert all(ttl <= 5 for ttl in short)


def test_firefox_and_private_relay_are_told_to_use_this_resolver(house: House) -> None:
    for name in ("use-application-dns.net", "mask.icloud.com"):
        assert house.addresses(name) == ["NXDOMAIN"]


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x00",
        b"\xff" * 11,
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00",
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01",
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + b"\x3fa" * 2000,
        b"\x12\x34\x81\x80\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x00\x00\x01\x00\x01",
        bytes(range(256)) * 16,
    ],
    ids=["empty", "one byte", "short", "no question", "pointer", "long labels", "a reply", "noise"],
)
def test_garbage_neither_kills_nor_stalls(house: House, packet: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(50):
            sender.sendto(packet, ("127.0.0.1", house.dns_port))
    with socket.create_connection(("127.0.0.1", house.dns_port), timeout=4) as stream:
        stream.sendall(len(packet).to_bytes(2, "big") + packet)
        assert house.addresses("school.example") == ["192.0.2.10"]
