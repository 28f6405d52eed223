"""The one taxonomy of categories: their ids and the three that have a meaning of their own."""

LOCKED = "csam-illegal"
ALWAYS_ALLOW = "always-allow"
ESSENTIALS = "essentials"

# Order is the order in which the page lists them: the dangers named by guardians come first.
CATEGORIES: tuple[str, ...] = (
    LOCKED,
    "terror-extremism",
    "adult",
    "adult-mixed",
    "nudify",
    "random-video-chat",
    "stranger-messaging",
    "livestream",
    "dating",
    "ai-companion",
    "ai-general",
    "explicit-games",
    "games",
    "game-platforms-chat",
    "social",
    "short-video",
    "streaming",
    "messaging",
    "forums-ugc",
    "gambling",
    "self-harm",
    "drugs",
    "alcohol-tobacco-vape",
    "weapons-violence-gore",
    "hate",
    "piracy",
    "malware-phishing-scam",
    "newly-registered",
    "bypass",
    "dyn-dns-tunnels",
    "url-shorteners",
    "translate-proxies",
    "ads-trackers",
    "marketplaces-money",
    "learning",
    ESSENTIALS,
    ALWAYS_ALLOW,
)

# A guardian may neither block nor open these for a profile: their place in the order is fixed.
FIXED: frozenset[str] = frozenset({LOCKED, ALWAYS_ALLOW})
