"""Further fields of a payment are kept as they came, whatever is in them, and harm no reading of it."""

from datetime import UTC, datetime

import pytest
from running_gateway import RunningGateway
from scoring_world import Caller, payment

from api.feed.protocol import decode_hello

ODD = [
    '"\\u0000"',
    '"\\ud800"',
    '"\\udfff\\ud800"',
    "1e999",
    "-0",
    str(10**40),
    '{"\\u0000": ["\\ud83d"]}',
    "[" * 60 + "]" * 60,
]


@pytest.mark.parametrize("value", ODD)
async def test_an_odd_further_field_breaks_no_reading(gateway: RunningGateway, caller: Caller, value: str) -> None:
    number = f"odd-{abs(hash(value))}"
    now = datetime.now(UTC).isoformat()
    raw = (
        f'{{"transaction_id": "{number}", "amount": 1, "account_id": "a", "timestamp": "{now}", "odd": {value},'
        f' "odd \\ud800": 1}}'
    )
    headers = caller.headers | {"Content-Type": "application/json"}
    answer = await gateway.http.post("/v1/score", content=raw, headers=headers)
    assert answer.status_code in (200, 400, 422), answer.text
    for path in (f"/v1/transactions/{number}", f"/v1/decisions/{number}", "/v1/transactions", "/v1/alerts"):
        read = await caller.get(path)
        assert read.status_code == (200 if answer.status_code == 200 or "s/" not in path else 404), read.text


async def test_an_id_that_is_reused_says_where_its_decision_is(caller: Caller) -> None:
    body = payment(transaction_id="pay/17 ü")
    await caller.decided(body)
    answer = await caller.score(body | {"amount": 99})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "body.transaction_id"
    path = answer.json()["detail"].rpartition("GET ")[2]
    assert (await caller.get(path)).json()["transaction_id"] == "pay/17 ü"


@pytest.mark.parametrize("text", ['"\\ud800"', '"\\udc00x"', '"\ud800"'])
def test_a_hello_with_half_a_pair_is_no_hello(text: str) -> None:
    raw = f'{{"type": "hello", "ticket": {text}}}'.encode("utf-8", "surrogatepass")
    assert decode_hello(raw) is None
