"""`POST /v1/predict`: the model for anonymised card transactions, made here from made-up rows."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from running_gateway import RunningGateway, running, settings_for

from api.keys import SCOPE_READ
from scoring.registry import promote
from scoring.schema import CREDIT_CARD
from training.creditcard.history import RECIPE, history_of_cards
from training.creditcard.synthetic import synthetic_rows
from training.options import Options
from training.train import train

ROWS = synthetic_rows(seed=3, rows=20_000)
FRAUD_ROW = int(
    np.flatnonzero((ROWS.kind == "stolen_card") & (ROWS.vectors[:, CREDIT_CARD.features.index("V14")] < -4))[0]
)


def body(row: int, **changes: object) -> dict[str, object]:
    return dict(zip(CREDIT_CARD.features, ROWS.vectors[row].tolist(), strict=True)) | changes


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A registry with two models of the format, the first one promoted."""
    registry = tmp_path_factory.mktemp("models")
    history = history_of_cards(ROWS, {"source": "synthetic"})
    made = [
        train(
            history,
            registry / "creditcard",
            seed=seed,
            now=datetime(2026, 3, 1, tzinfo=UTC),
            options=Options(recipe=RECIPE, baselines=False, replicates=0),
        )
        for seed in (1, 2)
    ]
    return registry, [one.manifest.version for one in made]


@pytest_asyncio.fixture
async def serving(database_url: str, versions: tuple[Path, list[str]]) -> AsyncIterator[RunningGateway]:
    async with running(settings_for(database_url, model_path=versions[0])) as started:
        yield started


async def test_predicts_fraud_and_names_the_model(
    serving: RunningGateway, key: str, versions: tuple[Path, list[str]]
) -> None:
    headers = {"X-API-Key": key}
    answers = [(await serving.http.post("/v1/predict", json=body(row), headers=headers)) for row in (FRAUD_ROW, 0)]
    assert [answer.status_code for answer in answers] == [200, 200]
    fraud, honest = (answer.json() for answer in answers)
    assert fraud["fraud_probability"] > 0.5 > 0.05 > honest["fraud_probability"]
    assert (fraud["is_fraud"], honest["is_fraud"]) == (True, False)
    assert fraud["model_version"] == versions[1][0]
    assert set(fraud) == {"fraud_probability", "is_fraud", "risk_score", "model_version"}


async def test_the_older_address_and_a_time_column_work(serving: RunningGateway, key: str) -> None:
    headers = {"X-API-Key": key}
    answer = await serving.http.post("/api/v1/predict", json=body(0, Time=0), headers=headers)
    assert answer.status_code == 200


async def test_a_promoted_model_is_taken_without_a_restart(
    serving: RunningGateway, key: str, versions: tuple[Path, list[str]]
) -> None:
    registry, (first, second) = versions
    headers = {"X-API-Key": key}

    async def served() -> str:
        answer = await serving.http.post("/v1/predict", json=body(0), headers=headers)
        assert answer.status_code == 200
        return str(answer.json()["model_version"])

    assert await served() == first
    promote(registry / "creditcard", second)
    try:
        while await served() == first:
            pass
        assert await served() == second
    finally:
        promote(registry / "creditcard", first)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"V1": None}, "body.V1"),
        ({"V28": "1.0"}, "body.V28"),
        ({"V3": True}, "body.V3"),
        ({"V4": 1e300}, "body.V4"),
        ({"Amount": -1}, "body.Amount"),
        ({"Class": 0}, "body.Class"),
    ],
)
async def test_what_is_no_such_transaction_is_refused(
    serving: RunningGateway, key: str, changes: dict[str, object], where: str
) -> None:
    answer = await serving.http.post("/v1/predict", json=body(0, **changes), headers={"X-API-Key": key})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == where


async def test_numbers_that_json_does_not_have_are_refused(serving: RunningGateway, key: str) -> None:
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    for number in ("NaN", "Infinity", "1e999"):
        text = '{"V1": ' + number + ', "Amount": 1}'
        answer = await serving.http.post("/v1/predict", content=text, headers=headers)
        assert answer.status_code == 422, number


async def test_missing_columns_are_named(serving: RunningGateway, key: str) -> None:
    answer = await serving.http.post("/v1/predict", json={"Amount": 1}, headers={"X-API-Key": key})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "body.V1"


async def test_needs_the_scope_to_score(serving: RunningGateway, make_key: "object") -> None:
    reader = await make_key(scopes=(SCOPE_READ,))  # type: ignore[operator]
    for headers, status in (({}, 401), ({"X-API-Key": reader}, 403)):
        answer = await serving.http.post("/v1/predict", json=body(0), headers=headers)
        assert answer.status_code == status


async def test_without_a_model_it_says_how_to_make_one(database_url: str, key: str, tmp_path: Path) -> None:
    async with running(settings_for(database_url, model_path=tmp_path)) as gateway:
        answer = await gateway.http.post("/v1/predict", json=body(0), headers={"X-API-Key": key})
    assert answer.status_code == 503
    assert "riskstream train --dataset creditcard" in answer.json()["detail"]
    assert answer.json()["type"] == "urn:riskstream:problem:unavailable"
