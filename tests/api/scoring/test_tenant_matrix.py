"""Every operation of the OpenAPI document by every kind of caller, on one's own data and on another client's."""

from typing import Any
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import httpx
import pytest
import pytest_asyncio
from alert_maker import AlertMaker
from callers import CALLERS, KEYS, NOBODY, ROLES, SCOPES, Tenant, World
from people import OTHER_PASSWORD, PASSWORD
from running_gateway import NOWHERE, RunningGateway, settings_for
from scoring_world import payment

from api.app import create_app
from settings import Settings

DOCUMENT: dict[str, Any] = create_app(settings_for(f"postgresql://u:p@{NOWHERE}/d")).openapi()
OPERATIONS = {
    operation["operationId"]: (path, method.upper(), operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
# Who may do what, said a second time: an operation that is new, or that asks for something else, fails here.
NEEDS: dict[str, tuple[str, ...]] = {
    "nothing": (
        "health", "detailed_health", "livez", "liveness", "readyz", "readiness", "register", "login", "refresh",
        "reset_password", "accept_invitation", "sign_in", "sign_out",
        "finish_login", "login_options", "sign_in_with_factor",
    ),
    "user": (
        "get_me", "change_password", "logout", "confirm", "list_factors", "begin_totp", "confirm_totp",
        "begin_webauthn", "finish_webauthn", "remove_factor", "renew_recovery_codes",
    ),
    "read": (
        "who_am_i", "get_subscription", "make_ticket", "list_alerts", "get_alert", "list_cases", "get_case",
        "get_investigation", "list_labels", "summarise_feedback", "list_transactions", "get_transaction",
        "list_uploads", "get_upload_status", "list_rejected_rows", "get_upload_mapping",
        "get_decision", "explain_decision", "get_policy", "stream_health", "dashboard_metrics", "alerts_trend",
        "severity_distribution", "live_dashboard", "analytics_metrics", "confusion_matrix", "alert_volume",
        "score_distribution", "drift", "list_strategies", "get_strategy", "list_strategy_versions",
        "get_strategy_version", "list_detectors", "list_runs", "get_run", "get_run_status", "list_results",
        "export_results", "get_result", "compare_runs", "list_jobs", "get_job", "list_transaction_anomalies",
    ),
    "score": ("score", "score_batch", "predict"),
    "cases": (
        "claim_next_alert", "change_alert_status", "claim_alert", "release_alert", "claim_next_case", "claim_case",
        "release_case", "decide_investigation", "undo_decision", "write_note", "give_feedback",
        "create_strategy", "change_strategy", "delete_strategy",
        "preview_strategy", "preview_change", "get_strategy_preview",
        "start_run", "cancel_run", "raise_alert_of_result",
        "cancel_job",
        "upload_file", "change_upload_mapping", "delete_upload",
    ),
    "admin": (
        "list_users", "get_user", "change_user", "invite_user", "list_invitations", "withdraw_invitation",
        "create_api_key", "list_api_keys", "rotate_api_key", "revoke_api_key", "change_subscription",
        "list_audit_entries", "put_policy", "export_account", "delete_account", "get_sign_in_policy",
        "put_sign_in_policy",
    ),
}  # fmt: skip
NEED_OF = {operation: need for need, operations in NEEDS.items() for operation in operations}
FILTERED_BY = {  # lists, and what of another client to ask them for
    "list_alerts": {"account": "account", "case": "case_id"},
    "list_cases": {"account": "account"},
    "list_transactions": {"account": "account"},
    "list_transaction_anomalies": {"account": "account"},
    "list_jobs": {"subject": "run_id"},
    "list_runs": {"strategy_id": "strategy_id"},
    "list_labels": {"transaction": "transaction_id"},
    "list_audit_entries": {"subject": "subject"},
}


@pytest.fixture
def scoring(scoring: Settings) -> Settings:
    """Without limits, which are not what is tested."""
    return scoring.model_copy(update={"rate_limit": "1000000/second", "auth_rate_limit": "1000000/second"})


@pytest_asyncio.fixture
async def world(gateway: RunningGateway, pool: "asyncpg.Pool[asyncpg.Record]", alerts: AlertMaker) -> World:
    return World(gateway, pool, alerts)


def test_every_operation_is_in_the_table() -> None:
    assert set(NEED_OF) == set(OPERATIONS)


def may(caller: str, operation: str) -> bool:
    need = NEED_OF[operation]
    if need == "user":
        return caller in ROLES
    if operation == "put_sign_in_policy":  # which an API key does not
        return caller in ROLES and "admin" in SCOPES[caller]
    if operation == "invite_user":  # as a viewer; nobody gives scopes that he lacks
        return SCOPES[caller] >= {"admin", "read"}
    return need == "nothing" or need in SCOPES[caller]


def body_of(operation: str, tenant: Tenant) -> Any:
    """A body that would do something, about the tenant's own things where it names any."""
    bodies = {
        "score": payment(),
        "score_batch": {"transactions": [payment()]},
        "create_api_key": {"name": "another", "scopes": ["admin"]},
        "invite_user": {"email": f"{uuid4().hex}@bank.example", "role": "viewer"},
        "confirm": {"password": PASSWORD},
        "put_sign_in_policy": {"second_factor_roles": []},
        "change_user": {"name": "Another Name"},
        "change_password": {"current_password": PASSWORD, "new_password": OTHER_PASSWORD},
        "give_feedback": {"transaction_id": tenant.known["transaction_id"], "fraud": True},
    }
    if operation in bodies:
        return bodies[operation]
    if "requestBody" not in OPERATIONS[operation][2]:
        return None
    content = OPERATIONS[operation][2]["requestBody"]["content"]["application/json"]
    return content.get("example") or example_of(content["schema"])


def example_of(schema: dict[str, Any]) -> Any:
    schema = schema.get("anyOf", [schema])[0]
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema["examples"][0]


async def call(
    world: World, operation: str, tenant: Tenant, headers: dict[str, str], query: dict[str, str] | None = None
) -> httpx.Response:
    """The operation on the tenant's things."""
    path, method, _ = OPERATIONS[operation]
    filled = path.format(**{name: quote(value, safe="") for name, value in tenant.known.items()})
    if operation == "upload_file":
        files = {"file": ("ledger.csv", f"amount,text\n1.00,{uuid4().hex}\n")}
        return await world.gateway.http.request(method, filled, files=files, headers=headers, params=query)
    body = body_of(operation, tenant)
    return await world.gateway.http.request(method, filled, json=body, headers=headers, params=query)


async def test_everybody_may_do_what_is_theirs_and_no_more(world: World) -> None:
    tenant = await world.tenant(uuid4().hex)
    wrong = []
    for operation in OPERATIONS:
        for caller in CALLERS:
            answer = await call(world, operation, tenant, await world.headers(tenant.client_id, caller))
            status = answer.status_code
            if NEED_OF[operation] == "nothing":
                right = status < 500
            elif may(caller, operation):
                right = status not in (401, 403) and (status < 500 or operation == "predict")  # there is no such model
            else:
                right = status == (401 if caller == NOBODY else 403)
            if not right:
                wrong.append((operation, caller, status, answer.text[:200]))
    assert not wrong


async def test_nobody_reads_or_changes_what_is_another_clients(world: World) -> None:
    ours, theirs = await world.tenant(uuid4().hex), await world.tenant(uuid4().hex)
    before = await world.rows_of(theirs.client_id)
    assert all(before[table] for table in ("alerts", "cases", "decisions", "users", "api_keys", "audit_log"))
    wrong = []
    for operation, (path, _, _) in OPERATIONS.items():
        for caller in (*ROLES, *KEYS):
            if not may(caller, operation):
                continue
            headers = await world.headers(ours.client_id, caller)
            queries = [{name: theirs.known[known]} for name, known in FILTERED_BY.get(operation, {}).items()]
            for query in (None, *queries):
                answer = await call(world, operation, theirs, headers, query)
                if "{" in path and answer.status_code != 404:
                    wrong.append((operation, caller, answer.status_code, answer.text[:200]))
                leaked = theirs.leaked(answer.text + str(answer.headers))
                if leaked:
                    wrong.append((operation, caller, leaked, answer.text[:200]))
    assert not wrong
    assert await world.rows_of(theirs.client_id) == before
