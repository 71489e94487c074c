"""By the OpenAPI document: what cannot be stored is refused with its place, and no parameter is passed over in silence.

Every operation is tried as it stands in the document, so that a new one is tried, too.
"""

import copy
import json
import math
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

import asyncpg
import pytest
from running_gateway import RunningGateway
from scoring_world import Caller, payment

from settings import Settings

NUL, HALF = "\x00", "\ud800"
POISONS = {"a NUL": f"a{NUL}b", "half a pair": f"a{HALF}b", "the other half": "\udfff"}
CHANGING = ("post", "put", "patch", "delete")
PLACEHOLDERS = {"uuid": "1f0d6f6e-2b7a-4f0c-9d55-0c1a7f0f2a11", "integer": "1"}


@pytest.fixture
def scoring(scoring: Settings) -> Settings:
    """Without limits, which would answer most of it."""
    return scoring.model_copy(update={"rate_limit": "1000000/second", "auth_rate_limit": "1000000/second"})


class Operation(NamedTuple):
    method: str
    path: str
    spec: dict[str, Any]
    document: dict[str, Any]

    @property
    def label(self) -> str:
        return f"{self.method.upper()} {self.path}"

    def parameters(self, place: str) -> list[dict[str, Any]]:
        return [p for each in self.spec.get("parameters", ()) if (p := self.resolved(each))["in"] == place]

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            found: Any = self.document
            for name in schema["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            schema = found
        return schema

    def address(self, **poisoned: str) -> str:
        path = self.path
        for parameter in self.parameters("path"):
            kind = parameter["schema"].get("format") or parameter["schema"].get("type")
            value = poisoned.get(parameter["name"], PLACEHOLDERS.get(kind, "some"))
            path = path.replace(f"{{{parameter['name']}}}", quote(value.encode("utf-8", "surrogatepass"), safe=""))
        return path

    @property
    def body(self) -> dict[str, Any] | None:
        """An example of its JSON body, as the document gives it."""
        content = self.resolved(self.spec.get("requestBody", {})).get("content", {}).get("application/json")
        if content is None:
            return None
        schema = self.resolved(content["schema"])
        found: dict[str, Any] = content.get("example") or schema.get("example") or (schema.get("examples") or [{}])[0]
        return found

    def texts(self) -> Iterator[tuple[str | int, ...]]:
        """Where its body may hold a text of the caller's: members that the schema names, and a member it does not."""
        content = self.resolved(self.spec.get("requestBody", {})).get("content", {}).get("application/json")
        if content is not None:
            yield from self._texts(content["schema"], (), 0)

    def _texts(
        self, schema: dict[str, Any], place: tuple[str | int, ...], depth: int
    ) -> Iterator[tuple[str | int, ...]]:
        schema = self.resolved(schema)
        if depth > 6:
            return
        for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
            yield from self._texts(each, place, depth + 1)
        if schema.get("type") == "string":
            yield place
        for name, each in schema.get("properties", {}).items():
            yield from self._texts(each, (*place, name), depth + 1)
        if schema.get("type") == "array" and "items" in schema:
            yield from self._texts(schema["items"], (*place, 0), depth + 1)
        if schema.get("type") == "object":
            yield (*place, "a member")


def with_text(body: dict[str, Any], place: tuple[str | int, ...], text: str) -> dict[str, Any]:
    """The body with this text there, whatever stood there."""
    found: Any = copy.deepcopy(body)
    at = found
    for step, following in zip(place, (*place[1:], None), strict=True):
        value: Any = text if following is None else [{}] if following == 0 else {}
        if isinstance(at, list):
            while len(at) <= int(step):
                at.append(value)
        if following is None or not isinstance(at[step] if isinstance(at, list) else at.get(step), dict | list):
            at[step] = value
        at = at[step]
    return found  # type: ignore[no-any-return]


async def operations(gateway: RunningGateway) -> list[Operation]:
    document = (await gateway.http.get("/openapi.json")).json()
    return [
        Operation(method, path, spec, document)
        for path, methods in document["paths"].items()
        for method, spec in methods.items()
    ]


async def sent(gateway: RunningGateway, key: str, operation: Operation, address: str, body: Any = None) -> Any:
    headers = {"X-API-Key": key, "If-Match": "*"}
    content = None if body is None else json.dumps(body)
    if content is not None:
        headers["Content-Type"] = "application/json"
    return await gateway.http.request(operation.method, address, headers=headers, content=content)


def is_told(answer: Any, place: str) -> bool:
    errors = answer.json().get("errors") or [{}] if answer.status_code == 422 else [{}]
    return any(error.get("where", "").startswith(place) and error["why"] for error in errors)


async def test_text_that_cannot_be_stored_is_refused_everywhere(gateway: RunningGateway, key: str) -> None:
    wrong, tried = [], 0
    for operation in await operations(gateway):
        body = operation.body
        for name, poison in POISONS.items():
            for place in operation.texts():
                answer = await sent(gateway, key, operation, operation.address(), with_text(body or {}, place, poison))
                tried += 1
                if operation.path.startswith("/v1/score"):
                    # Further fields are kept byte for byte, so that nothing of them is stored as text.
                    fine = answer.status_code in (200, 400, 422)
                else:
                    fine = is_told(answer, "body")
                if not fine:
                    wrong.append(f"{operation.label}: {name} in body.{place}: {answer.status_code} {answer.text[:150]}")
            for parameter in operation.parameters("path"):
                answer = await sent(gateway, key, operation, operation.address(**{parameter["name"]: poison}), body)
                tried += 1
                fine = is_told(answer, "path.") if name == "a NUL" else answer.status_code < 500
                if not fine:
                    wrong.append(f"{operation.label}: {name} in path: {answer.status_code} {answer.text[:150]}")
            for parameter in operation.parameters("query"):
                value = quote(poison.encode("utf-8", "surrogatepass"))
                answer = await sent(gateway, key, operation, f"{operation.address()}?{parameter['name']}={value}", body)
                tried += 1
                fine = is_told(answer, "query.") if name == "a NUL" else answer.status_code < 500
                if not fine:
                    wrong.append(f"{operation.label}: {name} in query: {answer.status_code} {answer.text[:150]}")
    assert not wrong, "\n".join(wrong)
    assert tried > 300


@pytest.mark.parametrize("number", ["1e999", "NaN", "-Infinity", str(10**30)])
async def test_numbers_that_cannot_be_stored_are_refused(gateway: RunningGateway, key: str, number: str) -> None:
    wrong = []
    for operation in await operations(gateway):
        if operation.body is None or operation.path.startswith("/v1/score"):
            continue
        content = json.dumps({**operation.body, "a member": math.pi}).replace(str(math.pi), number)
        answer = await gateway.http.request(
            operation.method,
            operation.address(),
            content=content,
            headers={"X-API-Key": key, "If-Match": "*", "Content-Type": "application/json"},
        )
        if not is_told(answer, "body.a member"):
            wrong.append(f"{operation.label}: {answer.status_code} {answer.text[:150]}")
    assert not wrong, "\n".join(wrong)


async def test_operations_that_change_something_refuse_unknown_parameters(gateway: RunningGateway, key: str) -> None:
    wrong = []
    for operation in await operations(gateway):
        answer = await sent(gateway, key, operation, operation.address() + "?surprise=1", operation.body)
        if operation.method in CHANGING and not is_told(answer, "query.surprise"):
            wrong.append(f"{operation.label}: {answer.status_code} {answer.text[:150]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", ["/v1/score", "/v1/score/batch"])
async def test_a_dry_run_in_the_address_counts_nothing(
    gateway: RunningGateway, caller: Caller, pool: "asyncpg.Pool[asyncpg.Record]", path: str
) -> None:
    body: dict[str, Any] = payment()
    if path.endswith("batch"):
        body = {"transactions": [body]}
    answer = await gateway.http.post(f"{path}?dry_run=true", json=body, headers=caller.headers)
    assert answer.status_code == 422, answer.text
    assert "did you mean the body's field `dry_run`?" in answer.json()["detail"]
    assert await pool.fetchval("SELECT count(*) FROM transactions") == 0
    assert (await gateway.http.post(path, json=body, headers=caller.headers)).status_code == 200


async def test_a_misspelt_parameter_gets_its_name(gateway: RunningGateway, key: str) -> None:
    answer = await gateway.http.post(
        "/v1/strategies/card/preview?uploadid=1f0d6f6e-2b7a-4f0c-9d55-0c1a7f0f2a11", json={}, headers={"X-API-Key": key}
    )
    assert "did you mean `upload_id`?" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"amount": -1}, "body.amount"),
        ({"amount": "much"}, "body.amount"),
        ({"timestamp": "yesterday"}, "body.timestamp"),
        ({"device_id": NUL}, "body.device_id"),
        ({"currency": "XXQ"}, "body.currency"),
        ({"transaction_id": None}, "body.transaction_id"),
        ({"client_id": 77}, "body.client_id"),
        ({"dry_run": "yes"}, "body.dry_run"),
        ({"phone_number": None}, "body"),
    ],
)
async def test_a_refused_payment_has_a_list_of_errors(caller: Caller, changes: dict[str, Any], where: str) -> None:
    answer = await caller.score(payment(**changes))
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["where"] == where
    assert error["why"]
    batch = await caller.batch([payment(), payment(**changes)])
    (listed,) = batch.json()["items"][1]["problem"]["errors"]
    if "dry_run" not in changes:
        assert listed["where"].endswith(where.removeprefix("body"))


async def test_a_missing_field_and_a_batch_without_transactions_have_a_list_of_errors(caller: Caller) -> None:
    body = payment()
    del body["amount"]
    assert (await caller.score(body)).json()["errors"][0]["where"] == "body.amount"
    assert (await caller.batch([])).json()["errors"][0]["where"] == "body.transactions"


NO_MOMENTS = [
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-01-01T00:00:00+0000",
    "2026-01-01T00:00:00+00",
    "2026-01-01T24:00:00Z",
    "2026-06-30T23:59:60Z",
    "2026-01-01T00:00:00,5Z",
    "2026-01-01T00:00Z",
    "2026-01-01T00:00:00",
    "2026-02-30T00:00:00Z",
    "1767225600",
    "20260101T000000Z",
    "2026-01-01_00:00:00Z",
]
WORDS = ("RFC 3339", "RFC3339", "its year in UTC", "the year must lie between", "timezone component")
MOMENTS = ["2026-01-01t00:00:00z", "2026-01-01 00:00:00.123456789Z", "2026-01-01T00:00:00-00:00"]


def moments(operation: Operation) -> Iterator[tuple[str, str]]:
    """Where a request may hold a moment: (query or body, name)."""
    for parameter in operation.parameters("query"):
        if '"date-time"' in json.dumps(parameter["schema"]):
            yield "query", parameter["name"]
    content = operation.resolved(operation.spec.get("requestBody", {})).get("content", {}).get("application/json")
    for name, schema in operation.resolved(content["schema"]).get("properties", {}).items() if content else ():
        if '"date-time"' in json.dumps(schema):
            yield "body", name


async def test_every_moment_is_one_of_rfc_3339_and_has_a_year_in_utc(gateway: RunningGateway, key: str) -> None:
    wrong, tried = [], 0
    for operation in await operations(gateway):
        for place, name in moments(operation):
            for text in (*NO_MOMENTS, *MOMENTS):
                body = operation.body
                address = operation.address()
                if place == "query":
                    address += f"?{name}={quote(text)}"
                else:
                    body = {**(body or {}), name: text}
                answer = await sent(gateway, key, operation, address, body)
                tried += 1
                told = is_told(answer, f"{place}.{name}") and any(words in answer.text for words in WORDS)
                if told is not (text in NO_MOMENTS):
                    wrong.append(f"{operation.label} {name}={text}: {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)
    assert tried > 150
