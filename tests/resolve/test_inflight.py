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


def test_one_client_cannot_take_the_room_of_the_others() -> None:
    waiting: InFlight[str, int] = InFlight(limit=100, share=2)
    assert [waiting.join(key, 0, "192.0.2.7") for key in "abc"] == [
        Joined.FIRST,
        Joined.FIRST,
        Joined.FULL,
    ]
    assert waiting.join("c", 0, "192.0.2.8") is Joined.FIRST
    waiting.take("a")
    assert waiting.join("d", 0, "192.0.2.7") is Joined.FIRST
