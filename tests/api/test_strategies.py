"""Strategies over HTTP: presets that stay, versions, errors that name the field; and a gateway that stays thin."""

import asyncio
import subprocess
import sys
from typing import Any

import pytest
from desk_client import Analyst
from running_gateway import RunningGateway

from analysis.detectors.registry import OURS
from analysis.presets import PRESETS, VERSION
from api.keys import SCOPE_CASES, SCOPE_READ

MINE: dict[str, Any] = {
    "name": "Mine",
    "detectors": [{"detector": "z_score", "config": {"rows_min": 20}}, {"detector": "duplicate", "weight": 2}],
    "threshold": 60,
}
HEAVY = ("sklearn", "pyod", "pyarrow", "matplotlib")


@pytest.fixture
async def analyst(gateway: RunningGateway, make_key: Any) -> Analyst:
    return Analyst(gateway.http, await make_key(scopes=(SCOPE_READ, SCOPE_CASES)))


async def made(analyst: Analyst, **changes: Any) -> dict[str, Any]:
    response = await analyst.call("POST", "/v1/strategies", MINE | changes)
    assert response.status_code == 201, response.text
    strategy: dict[str, Any] = response.json()
    return strategy


async def test_the_way_of_a_strategy(analyst: Analyst) -> None:
    response = await analyst.call("POST", "/v1/strategies", MINE)
    first = response.json()
    path = f"/v1/strategies/{first['strategy_id']}"
    assert (response.status_code, response.headers["Location"], response.headers["ETag"]) == (201, path, '"1"')
    assert (first["version"], first["preset"], first["created_by"]) == (1, False, first["changed_by"])
    assert first["document"]["detectors"] == [
        {"detector": "z_score", "weight": 1.0, "config": {"rows_min": 20}},
        {"detector": "duplicate", "weight": 2.0, "config": {}},
    ]

    changed = await analyst.call("PUT", path, MINE | {"threshold": 80}, if_match='"1"')
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert (await analyst.get(path))["document"]["threshold"] == 80
    old = await analyst.get(f"{path}/versions/1")
    assert (old["document"]["threshold"], old["version"], old["version_current"]) == (60, 1, 2)
    assert [each["version"] for each in (await analyst.get(f"{path}/versions"))["items"]] == [2, 1]

    assert (await analyst.call("DELETE", path, if_match='"1"')).status_code == 412
    assert (await analyst.call("DELETE", path, if_match='"2"')).status_code == 204
    for gone in (path, f"{path}/versions"):
        assert (await analyst.call("GET", gone)).status_code == 404
    assert (await analyst.get(f"{path}/versions/2"))["document"]["threshold"] == 80  # a run may name it


async def test_a_document_comes_back_as_it_can_be_sent(analyst: Analyst) -> None:
    for name in PRESETS:
        document = (await analyst.get(f"/v1/strategies/{name}"))["document"]
        copy = await made(analyst, **(document | {"name": f"{name} of ours"}))
        assert copy["document"] == document | {"name": f"{name} of ours"}


async def test_presets_are_there_and_stay_as_they_are(analyst: Analyst) -> None:
    for name in PRESETS:
        path = f"/v1/strategies/{name}"
        shown = await analyst.get(path)
        assert (shown["strategy_id"], shown["version"], shown["preset"]) == (name, VERSION, True)
        assert (await analyst.call("PUT", path, MINE, if_match='"1"')).status_code == 409
        assert (await analyst.call("DELETE", path)).status_code == 409
        assert len((await analyst.get(f"{path}/versions"))["items"]) == 1
        assert (await analyst.call("GET", f"{path}/versions/{VERSION + 1}")).status_code == 404
        refused = await analyst.call("POST", "/v1/strategies", MINE | {"name": name.upper()})
        assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "body.name")


async def test_lists_have_presets_first_and_pages(analyst: Analyst) -> None:
    own = [(await made(analyst, name=f"s{i}"))["strategy_id"] for i in range(4)]
    for limit in (1, 3, 200):
        found, cursor = [], None
        while True:
            page = await analyst.get("/v1/strategies", limit=limit, **({"cursor": cursor} if cursor else {}))
            found += [each["strategy_id"] for each in page["items"]]
            assert len(page["items"]) <= limit
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert found == [*PRESETS, *own]


async def test_versions_have_pages(analyst: Analyst) -> None:
    path = f"/v1/strategies/{(await made(analyst))['strategy_id']}"
    for version in range(1, 5):
        await analyst.call("PUT", path, MINE | {"threshold": version}, if_match=f'"{version}"')
    page = await analyst.get(f"{path}/versions", limit=3)
    rest = await analyst.get(f"{path}/versions", limit=3, cursor=page["next_cursor"])
    assert [each["version"] for each in page["items"] + rest["items"]] == [5, 4, 3, 2, 1]
    assert rest["next_cursor"] is None


async def test_of_several_changes_of_one_version_one_stands(analyst: Analyst) -> None:
    path = f"/v1/strategies/{(await made(analyst))['strategy_id']}"
    changes = [analyst.call("PUT", path, MINE | {"threshold": i}, if_match='"1"') for i in range(6)]
    statuses = [response.status_code for response in await asyncio.gather(*changes)]
    assert sorted(statuses) == [200] + [412] * 5
    unsaid = await analyst.call("PUT", path, MINE)
    assert unsaid.status_code == 428


async def test_a_name_is_given_once(analyst: Analyst) -> None:
    await made(analyst)
    assert (await analyst.call("POST", "/v1/strategies", MINE | {"name": "MINE"})).status_code == 409
    other = await made(analyst, name="other")
    refused = await analyst.call("PUT", f"/v1/strategies/{other['strategy_id']}", MINE, if_match='"1"')
    assert refused.status_code == 409


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"threshold": 101}, "body.threshold"),
        ({"detectors": []}, "body.detectors"),
        ({"detectors": [{"detector": "nobody"}]}, "body.detectors.0.detector"),
        ({"detectors": [{"detector": "z_score", "weight": 0}]}, "body.detectors.0.weight"),
        ({"detectors": [{"detector": "isolation_forest", "config": {"trees": 1}}]}, "body.detectors.0.config.trees"),
        (
            {"detectors": [{"detector": "split_payment", "config": {"limits": [100, -1]}}]},
            "body.detectors.0.config.limits.1",
        ),
        (
            {"detectors": [{"detector": "account_limit", "config": {"limits": {"a\x00": 1}}}]},
            "body.detectors.0.config.limits.a\ufffd",
        ),
        (
            {"detectors": [{"detector": "account_limit", "config": {"limits": {"\ud800": 1}}}]},
            "body.detectors.0.config.limits.\ufffd",
        ),
        ({"time_zone": "Mars/Olympus"}, "body.time_zone"),
        ({"name": "a\nb"}, "body.name"),
        ({"typo": 1}, "body.typo"),
    ],
)
async def test_an_error_names_its_field(analyst: Analyst, change: dict[str, Any], where: str) -> None:
    strategy = await made(analyst, name="other")
    for method, path, headers in (
        ("POST", "/v1/strategies", {}),
        ("PUT", f"/v1/strategies/{strategy['strategy_id']}", {"if_match": '"1"'}),
    ):
        response = await analyst.call(method, path, MINE | change, **headers)
        problem = response.json()
        assert (response.status_code, problem["type"]) == (422, "urn:riskstream:problem:invalid-request")
        assert where in {each["where"] for each in problem["errors"]}


async def test_what_is_nested_for_ever_is_refused(analyst: Analyst) -> None:
    deep: dict[str, Any] = {}
    for _ in range(400):
        deep = {"a": deep}
    response = await analyst.call(
        "POST", "/v1/strategies", MINE | {"detectors": [{"detector": "z_score", "config": deep}]}
    )
    assert response.status_code == 422


async def test_changes_stand_in_the_audit_log(analyst: Analyst, gateway: RunningGateway, key: str) -> None:
    strategy_id = (await made(analyst))["strategy_id"]
    path = f"/v1/strategies/{strategy_id}"
    await analyst.call("PUT", path, MINE, if_match='"1"')
    await analyst.call("DELETE", path)
    log = await Analyst(gateway.http, key).get("/v1/audit", subject=f"strategy:{strategy_id}")
    assert [each["action"] for each in log["items"]] == ["strategy.deleted", "strategy.changed", "strategy.created"]


async def test_another_clients_are_not_there(
    analyst: Analyst, gateway: RunningGateway, make_key: Any, other_client: int
) -> None:
    path = f"/v1/strategies/{(await made(analyst))['strategy_id']}"
    stranger = Analyst(gateway.http, await make_key(client_id=other_client))
    for method, below in (("GET", ""), ("GET", "/versions"), ("GET", "/versions/1"), ("DELETE", "")):
        assert (await stranger.call(method, path + below)).status_code == 404
    assert (await stranger.call("PUT", path, MINE, if_match='"1"')).status_code == 404
    assert len((await stranger.get("/v1/strategies"))["items"]) == len(PRESETS)
    await made(stranger)  # the name is free there


async def test_the_catalogue(analyst: Analyst) -> None:
    shown = await analyst.get("/v1/detectors")
    assert [each["name"] for each in shown["detectors"]][: len(OURS)] == list(OURS)
    for each in shown["detectors"]:
        assert each["kind"] in ("statistical", "behavioural", "rule", "ml")
        assert isinstance(each["streaming"], bool)
        assert each["limits"].endswith(".")
        assert set(each["config_schema"]["properties"]) == set(each["defaults"])
    by_name = {each["name"]: each for each in shown["detectors"]}
    assert not by_name["robust_z_score"]["streaming"]
    assert by_name["z_score"]["config_schema"]["properties"]["rows_min"]["maximum"] == 10_000


async def test_older_addresses(analyst: Analyst) -> None:
    assert (await analyst.get("/api/v1/strategies/payments"))["strategy_id"] == "payments"
    assert (await analyst.get("/api/v1/strategies"))["items"]


def test_a_gateway_validates_without_the_libraries_that_detect() -> None:
    """In a process of its own: whatever this one has imported already does not count."""
    program = f"""
import sys
import api.app
from analysis.detectors.catalogue import catalogue
from analysis.presets import PRESETS
from analysis.strategy import checked
assert len(catalogue().detectors) >= {len(OURS)}
for strategy in PRESETS.values():
    checked(strategy)
brought = [name for name in {HEAVY!r} if name in sys.modules]
assert not brought, brought
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
