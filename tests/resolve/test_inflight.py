"""Equal questions are asked once, and all who wait are found again."""

from filterd.resolve.inflight import InFlight, Joined


def test_the_first_asks_and_the_others_wait() -> None:
    waiting: InFlight[str, int] = InFlight()
    assert [waiting.join("a", 1), waiting.join("a", 2), waiting.join("b", 3)] == [
        Joined.FIRST,
        Joined.WAITS,
        Joined.FIRST,
    ]
    assert waiting.take("a") == [1, 2]
    assert waiting.join("a", 4) is Joined.FIRST


def test_nobody_waits_for_what_nobody_asked() -> None:
    assert InFlight[str, int]().take("a") == []


def test_there_is_room_again_after_an_answer() -> None:
    waiting: InFlight[str, int] = InFlight(limit=2)
    waiting.join("a", 1)
    waiting.join("b", 2)
    assert waiting.join("a", 3) is Joined.FULL
    assert waiting.take("a") == [1]
    assert waiting.join("c", 3) is Joined.FIRST
