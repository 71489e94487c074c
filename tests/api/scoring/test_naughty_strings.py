"""Naughty strings at the API: each comes back as it went in, or is refused with its field named; never a 5xx."""

import asyncio
import re
import zlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import pytest
from alert_maker import AlertMaker
from running_gateway import RunningGateway
from scoring_world import payment

from api.uploads.receiving import FILE_NAME_MAX
from settings import Settings
from tests.judges.naughty import Naughty, own, suite
from tests.judges.suites import Verdicts

AT_ONCE = 16  # requests on their way
UPLOADS_AT_ONCE = 3  # of one client
TEXTS = ("device_id", "merchant_id", "merchant_category", "beneficiary_id", "channel", "location")
NAMED = re.compile(r"\$\.(\w+)|body\.(\w+)|query\.(\w+)")


@pytest.fixture
def scoring(scoring: Settings) -> Settings:
    """Without limits, which would answer most of it."""
    return scoring.model_copy(update={"rate_limit": "1000000/second", "auth_rate_limit": "1000000/second"})


class Asker:
    """Somebody with a key who may do everything, and an alert to write about."""

    def __init__(self, http: httpx.AsyncClient, key: str, alert_id: str) -> None:
        self._http, self._key = http, key
        self._strategy: str | None = None
        self.alert_id = alert_id

    async def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"X-API-Key": self._key, **more.pop("headers", {})}
        answer = await self._http.request(method, path, headers=headers, **more)
        assert answer.status_code < 500, (method, path, answer.text)
        return answer

    async def strategy(self) -> str:
        """The address of one of their own."""
        if self._strategy is None:
            body = {"name": "naughty", "detectors": [{"detector": "benford"}]}
            self._strategy = (await self.call("POST", "/v1/strategies", json=body)).headers["Location"]
        return self._strategy


@pytest.fixture
async def asker(gateway: RunningGateway, key: str, alerts: AlertMaker) -> Asker:
    (alert,) = await alerts.store(1)
    return Asker(gateway.http, key, alert.alert_id)


Came = Callable[[Asker, str], Awaitable[str | None]]  # what is wrong with what came back, or None


def refused(answer: httpx.Response, *fields: str) -> str | None:
    """A refusal names one of the fields."""
    document = answer.json()
    named = {name for found in NAMED.findall(answer.text) for name in found if name}
    right = 400 <= answer.status_code < 500 and bool(named & set(fields)) and bool(document["detail"])
    return None if right else f"{answer.status_code} {document}"


async def scored(asker: Asker, text: str) -> str | None:
    """In every text that is not an id of the payment itself; then as it is stored."""
    body = payment(**dict.fromkeys(TEXTS, text), note=text)
    answer = await asker.call("POST", "/v1/score", json=body)
    if answer.status_code != 200:
        return refused(answer, *TEXTS)
    stored = (await asker.call("GET", f"/v1/transactions/{body['transaction_id']}")).json()
    return None if stored["received"] == {"client_id": 1, **body} else str(stored["received"])


async def scored_ids(asker: Asker, text: str) -> str | None:
    """As the payment's id and its account."""
    body = payment(transaction_id=text, account_id=text)
    answer = await asker.call("POST", "/v1/score", json=body)
    if answer.status_code != 200:
        return refused(answer, "transaction_id", "account_id")
    listed = await asker.call("GET", "/v1/transactions", params={"account": text, "limit": 1})
    if listed.status_code != 200:
        return refused(listed, "account")
    found = [(each["transaction_id"], each["account"]) for each in listed.json()["items"]]
    return None if answer.json()["transaction_id"] == text and found == [(text, text)] else str(found)


async def noted(asker: Asker, text: str) -> str | None:
    answer = await asker.call("POST", f"/v1/investigations/{asker.alert_id}/notes", json={"text": text})
    if answer.status_code != 201:
        return refused(answer, "text")
    return None if answer.json()["text"] == text else answer.text


async def strategy(asker: Asker, text: str) -> str | None:
    """A strategy's name and description; the description alone where the name is refused."""
    for fields in (("name", "description"), ("description",)):
        body = {"name": "naughty", "detectors": [{"detector": "benford"}], **dict.fromkeys(fields, text)}
        answer = await asker.call("PUT", await asker.strategy(), json=body, headers={"If-Match": "*"})
        if answer.status_code == 200:
            document = answer.json()["document"]
            return None if all(document[field] == text for field in fields) else str(document)
        if wrong := refused(answer, *fields):
            return wrong
    return None


async def key_name(asker: Asker, text: str) -> str | None:
    """A name of the kind that keys, users and clients have: white space at both ends is no part of it."""
    answer = await asker.call("POST", "/v1/api-keys", json={"name": text, "scopes": ["read"]})
    if answer.status_code != 201:
        return refused(answer, "name")
    await asker.call("DELETE", f"/v1/api-keys/{answer.json()['api_key_id']}")
    return None if answer.json()["name"] == text.strip() else answer.text


async def file_name(asker: Asker, text: str) -> str | None:
    """Without folders and characters that cannot be seen; a double quote as browsers write it."""
    name = f"{text}.csv"
    written = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    form = (
        f'--edge\r\nContent-Disposition: form-data; name="file"; filename="{written}"\r\n\r\n'
        f"date,amount\n2026-03-01,{zlib.crc32(text.encode())}\n\r\n--edge--\r\n"
    )
    kind = {"Content-Type": "multipart/form-data; boundary=edge"}
    answer = await asker.call("POST", "/v1/uploads", content=form.encode(), headers=kind)
    if answer.status_code not in (200, 202):
        return refused(answer, "file")
    await asker.call("DELETE", f"/v1/uploads/{answer.json()['upload_id']}")
    last = re.split(r"[\\/]", written)[-1]
    expected = "".join(letter for letter in last if letter.isprintable()).strip()[-FILE_NAME_MAX:]
    return None if answer.json()["file_name"] == expected else answer.text


async def searched(asker: Asker, text: str) -> str | None:
    """Words of a search; nothing has to be found."""
    answer = await asker.call("GET", "/v1/alerts", params={"q": text, "merchant": text})
    return None if answer.status_code == 200 else refused(answer, "q", "merchant")


async def signed_in(asker: Asker, text: str) -> str | None:
    answer = await asker.call("POST", "/auth/login", json={"email": text, "password": text or "-"})
    return None if answer.status_code in (401, 429) else refused(answer, "email", "password")


PLACES: dict[str, Came] = {
    "`POST /v1/score`, further texts": scored,
    "`POST /v1/score`, ids": scored_ids,
    "notes": noted,
    "strategies": strategy,
    "names of keys": key_name,
    "names of uploaded files": file_name,
    "search": searched,
    "signing in": signed_in,
}

# Places beside scoring take every fourth: each string costs a version, a key, a write to the disk, a password's hash.
EVERY = dict.fromkeys(list(PLACES)[2:], 4)


async def wrong_of(place: str, asker: Asker, strings: Sequence[Naughty]) -> dict[str, str]:
    width = {"strategies": 1, "names of uploaded files": UPLOADS_AT_ONCE}.get(place, AT_ONCE)  # names are taken once
    places = asyncio.Semaphore(width)

    async def one(text: str) -> str | None:
        async with places:
            return await PLACES[place](asker, text)

    found = await asyncio.gather(*(one(text) for _, text in strings))
    return {name: wrong for (name, _), wrong in zip(strings, found, strict=True) if wrong is not None}


async def test_our_own_come_back_or_are_refused(asker: Asker) -> None:
    assert {place: wrong for place in PLACES if (wrong := await wrong_of(place, asker, own()))} == {}


async def test_the_list(asker: Asker) -> None:
    strings = suite()
    for place in PLACES:
        verdicts = Verdicts("Naughty strings", place)
        asked = strings[:: EVERY.get(place, 1)]
        wrong = await wrong_of(place, asker, asked)
        for name, _ in asked:
            verdicts.judge(name, name not in wrong, wrong.get(name))
        verdicts.check()
    notes = (await asker.call("GET", f"/v1/investigations/{asker.alert_id}")).json()["notes"]
    assert {note["text"] for note in notes} <= {text for _, text in strings}
