"""The layout of an index file: a header, facts in JSON, then an open hash table of names.

::

    header   32 bytes: magic, byte order, version, length of the facts, two CRCs, key check
    facts    JSON, padded with blanks to a multiple of 8 bytes
    slots    8 bytes each: 48 low bits of the name's hash, 16 bits pair number; or 16 bytes each:
             64 bits of the hash, 64 bits pair number, when there are more pairs than 16 bits hold

A name's home is ``hash * homes >> 64`` and it lies there or in the next free slot; pair number 0
is a free slot, and the last slot is always free, so that a search ends without counting.  The home
comes from the high bits of the hash and the slot keeps the low ones: together they tell two names
apart but for 2**-48 or so.  Numbers are in the byte order of the machine that built the file; the
file never leaves the house.  Nothing here reads or writes a file.
"""

import struct

from siphashc import siphash

MAGIC = b"filterdI"
BYTE_ORDER = 0x0102
VERSION = 2
HEADER = struct.Struct("=8sHHIIIQ")

LOW_48 = (1 << 48) - 1
NARROW_PAIRS = 0xFFFF  # above this many pairs the slots are wide

# 8 bytes at this load are 12.8 bytes a name; a search that finds nothing reads 4 slots.
HOMES_PER_NAME = 8, 5


def homes_for(names: int) -> int:
    over, under = HOMES_PER_NAME
    return names * over // under + 1


def key_check(key: bytes) -> int:
    """Return what tells one key from another without giving it away.

    Raises ValueError unless ``key`` has 16 bytes.
    """
    return int(siphash(key, MAGIC))
