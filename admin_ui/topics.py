"""Categories in words a parent knows: name, one line about it, icon, and the group it is shown in.

Which categories exist is decided in ``filterd.lists.category``; a test holds the two together.
Two more are not offered for blocking: learning and essentials are what closed times leave open.
"""

from dataclasses import dataclass

from admin_ui.language import Ltr, Say, mark, say
from filterd.lists.category import ESSENTIALS

LEARNING = "learning"


@dataclass(frozen=True, slots=True)
class Topic:
    """One category as it is shown; the texts are marked, and translated when shown."""

    name: str
    about: str
    icon: str


GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        mark("Strangers"),
        (
            "random-video-chat",
            "stranger-messaging",
            "livestream",
            "dating",
            "ai-companion",
            "game-platforms-chat",
        ),
    ),
    (mark("Sexual content"), ("adult", "adult-mixed", "nudify", "explicit-games")),
    (
        mark("Harm"),
        (
            "self-harm",
            "gambling",
            "drugs",
            "alcohol-tobacco-vape",
            "weapons-violence-gore",
            "hate",
            "terror-extremism",
        ),
    ),
    (
        mark("Time and money"),
        (
            "games",
            "social",
            "short-video",
            "streaming",
            "messaging",
            "forums-ugc",
            "ai-general",
            "marketplaces-money",
            "ads-trackers",
        ),
    ),
    (
        mark("Traps and ways around"),
        (
            "malware-phishing-scam",
            "bypass",
            "piracy",
            "newly-registered",
            "dyn-dns-tunnels",
            "url-shorteners",
            "translate-proxies",
        ),
    ),
)

TOPICS: dict[str, Topic] = {
    "csam-illegal": Topic(
        mark("Child abuse material"),
        mark("Illegal everywhere. Always closed; nobody can open it."),
        "lock",
    ),
    "terror-extremism": Topic(
        mark("Terror and extremism"), mark("Groups that recruit for violence."), "flame"
    ),
    "adult": Topic(mark("Adult sites"), mark("Pornography and erotica."), "eye-off"),
    "adult-mixed": Topic(
        mark("Sites that are partly adult"),
        mark("Ordinary sites with large adult areas."),
        "eye-off",
    ),
    "nudify": Topic(
        mark("Fake nude pictures"), mark("Apps that undress people in photos."), "picture-off"
    ),
    "random-video-chat": Topic(
        mark("Video chat with strangers"),
        mark("Sites that connect a child to an unknown person on camera."),
        "camera",
    ),
    "stranger-messaging": Topic(
        mark("Anonymous messages"),
        mark("Apps where anybody can write without a name."),
        "mask",
    ),
    "livestream": Topic(
        mark("Live streams with gifts"),
        mark("Apps where strangers watch live and send money."),
        "broadcast",
    ),
    "dating": Topic(mark("Dating"), mark("Dating and find-a-friend apps."), "heart"),
    "ai-companion": Topic(
        mark("AI girlfriends and boyfriends"),
        mark("Chat programs that play a friend or a lover."),
        "robot",
    ),
    "ai-general": Topic(
        mark("AI assistants"), mark("Programs that answer questions and write texts."), "robot"
    ),
    "explicit-games": Topic(mark("Games for adults"), mark("Games with sex or gore."), "gamepad"),
    "games": Topic(mark("Games"), mark("Online games of every kind."), "gamepad"),
    "game-platforms-chat": Topic(
        mark("Games with open chat"),
        mark("Platforms where players talk to strangers. The games stop working too."),
        "gamepad",
    ),
    "social": Topic(
        mark("Social media"), mark("Networks for posts, photos and friends."), "people"
    ),
    "short-video": Topic(mark("Short videos"), mark("Endless short clips."), "video"),
    "streaming": Topic(mark("Films and music"), mark("Video and music services."), "video"),
    "messaging": Topic(
        mark("Messengers"),
        mark("Apps for writing and calling. Your own family may need them."),
        "message",
    ),
    "forums-ugc": Topic(mark("Forums"), mark("Places where everybody may post."), "people"),
    "gambling": Topic(mark("Gambling"), mark("Betting, casinos and paid lucky boxes."), "dice"),
    "self-harm": Topic(
        mark("Self-harm"),
        mark("Pages that praise it. Pages that help always stay open."),
        "heart-broken",
    ),
    "drugs": Topic(mark("Drugs"), mark("Buying or praising drugs."), "pill"),
    "alcohol-tobacco-vape": Topic(
        mark("Alcohol and smoking"), mark("Alcohol, tobacco and vapes."), "bottle"
    ),
    "weapons-violence-gore": Topic(
        mark("Weapons and cruelty"), mark("Weapons, cruelty and bloody pictures."), "flame"
    ),
    "hate": Topic(mark("Hate"), mark("Pages that stir hatred against people."), "megaphone"),
    "piracy": Topic(
        mark("Stolen films and software"),
        mark("Often full of adult advertising and viruses."),
        "skull",
    ),
    "malware-phishing-scam": Topic(
        mark("Fraud and viruses"), mark("Pages that steal money, passwords or data."), "bug"
    ),
    "newly-registered": Topic(
        mark("Brand-new sites"),
        mark("Younger than a month; often fraud, sometimes harmless."),
        "clock",
    ),
    "bypass": Topic(
        mark("Ways around the filter"), mark("VPNs, proxies and other DNS servers."), "tunnel"
    ),
    "dyn-dns-tunnels": Topic(
        mark("Hidden connections"), mark("Addresses that lead into private computers."), "tunnel"
    ),
    "url-shorteners": Topic(mark("Short links"), mark("Links that hide where they lead."), "link"),
    "translate-proxies": Topic(
        mark("Translation sites"), mark("They can show a closed page."), "link"
    ),
    "ads-trackers": Topic(
        mark("Advertising"), mark("Advertisements and programs that spy on habits."), "megaphone"
    ),
    "marketplaces-money": Topic(
        mark("Shopping and money"), mark("Markets, in-game gifts and crypto money."), "coin"
    ),
    LEARNING: Topic(mark("Learning"), mark("School, lessons and encyclopedias."), "book"),
    ESSENTIALS: Topic(
        mark("Essentials"), mark("What devices need: time, updates, connection checks."), "plug"
    ),
    "always-allow": Topic(
        mark("Helplines and emergency"),
        mark("Always open, at every hour; nobody sees that they were asked for."),
        "lifebuoy",
    ),
}

BLOCKABLE: tuple[str, ...] = tuple(each for _, ids in GROUPS for each in ids)
OPENABLE: tuple[str, ...] = (LEARNING, ESSENTIALS, *BLOCKABLE)


def topic_name(category: str) -> Say | Ltr:
    """Return a category's name; one we don't know is data, and shown as such."""
    known = TOPICS.get(category)
    return Ltr(category) if known is None else say(known.name)
