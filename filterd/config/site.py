"""The whole site a name belongs to: example.co.uk for www.example.co.uk.

For the page and the command line only: tldextract is slow to import, and the DNS process
never needs it.  Source: the Public Suffix List, private section included, as bundled with
tldextract (without its network look-ups and its cache folder).
"""

from functools import cache

import idna
import tldextract

_EXTRACT = tldextract.TLDExtract(
    suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True
)


def site_of(name: str) -> str:
    """Return the registrable parent of ``name`` (lower case, A-labels, no trailing dot).

    A name without one comes back unchanged: a public suffix (``co.uk``), a local name.
    """
    found = _EXTRACT.extract_str(name)
    if not found.suffix or not found.domain:
        return name
    return f"{found.domain}.{found.suffix}"


@cache
def public_suffixes() -> frozenset[str]:
    """Return every suffix that is written out in full, as A-labels; wildcards are left out."""
    plain = (suffix for suffix in _EXTRACT.tlds if not suffix.startswith(("*", "!")))
    return frozenset(
        suffix if suffix.isascii() else idna.encode(suffix, uts46=True).decode("ascii")
        for suffix in plain
    )
