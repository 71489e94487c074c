"""`GET /v1/decisions/…`: what was decided and why, by the model that decided it."""

import shutil
from pathlib import Path

from running_gateway import RunningGateway
from scoring_world import Caller, add_model, payment, until


async def test_an_explanation_is_the_answers_own(caller: Caller) -> None:
    body = payment()
    answer = await caller.decided(body)
    explained = (await caller.get(f"/v1/decisions/{body['transaction_id']}/explain")).json()
    assert explained["reasons"] == answer["reasons"]
    assert explained["model_version"] == answer["model_version"]
    assert explained["probability"] == answer["probability"]


async def test_the_old_model_explains_its_decisions_until_it_is_gone(
    gateway: RunningGateway, caller: Caller, models: Path
) -> None:
    body = payment()
    answer = await caller.decided(body)
    add_model(models, "2026-02-02-next")
    await until(lambda: gateway.parts.model.version == "2026-02-02-next", "the new champion was never loaded")
    path = f"/v1/decisions/{body['transaction_id']}/explain"
    assert (await caller.get(path)).json()["reasons"] == answer["reasons"]

    another = payment()
    assert (await caller.decided(another))["model_version"] == "2026-02-02-next"
    shutil.rmtree(models / "2026-02-02-next")
    add_model(models, "2026-03-03-last")
    await until(lambda: gateway.parts.model.version == "2026-03-03-last", "the new champion was never loaded")
    gone = await caller.get(f"/v1/decisions/{another['transaction_id']}/explain")
    assert gone.status_code == 409
    assert gone.json()["type"] == "urn:riskstream:problem:not-explainable"
    assert "2026-02-02-next" in gone.json()["detail"]


async def test_without_a_model_calls_are_decided_by_policy_and_counted(gateway: RunningGateway, caller: Caller) -> None:
    gateway.parts.model.loaded = None
    body = payment(amount=20.0)
    answer = await caller.decided(body)
    assert (answer["degraded"], answer["missing"], answer["recommendation"]) == (True, ["model"], "APPROVE")
    after = payment(phone_number=body["phone_number"])
    await caller.decided(after)
    assert (await caller.features(after["transaction_id"]))["account_count_24h"] == 1
    assert (await caller.get(f"/v1/decisions/{body['transaction_id']}/explain")).status_code == 409


async def test_unknown_ids_are_not_found(caller: Caller) -> None:
    for path in ("nothing", "nothing/explain", "a%00b", "x" * 129):
        answer = await caller.get(f"/v1/decisions/{path}")
        assert answer.status_code in (404, 422)
        assert answer.headers["content-type"] == "application/problem+json"
