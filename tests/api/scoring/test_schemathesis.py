"""Whatever the OpenAPI document allows, and what it does not, by every kind of caller: no 5xx, nothing undocumented.

A few examples an operation, of two callers; `make fuzz` asks for RISKSTREAM_EXAMPLES=1000 an operation of each caller,
half of them allowed and half not. RISKSTREAM_OPERATIONS, a regular expression, leaves out the others.
"""

import asyncio
import os
import re
from collections.abc import Sequence
from itertools import product
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import requests
import schemathesis
from alert_maker import AlertMaker
from callers import CALLERS, Tenant, World
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from running_gateway import RunningGateway
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from settings import Settings

EXAMPLES = int(os.environ.get("RISKSTREAM_EXAMPLES", "0"))  # 0: a few, of two callers an operation
EXAMPLES_FEW = 4
OPERATIONS = re.compile(os.environ.get("RISKSTREAM_OPERATIONS", ""))
ROTATING = "admin, and another for each operation"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
WITHOUT_MODEL = "/v1/predict"  # which has none here: every valid request answers 503


@pytest.fixture
def scoring(scoring: Settings) -> Settings:
    """Without limits, which would answer most of it."""
    return scoring.model_copy(update={"rate_limit": "1000000/second", "auth_rate_limit": "1000000/second"})


class Fuzzer:
    """Sends examples of each operation to a gateway that runs in another thread's event loop."""

    def __init__(self, document: dict[str, Any], world: World, tenant: Tenant, loop: asyncio.AbstractEventLoop) -> None:
        self._world = world
        self._loop = loop
        self._tenant = tenant
        for operations in document["paths"].values():
            for operation in operations.values():
                operation.pop("security")  # else most examples would have other credentials than the caller's
        self._schema = schemathesis.openapi.from_dict(document)
        self._schema.config.update(base_url=f"http://{world.gateway.address}")

    def run(self, callers: str) -> list[str]:
        """What was wrong, in words."""
        wrong, tried = [], 0
        for place, operation in enumerate(result.ok() for result in self._schema.get_all_operations()):
            if not OPERATIONS.search(operation.label):
                continue
            tried += 1
            for caller, mode in product(_callers(callers, place), GenerationMode):
                try:
                    self._try(operation, caller, mode)
                except Unsatisfiable:
                    continue  # nothing that it takes can be wrong
                except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - all that is found, not the first
                    wrong.append(f"{caller}: {operation.label} ({mode.value}): {_words(error)}")
        return wrong if tried else [f"no operation matches {OPERATIONS.pattern!r}"]

    def _try(self, operation: APIOperation, caller: str, mode: GenerationMode) -> None:
        headers = asyncio.run_coroutine_threadsafe(
            self._world.headers(self._tenant.client_id, caller), self._loop
        ).result()

        @seed(1)
        @settings(
            max_examples=(EXAMPLES or EXAMPLES_FEW) // len(GenerationMode),
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
        def test(case: Case, known: bool) -> None:
            if known:  # an id that there is leads further in
                for name in set(case.path_parameters) & set(self._tenant.known):
                    case.path_parameters[name] = self._tenant.known[name]
            excluded = [not_a_server_error] if operation.path == WITHOUT_MODEL else []
            case.call_and_validate(session=http, headers=headers, checks=CHECKS, excluded_checks=excluded)

        with requests.Session() as http:
            test()


def _words(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return f"{error.message}: {'; '.join(map(_words, error.exceptions))}"
    return str(error)


def _callers(callers: str, place: int) -> Sequence[str]:
    return sorted({"admin", CALLERS[place % len(CALLERS)]}) if callers == ROTATING else [callers]


@pytest.mark.timeout(24 * 3600 if EXAMPLES else 300)
@pytest.mark.parametrize("callers", CALLERS if EXAMPLES else [ROTATING])
async def test_any_request_gets_a_documented_answer(
    callers: str, gateway: RunningGateway, pool: "asyncpg.Pool[asyncpg.Record]", alerts: AlertMaker
) -> None:
    world = World(gateway, pool, alerts)
    tenant = await world.tenant(uuid4().hex)
    document = (await gateway.http.get("/openapi.json")).json()
    fuzzer = Fuzzer(document, world, tenant, asyncio.get_running_loop())
    wrong = await asyncio.to_thread(fuzzer.run, callers)
    assert not wrong, "\n".join(wrong)
