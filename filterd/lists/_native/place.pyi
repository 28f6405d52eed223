# Types of ``place.pyx``; what its functions do is said in ``core.Core``.

from typing_extensions import Buffer

SOURCES: str

def place_narrow(hashes: Buffer, numbers: Buffer, homes: int, /) -> bytes: ...
def place_wide(hashes: Buffer, numbers: Buffer, homes: int, /) -> bytes: ...
