"""Names as people paste them become names as DNS compares them.

Does not look anything up: whether a name exists, or what its registrable site is
(``config.site``), is not decided here.
Source: RFC 1035 §2.3.4 (lengths), UTS 46 and RFC 5891 (international names).
"""

import ipaddress
import re

import idna

from filterd.config.wrong import Wrong, shown

_EXAMPLE = "write a name like example.com"
_LABEL = re.compile(r"[a-z0-9_-]+")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
# A URL of 2,000 characters is pasted now and then; beyond that it is no name.
_LONGEST_PASTED = 4000
_LONGEST_LABEL = 63
_LONGEST_NAME = 253


def own_name(text: str) -> str:
    """Return the name a guardian means: lower case, A-labels, no trailing dot.

    Takes a name, ``*.name``, a URL or an international name.  ``=name`` stays marked with its
    "=": that name only, while others cover all names below as well.  Raises Wrong for anything
    else: addresses, single words, text with spaces.
    """
    pasted = text.strip()
    if pasted.startswith("="):
        host = _host_of(pasted.removeprefix("=").strip(), text)
        return f"={_whole_name(host, text)}"
    return _whole_name(_host_of(pasted, text).removeprefix("*."), text)


def host_name(text: str) -> str:
    """Return a name for this machine in a house: like ``own_name``, but one word is enough.

    Raises Wrong for anything but a plain name.
    """
    return _canonical(text.strip(), text)


def _whole_name(host: str, text: str) -> str:
    name = _canonical(host, text)
    if "." not in name:
        raise Wrong(f"{shown(text)} is a single word, not a whole name", _EXAMPLE)
    return name


def _host_of(pasted: str, text: str) -> str:
    """Cut scheme, user, port, path, query and fragment off a pasted address."""
    if len(pasted) > _LONGEST_PASTED:
        raise Wrong("is far too long to be a name", _EXAMPLE)
    scheme = _SCHEME.match(pasted)
    rest = pasted[scheme.end() :] if scheme else pasted
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in host:
        if scheme is None:
            raise Wrong(f"{shown(text)} is an e-mail address, not a name", _EXAMPLE)
        host = host.rpartition("@")[2]
    if host.startswith("["):  # an IPv6 address in a URL; it is refused by its own words
        return host.partition("]")[0]
    if re.fullmatch(r"[^:]*:\d*", host):
        host = host.partition(":")[0]
    return host


def _canonical(host: str, text: str) -> str:
    if not host:
        raise Wrong(f"{shown(text)} holds no name", _EXAMPLE)
    if any(character.isspace() for character in host):
        raise Wrong(f"{shown(text)} has a space in it", "write each name by itself")
    _refuse_address(host, text)
    mapped = host.lower() if host.isascii() else _mapped(host, text)
    labels = [_a_label(label, text) for label in mapped.removesuffix(".").split(".")]
    name = ".".join(labels)
    if len(name) > _LONGEST_NAME:
        raise Wrong(f"{shown(text)} is longer than the 253 characters a name can have", _EXAMPLE)
    if labels[-1].isdigit():
        _refuse_address(name, text)
        raise Wrong(f"{shown(text)} ends in a number, which no name does", _EXAMPLE)
    return name


def _refuse_address(host: str, text: str) -> None:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return
    raise Wrong(f"{shown(text)} is an IP address, not a name", _EXAMPLE)


def _mapped(host: str, text: str) -> str:
    """Fold case, width and look-alike dots of international text, as browsers do."""
    try:
        return idna.uts46_remap(host, std3_rules=False)
    except idna.IDNAError:
        raise Wrong(f"{shown(text)} has characters that no name can have", _EXAMPLE) from None


def _a_label(label: str, text: str) -> str:
    """Return one label in its ASCII form.

    idna sees only labels that need it: it refuses underscores and stars that DNS knows well.
    """
    if not label:
        raise Wrong(f"{shown(text)} has nothing between two dots", _EXAMPLE)
    if not label.isascii():
        try:
            label = idna.alabel(label).decode("ascii")
        except idna.IDNAError:
            what = f"{shown(text)} is not a possible international name"
            raise Wrong(what, _EXAMPLE) from None
    if len(label) > _LONGEST_LABEL:
        raise Wrong(f"{shown(text)} has a part longer than 63 characters", _EXAMPLE)
    if _LABEL.fullmatch(label) is None:
        odd = next(character for character in label if _LABEL.fullmatch(character) is None)
        raise Wrong(f"{shown(text)} holds {shown(odd)}, which cannot be in a name", _EXAMPLE)
    return label
