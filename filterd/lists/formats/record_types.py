"""The record types that lists name, and their numbers.  Source: IANA, "DNS parameters"."""

import re

_NUMBERS = """
A 1 NS 2 MD 3 MF 4 CNAME 5 SOA 6 MB 7 MG 8 MR 9 NULL 10 WKS 11 PTR 12 HINFO 13 MINFO 14 MX 15
TXT 16 RP 17 AFSDB 18 X25 19 ISDN 20 RT 21 NSAP 22 SIG 24 KEY 25 PX 26 GPOS 27 AAAA 28 LOC 29
NXT 30 EID 31 NIMLOC 32 SRV 33 NAPTR 35 KX 36 CERT 37 A6 38 DNAME 39 APL 42 DS 43 SSHFP 44
IPSECKEY 45 RRSIG 46 NSEC 47 DNSKEY 48 DHCID 49 NSEC3 50 NSEC3PARAM 51 TLSA 52 SMIMEA 53 HIP 55
NINFO 56 RKEY 57 TALINK 58 CDS 59 CDNSKEY 60 OPENPGPKEY 61 CSYNC 62 ZONEMD 63 SVCB 64 HTTPS 65
SPF 99 NID 104 L32 105 L64 106 LP 107 EUI48 108 EUI64 109 TKEY 249 TSIG 250 IXFR 251 AXFR 252
ANY 255 URI 256 CAA 257 AVC 258 TA 32768 DLV 32769
"""
_words = _NUMBERS.split()
RECORD_TYPES = dict(zip(_words[::2], map(int, _words[1::2]), strict=True))

_unnamed = re.compile(r"TYPE([0-9]{1,5})").fullmatch
_LARGEST = 0xFFFF


def type_number(word: str) -> int | None:
    """Return the number of the type ``word``, in any case, names; None when there is none.

    ``TYPE65`` names one by its number (RFC 3597).
    """
    word = word.upper()
    unnamed = _unnamed(word)
    if unnamed:
        number = int(unnamed[1])
        return number if number <= _LARGEST else None
    return RECORD_TYPES.get(word)


def is_record_type(word: str) -> bool:
    """Tell whether ``word``, in upper case, names a record type (RFC 3597 numbers included)."""
    return word in RECORD_TYPES or (word.startswith("TYPE") and type_number(word) is not None)
