"""The one taxonomy of categories: their ids, order, defaults by age, and the three special ones.

Holds no names and no words for people: lists say what is in a category, the page what it is
called.
"""

LOCKED = "csam-illegal"
ALWAYS_ALLOW = "always-allow"
ESSENTIALS = "essentials"

# What a preset does with a category: closed; open at set times; closed until a guardian says
# yes; open; open and counted in the weekly summary.
BLOCK, TIMED, ASK, ALLOW, COUNT = "BTRAW"

AGE_BANDS: tuple[str, ...] = ("under-8", "8-12", "13-15", "16-17")

# One letter for each age band.  Order is the order in which the page lists the categories: the
# dangers named by guardians come first.
AGE_DEFAULTS: dict[str, str] = {
    LOCKED: "BBBB",
    "terror-extremism": "BBBB",
    "adult": "BBBB",
    "adult-mixed": "BBRW",
    "nudify": "BBBB",
    "random-video-chat": "BBBB",
    "stranger-messaging": "BBBR",
    "livestream": "BBRW",
    "dating": "BBBB",
    "ai-companion": "BBBB",
    "ai-general": "BRWA",
    "explicit-games": "BBBR",
    "games": "TTTA",
    "game-platforms-chat": "BRTA",
    "social": "BBTA",
    "short-video": "BBTA",
    "streaming": "TTTA",
    "messaging": "BRAA",
    "forums-ugc": "BRWA",
    "gambling": "BBBB",
    "self-harm": "BBBB",
    "drugs": "BBBW",
    "alcohol-tobacco-vape": "BBBW",
    "weapons-violence-gore": "BBBW",
    "hate": "BBBW",
    "piracy": "BBWW",
    "malware-phishing-scam": "BBBB",
    "newly-registered": "BRRA",
    "bypass": "BBBR",
    "dyn-dns-tunnels": "BBBW",
    "url-shorteners": "AWWA",
    "translate-proxies": "AWWA",
    "ads-trackers": "BBBB",
    "marketplaces-money": "BRRW",
    "learning": "AAAA",
    ESSENTIALS: "AAAA",
    ALWAYS_ALLOW: "AAAA",
}

CATEGORIES: tuple[str, ...] = tuple(AGE_DEFAULTS)

# A guardian may neither block nor open these for a profile: their place in the order is fixed.
FIXED: frozenset[str] = frozenset({LOCKED, ALWAYS_ALLOW})
