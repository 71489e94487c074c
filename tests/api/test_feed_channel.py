"""A channel keeps the newest frames, and tells those that stay behind."""

from api.feed.channel import Channel, Listener
from contracts.decision import Alert, Recommendation, RiskLevel

SIZE = 10


def alert(sequence: int) -> Alert:
    return Alert(
        alert_id=f"alert-{sequence}",
        client_id=1,
        sequence=sequence,
        transaction_id=f"pay-{sequence}",
        account="a",
        event_time_ms=0,
        created_at_ms=0,
        amount=1,
        currency="USD",
        severity=RiskLevel.HIGH,
        recommendation=Recommendation.FLAG,
        risk_score=80,
        signals={},
        reasons=(),
    )


def channel_at(last: int) -> Channel:
    channel = Channel(1, 0, SIZE)
    for sequence in range(1, last + 1):
        channel.offer(alert(sequence))
    return channel


def numbers(channel: Channel, position: int, count: int = SIZE) -> list[int] | None:
    frames = channel.frames_after(position, count)
    return None if frames is None else [each.sequence for each in frames]


def test_gives_what_follows_a_position() -> None:
    assert numbers(channel_at(8), 5) == [6, 7, 8]
    assert numbers(channel_at(8), 2, count=3) == [3, 4, 5]
    assert numbers(channel_at(8), 8) == []


def test_a_position_ahead_of_the_channel_waits() -> None:
    assert numbers(channel_at(3), 7) == []


def test_what_is_no_longer_kept_comes_from_the_store() -> None:
    channel = channel_at(25)
    assert numbers(channel, 14) is None
    assert numbers(channel, 15) == list(range(16, 26))


def test_a_live_listener_that_stays_behind_is_told_and_a_replaying_one_is_not() -> None:
    channel = channel_at(1)
    live, replaying = Listener(1), Listener(1)
    live.live = True
    channel.listeners |= {live, replaying}
    for sequence in range(2, SIZE + 2):
        channel.offer(alert(sequence))
    assert not live.too_slow.is_set()
    channel.offer(alert(SIZE + 2))
    assert live.too_slow.is_set()
    assert not replaying.too_slow.is_set()


def test_an_alert_is_encoded_once_for_all_sockets() -> None:
    channel = channel_at(1)
    first, second = channel.frames_after(0, 1), channel.frames_after(0, 1)
    assert first
    assert second
    assert first[0][1] is second[0][1]
