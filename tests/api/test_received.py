"""What of an original message can be read back, and by whom."""

from typing import Any

import pytest
from alert_maker import AlertMaker
from running_gateway import SECRET, RunningGateway

from api.keyring import Keyring
from api.keys import SCOPE_ADMIN, SCOPE_CASES, SCOPE_READ, SCOPE_SCORE
from api.received import MASKED, received
from api.sessions import COOKIE, Sessions

LOW = frozenset({SCOPE_READ, SCOPE_SCORE, SCOPE_CASES})
BODY = (
    b'{"transaction_id":"t","amount":5,"account_id":"acct-1","phone_number":"+254700000001","latitude":-1.28,'
    b'"longitude":36.82,"location":"Nairobi","name":"Ann Odhiambo","more":{"mail":["ann@bank.example"]},"none":null}'
)


def test_without_the_administrators_scope_unknown_and_personal_fields_are_masked() -> None:
    assert received(BODY, "acct-1", LOW) == {
        "transaction_id": "t", "amount": 5, "account_id": "acct-1", "phone_number": "…0001", "latitude": MASKED,
        "longitude": MASKED, "location": "Nairobi", "name": MASKED, "more": MASKED, "none": None,
    }  # fmt: skip
    assert received(BODY, "acct-1", LOW | {SCOPE_ADMIN})["more"] == {"mail": ["ann@bank.example"]}
    assert received(BODY, "+254700000001", LOW)["phone_number"] == "+254700000001"  # the answer names it anyway


@pytest.mark.parametrize(
    "body",
    [
        b'{"device_id":["Ann"]}',
        b'{"x":' + b"[" * 100 + b'"Ann"' + b"]" * 100 + b"}",
        b'{"Ann',
        b'["Ann"]',
        b'{"x":' + b"[" * 2_000,
        b"\xff Ann",
    ],
)
def test_what_cannot_be_shown_is_masked_as_well(body: bytes) -> None:
    assert "Ann" not in str(received(body, "a", LOW))
    assert "Ann" in str(received(body, "a", {SCOPE_ADMIN})) or b"Ann" not in body


async def test_a_link_and_a_key_of_a_low_scope_read_it_masked(
    gateway: RunningGateway, alerts: AlertMaker, make_key: Any
) -> None:
    await alerts.store()
    link = {"cookie": f"{COOKIE}={Sessions(Keyring(SECRET)).issue(1)}"}
    keys = [{"X-API-Key": await make_key(1, scopes)} for scopes in (("read",), ("read", "score"), ("read", "cases"))]
    for headers in (link, *keys):
        answer = (await gateway.http.get("/v1/transactions/pay/0", headers=headers)).json()
        assert answer["received"]["note"] == MASKED
        assert answer["received"]["location"] == "Nairobi"
        assert "kept as it came" not in str(answer)
    whole = (await gateway.http.get("/v1/transactions/pay/0", headers={"X-API-Key": await make_key()})).json()
    assert whole["received"]["note"] == "kept as it came"
