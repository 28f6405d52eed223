"""The record types that lists name.  Source: IANA's registry of DNS parameters."""

import re

_NAMES = """
A A6 AAAA AFSDB ANY APL CAA CDNSKEY CDS CERT CNAME CSYNC DHCID DLV DNAME DNSKEY DS EUI48 EUI64
GPOS HINFO HIP HTTPS IPSECKEY ISDN KEY KX LOC MB MD MF MG MINFO MR MX NAPTR NID NS NSEC NSEC3
NSEC3PARAM NULL OPENPGPKEY PTR PX RP RRSIG RT SIG SMIMEA SOA SPF SRV SSHFP SVCB TA TLSA TSIG
TXT URI WKS X25 ZONEMD
"""
RECORD_TYPES = frozenset(_NAMES.split())

_unnamed = re.compile(r"TYPE[0-9]{1,5}").fullmatch


def is_record_type(word: str) -> bool:
    """Tell whether ``word``, in upper case, names a record type (RFC 3597 numbers included)."""
    return word in RECORD_TYPES or _unnamed(word) is not None
