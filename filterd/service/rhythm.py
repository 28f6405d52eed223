"""When a list is asked for again: its interval, spread a little, and longer after failures.

Decides with the times it is given.  A thousand houses must not ask one server in the same second,
and one that is down is not to be knocked at all day.  Instants are epoch seconds.
"""

from filterd.config.document import ListSource
from filterd.service.manifest import Download, Manifest

_HOUR_S = 3600.0
_FIRST_BACKOFF_S = 900.0
# Never sooner than promised, at most this much later.
_SPREAD = 0.1
_LONGEST_INTERVAL_S = 168 * _HOUR_S


def next_due(listed: ListSource, failures: int, now: float, luck: float) -> float:
    """Return when to ask again after ``failures`` in a row; ``luck`` is between 0 and 1."""
    pause = listed.interval * _HOUR_S
    if failures:
        pause = min(pause, _FIRST_BACKOFF_S * 2.0 ** min(failures - 1, 16))
    return now + pause * (1 + _SPREAD * luck)


def is_due(listed: ListSource, download: Download, now: float) -> bool:
    """Tell whether to ask now: the time has come, or the addresses in the policy are others."""
    if download.addresses != listed.addresses:
        return True
    return _has_come(download.next_due, now, listed.interval * _HOUR_S)


def is_work_due(manifest: Manifest, now: float) -> bool:
    """Tell, without the policy, whether the worker would find a list to ask for."""
    return any(
        _has_come(state.download.next_due, now, _LONGEST_INTERVAL_S)
        for state in manifest.lists
        if state.download.addresses
    )


def _has_come(due: float, now: float, longest_s: float) -> bool:
    """A time further away than there is reason for was noted by a clock that was wrong."""
    return now >= due or due - now > longest_s * (1 + _SPREAD)
