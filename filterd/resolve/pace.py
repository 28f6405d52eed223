"""How patient we are with upstreams: the same for Python's exchange and for the native core's.

Source: design §5.5 (a dead upstream means a SERVFAIL within 2.5 s, never silence).
"""

# Below 2.5 s together, so that a client hears SERVFAIL before it gives up on us.
DEADLINE_S = 2.3
NEXT_TRY_S = 0.8
# One that was asked this much of NEXT_TRY_S ago, and not heard, is slow.
SLOW_SHARE = 0.9
# Wrong packets read per wake-up: a flood of forgeries must not hold the loop.
MOST_READS = 16
