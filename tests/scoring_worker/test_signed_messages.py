"""Where KAFKA_PRODUCERS names who may publish, a message is used only if its producer may write for its client."""

import hashlib
import hmac
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from contracts.label import Label, encode_label
from contracts.producers import PRODUCER_HEADER, SIGNATURE_HEADER, Producers, Signer, parse_producers
from contracts.topics import LABEL_HEADER, Topics
from contracts.transaction import Transaction
from riskstream_client.connection import connection_settings
from riskstream_client.publisher import Publisher
from scoring_worker.label_publisher import LabelPublisher
from settings import Settings
from storage.database import Pool
from storage.dead_letters import DeadLetterRepository
from storage.label_outbox import LabelOutbox, last_labels, write
from tests.scoring_worker.raw_produce import Message, batch_of, produce_raw
from tests.scoring_worker.running_worker import running_worker
from tests.scoring_worker.test_bombs import payment

SECRET = "the-secret-of-bank-a"
OTHER = "the-secret-of-bank-b"
PRODUCERS = f"bank-a=1:{SECRET};bank-b=2,3:{OTHER}"
TOPIC = "payments.transactions.v1"


@pytest.fixture
def settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("KAFKA_PRODUCERS", PRODUCERS)
    monkeypatch.setenv("SECRET_KEY", "s" * 40)
    return Settings(_env_file=None)


def signed(message: Message, topic: str, name: str, secret: str) -> Message:
    key, value, headers = message
    extra = Signer(name, secret.encode()).headers(topic, key, value)
    return key, value, [*headers, *((header.encode(), content) for header, content in extra)]


@pytest.mark.stack
@pytest.mark.timeout(300)
async def test_a_message_that_names_another_client_is_a_dead_letter(
    settings: Settings, topics: Topics, pool: Pool, environment: dict[str, str], tmp_path: Path, producer: object
) -> None:
    await pool.execute("INSERT INTO clients (client_id, name) VALUES (2, 'B') ON CONFLICT DO NOTHING")
    register = DeadLetterRepository(pool)
    topic = topics.transactions

    def of_client(name: str, client_id: int) -> Message:
        key, value, headers = payment(name)
        return key, msgspec.json.encode({**msgspec.json.decode(value or b""), "client_id": client_id}), headers

    good = signed(payment("good"), topic, "bank-a", SECRET)
    key, value, headers = signed(payment("changed"), topic, "bank-a", SECRET)
    messages = [
        good,
        payment("unsigned"),
        signed(of_client("another's", 2), topic, "bank-a", SECRET),
        signed(of_client("theirs", 2), topic, "bank-b", OTHER),
        signed(payment("in a's name"), topic, "bank-a", OTHER),
        signed(payment("nobody's"), topic, "nobody", SECRET),
        (key, (value or b"").replace(b"5.0", b"6.0"), headers),
        signed(payment("for labels"), topics.labels, "bank-a", SECRET),
        signed(payment("as riskstream"), topic, "riskstream", SECRET),
    ]
    offset = await produce_raw(settings, topic, 0, batch_of(messages))
    refused = {offset + number for number in (1, 2, 4, 5, 6, 7, 8)}

    async def all_done() -> bool:
        return await pool.fetchval("SELECT count(*) FROM decided") == 3 and await register.count() == len(refused)

    async with Publisher(**own(settings), topic=topic) as publisher:
        when = datetime.now(UTC)
        await publisher.publish(Transaction(transaction_id="our own", amount=1, timestamp=when, account_id="a"))
    async with running_worker(tmp_path, environment, "signed") as worker:
        await worker.until(all_done)
        rows = {row.source_offset: row for row in await register.page()}
        assert set(rows) == refused
        assert {row.reason for row in rows.values()} == {"not_authorised"}
        assert rows[offset + 2].detail == "producer 'bank-a' does not write for client 2"
        decided = await pool.fetch("SELECT client_id, transaction_id FROM decided ORDER BY transaction_id")
        assert [tuple(row) for row in decided] == [(1, "good"), (1, "our own"), (2, "theirs")]

        await label_everything(settings, topics, pool, producer)

        async def labelled() -> bool:
            rows = await pool.fetch("SELECT client_id, transaction_id, fraud FROM counted_labels JOIN labels"
                                    " USING (client_id, transaction_id, revision)")  # fmt: skip
            letters = await register.count() == len(refused) + 3
            return letters and {tuple(row) for row in rows} == {(1, "good", True), (2, "theirs", True)}

        await worker.until(labelled)
        assert await worker.terminate() == 0, worker.log


async def label_everything(settings: Settings, topics: Topics, pool: Pool, producer: object) -> None:
    """One label that counts by its producer, one over HTTP, and three that nobody may write."""
    known = datetime.now(UTC)

    def label(name: str, client_id: int) -> Message:
        one = Label(transaction_id=name, fraud=True, known_at=known, client_id=client_id, revision=3)
        return name.encode(), encode_label(one), ()

    await produce_raw(settings, topics.labels, 0, batch_of([
        label("theirs", 2),
        signed(label("theirs", 2), topics.labels, "bank-a", SECRET),
        signed(label("good", 1), topics.labels, "bank-a", SECRET),
    ]))  # fmt: skip
    forged = {"client_id": 2, "transaction_id": "theirs", "revision": 0, "account": "bombed", "merchant_id": None,
              "event_time_ms": 1, "effective_ms": 1, "change": 1}  # fmt: skip
    record = (b"bombed", msgspec.json.encode(forged), [(LABEL_HEADER.encode(), b"1")])
    await produce_raw(
        settings, topics.transactions, 0, batch_of([signed(record, topics.transactions, "bank-a", SECRET)])
    )
    async with pool.acquire() as connection, connection.transaction():
        assert await last_labels(connection, 2, ["theirs"]) == {}
        await write(connection, [Label(transaction_id="theirs", fraud=True, known_at=known, client_id=2)])
    await LabelPublisher(producer, LabelOutbox(pool), topics, settings.signer).publish()


def own(settings: Settings) -> dict[str, str]:
    """What `riskstream publish` has in the installation's own environment."""
    return connection_settings(
        {
            "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
            "KAFKA_PRODUCERS": PRODUCERS,
            "SECRET_KEY": settings.secret_key.get_secret_value(),
        }
    )


def test_a_signature_can_be_made_by_anybody_who_knows_how() -> None:
    message = b"payments.transactions.v1\0" + b"6\0" + b"acct-1" + b"{}"
    expected = hmac.new(SECRET.encode(), message, hashlib.sha256).hexdigest().encode()
    headers = [(PRODUCER_HEADER, b"bank-a"), (SIGNATURE_HEADER, expected)]
    assert Signer("bank-a", SECRET.encode()).headers(TOPIC, b"acct-1", b"{}") == headers
    producers = Producers(parse_producers(PRODUCERS))
    assert producers.complaint(TOPIC, b"acct-1", b"{}", headers, 1) is None
    assert producers.complaint(TOPIC, b"acct-", b"1{}", headers, 1) is not None, "key and value cannot be shifted"
    assert producers.complaint(TOPIC, None, b"acct-1{}", headers, 1) is not None


@pytest.mark.parametrize(
    "text",
    ["bank", "bank=1", "bank=:0123456789abcdef", "bank=x:0123456789abcdef", "bank=1:short",
     "riskstream=1:0123456789abcdef",
     "a=1:0123456789abcdef;a=2:0123456789abcdef", 'a=1:0123456789abcde"f', "a b=1:0123456789abcdef"],
)  # fmt: skip
def test_what_names_no_producers_is_refused_without_its_secrets(text: str) -> None:
    with pytest.raises(ValueError, match="KAFKA_PRODUCERS") as refused:
        Settings(_env_file=None, kafka_producers=text)
    assert "0123456789abcde" not in str(refused.value)
