"""Examples for the OpenAPI document: every field has one meaning everywhere, so its example is given once, here."""

import re
from collections.abc import Mapping
from typing import Any

DEPTH_MAX = 8  # of schemas within schemas
_AT = "2026-03-01T12:00:00Z"
_AT_MS = 1_772_366_400_000
_ALERT = "5a0e1c1e-0d8e-5c39-9c3c-4c7f6f2a6d11"
_CASE = "9d4b0a55-54c2-5f0e-8f4e-8a2b1d7c3e90"

# Field -> its example, the first of several that its schema allows. What is not here gets one by its type.
FIELDS: Mapping[str, tuple[Any, ...]] = {
    "access_token": ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxNyJ9.c2lnbmF0dXJl",),
    "account": ("acct-77",),
    "action": ("alert.status",),
    "active": (True,),
    "actor": ("user:17",),
    "alert_id": (_ALERT,),
    "amount": (1250.5,),
    "api_key": ("rsk_8Zb0n4c1",),
    "assignee": ("user:17",),
    "at_ms": (_AT_MS,),
    "beneficiary_id": ("till-20",),
    "case_id": (_CASE,),
    "catalogue_hash": ("9f2c5e1b7a40",),
    "client_id": (2,),
    "client_name": ("First Bank",),
    "contribution": (1.52,),
    "created_by": ("user:17",),
    "currency": ("KES",),
    "current_password": ("tuesdays read no giraffes",),
    "decided_by": ("model",),
    "degraded": (False, 0),
    "detail": ("the methods allowed here are in the header Allow", {"from": "OPEN", "to": "IN_REVIEW"}),
    "device_id": ("phone-9",),
    "email": ("ada@bank.example",),
    "entity": ("device",),
    "expires_in": (900,),
    "expires_in_s": (30,),
    "feature": ("account_count_5m",),
    "features": ({"account_count_5m": 9.0, "account_seconds_since_last": None},),
    "flags": (["late"],),
    "fraud": (True, 41),
    "ip_address": ("203.0.113.7",),
    "key": ("rsk_8Zb0n4c1",),
    "kind": ("payment",),
    "latency_ms_p50": (9.1,),
    "latency_ms_p99": (18.4,),
    "location": ("Nairobi",),
    "merchant_id": ("shop-3",),
    "missing": ([], False),
    "model_version": ("20260301-093012-5f2c",),
    "name": ("Ada Byron",),
    "new_password": ("giraffes read on tuesdays",),
    "next_cursor": (None,),
    "norm": (1.0,),
    "partitions": ([0, 1, 2, 3],),
    "password": ("giraffes read on tuesdays",),
    "place": ("Nairobi",),
    "policy_version": ("4f1c9a02",),
    "prefix": ("rsk_8Zb0",),
    "probability": (0.874,),
    "reason": ("The customer did not make these payments.",),
    "received": ({"transaction_id": "pay-7f3a", "amount": 1250.5, "account_id": "acct-77", "timestamp": _AT},),
    "recommendation": ("FLAG",),
    "refresh_token": ("v7s9Qm2k",),
    "request_id": ("0f6c2d0d0c5b4e0f9a3c1f6f7a3b1c2d",),
    "risk_level": ("HIGH",),
    "risk_score": (81.5,),
    "role": ("analyst",),
    "scopes": (["read", "cases"],),
    "severity": ("HIGH",),
    "signals": ({"velocity": 0.91, "amount_anomaly": 0.4, "device_new": 1.0, "location_change": 0.0},),
    "source": ("analyst", 3),
    "state": ("running",),
    "states": ({"device": 4, "merchant": 1207},),
    "status": ("IN_REVIEW", 200),
    "strategy_id": ("5f0c8e1a-6a55-4d0e-9c1b-2f4b7a9d3e10",),
    "subject": (f"alert:{_ALERT}",),
    "subscription_tier": ("starter",),
    "text": ("9 payments in 5 minutes; this account's usual is 1",),
    "ticket": ("Jm3wP0cZ",),
    "time_zone": ("Africa/Nairobi",),
    "title": ("The request is not valid",),
    "token": ("Jm3wP0cZ",),
    "token_type": ("bearer",),
    "transaction_id": ("pay-7f3a",),
    "type": ("urn:riskstream:problem:invalid-request",),
    "value": (9.0, "phone-9"),
    "via": ("key",),
    "worker_id": ("worker-1",),
}
_KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "array": (list,),
    "object": (dict,), "null": (type(None),),
}  # fmt: skip


def add_examples(schemas: dict[str, Any]) -> None:
    """Give an example to every schema of an object that has none."""
    for schema in schemas.values():
        for example in schema.get("examples", ()):
            _restore_nulls(example, schema, schemas)
    for schema in schemas.values():
        if schema.get("properties") and not schema.get("examples"):
            schema["examples"] = [_of_object(schema, schemas, 0)]


def _restore_nulls(value: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    """FastAPI leaves fields that are null out of examples, also where they are required."""
    schema = _followed(schema, schemas)
    if isinstance(value, list):
        for item in value:
            _restore_nulls(item, schema.get("items", {}), schemas)
    if not isinstance(value, dict) or "properties" not in schema:
        return
    for name, field in schema["properties"].items():
        if name in value:
            for choice in field.get("anyOf", [field]):
                _restore_nulls(value[name], choice, schemas)
        elif name in schema.get("required", ()):
            value[name] = None


def _of_object(schema: dict[str, Any], schemas: dict[str, Any], depth: int) -> Any:
    if schema.get("examples"):
        return schema["examples"][0]
    return {name: _of_field(name, field, schemas, depth) for name, field in schema["properties"].items()}


def _of_field(name: str, field: dict[str, Any], schemas: dict[str, Any], depth: int) -> Any:
    choices = [_followed(each, schemas) for each in field.get("anyOf", [field])]
    given = FIELDS.get(name, ())
    if name.endswith("_ms") and name not in FIELDS:
        given = (_AT_MS,)
    for value in given:
        if any(_fits(value, choice) for choice in choices):
            return value
    return _of_kind(name, choices[0], schemas, depth)


def _followed(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    return schema


def _fits(value: Any, schema: dict[str, Any]) -> bool:
    kind = schema.get("type")
    if "enum" in schema or "const" in schema:
        return value in schema.get("enum", [schema.get("const")])
    if kind is None:
        return not {"properties", "$ref", "anyOf"} & set(schema)
    if kind == "object" and "properties" in schema:
        return False
    if not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return False
    if isinstance(value, str):
        return re.search(schema.get("pattern", ""), value) is not None and schema.get("format") != "date-time"
    return not isinstance(value, int | float) or value <= schema.get("maximum", value)


def _of_kind(name: str, schema: dict[str, Any], schemas: dict[str, Any], depth: int) -> Any:
    said = [*schema.get("examples", ()), *schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
    if said:
        return said[0]
    if "properties" in schema:
        return _of_object(schema, schemas, depth + 1) if depth < DEPTH_MAX else {}
    match schema.get("type"):
        case "array":
            items = schema.get("items", {})
            count = max(1, schema.get("minItems", 0)) if items and depth < DEPTH_MAX else 0
            return [_of_field(name, items, schemas, depth + 1)] * count
        case "object":
            of_values = schema.get("additionalProperties")
            return {"HIGH": _of_field(name, of_values, schemas, depth + 1)} if isinstance(of_values, dict) else {}
        case "string":
            return {"date-time": _AT, "uuid": _CASE}.get(schema.get("format", ""), "text")
        case "integer":
            return max(12, int(schema.get("minimum", 0)))
        case "number":
            return min(0.5, schema.get("maximum", 0.5))
    return True if schema.get("type") == "boolean" else None
