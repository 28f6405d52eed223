"""The numbers of the protocol that filterd calls by name.

Only those some room compares with; everything else passes through as the number it is.
Source: IANA "DNS parameters"; RFC 1035, 2671, 4035, 6891, 8482, 8914, 9460.
"""

# Header flags (RFC 1035 section 4.1.1, RFC 4035 section 3).
QR = 0x8000
TC = 0x0200
RD = 0x0100
RA = 0x0080
AD = 0x0020
CD = 0x0010

# Response codes; BADVERS needs an OPT record for its upper bits (RFC 6891 section 6.1.3).
NOERROR = 0
FORMERR = 1
SERVFAIL = 2
NXDOMAIN = 3
NOTIMP = 4
REFUSED = 5
BADVERS = 16

IN = 1

# Record and question types.
A = 1
CNAME = 5
SOA = 6
HINFO = 13
AAAA = 28
DNAME = 39
OPT = 41
SVCB = 64
HTTPS = 65
TKEY = 249
TSIG = 250
IXFR = 251
AXFR = 252
MAILB = 253
MAILA = 254
ANY = 255

# Extended errors we give (RFC 8914 section 4).
EDE_OTHER = 0
EDE_STALE_ANSWER = 3
EDE_FORGED = 4
EDE_BLOCKED = 15
EDE_CENSORED = 16
EDE_FILTERED = 17
EDE_NO_REACHABLE_AUTHORITY = 22
EDE_NETWORK_ERROR = 23
