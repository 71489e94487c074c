"""The OpenAPI document: valid, and complete enough to generate clients from."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from running_gateway import NOWHERE, settings_for

from api.app import create_app
from api.idempotency import SECRET_ANSWERS, accepts_key
from api.older_paths import present_path
from api.problems import MEDIA_TYPE

DOCUMENT: dict[str, Any] = json.loads(json.dumps(create_app(settings_for(f"postgresql://u:p@{NOWHERE}/d")).openapi()))
SECRETS = {"api_key", "token", "ticket", "access_token", "refresh_token", "key", "secret"}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


EACH = pytest.mark.parametrize(
    ("path", "method", "operation"),
    [pytest.param(*each, id=f"{each[1].upper()} {each[0]}") for each in operations()],
)


def resolved(node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        target: Any = DOCUMENT
        for name in node["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        node = target
    return node


def has_example(holder: dict[str, Any]) -> bool:
    """In a media type, a parameter, a schema, or in all the properties of one."""
    holder = resolved(holder)
    if "example" in holder or holder.get("examples"):
        return True
    if "schema" in holder:
        return has_example(holder["schema"])
    if "anyOf" in holder:
        return any(has_example(each) for each in holder["anyOf"])
    return "items" in holder and has_example(holder["items"])


def test_the_document_is_valid() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_operation_ids_are_names_that_nobody_else_has() -> None:
    ids = Counter(operation["operationId"] for _, _, operation in operations())
    assert max(ids.values()) == 1
    assert all(each.isidentifier() for each in ids)


@EACH
def test_an_operation_says_what_it_does(path: str, method: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    assert all(tag in {each["name"] for each in DOCUMENT["tags"]} for tag in operation["tags"])


@EACH
def test_an_operation_shows_an_example(path: str, method: str, operation: dict[str, Any]) -> None:
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    answers = [answer for status, answer in operation["responses"].items() if status < "300"]
    for holder in bodies + answers:
        for content in holder.get("content", {}).values():
            assert has_example(content), content


@EACH
def test_an_operation_says_who_may_call_it_and_what_can_go_wrong(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    errors = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
    expected = {"429", "503"}
    if operation["security"] and {} not in operation["security"]:
        expected |= {"401", "403"}
    if "requestBody" in operation:
        expected |= {"400", "413", "422"}
    if "{" in path:
        expected |= {"404"}
    assert expected <= set(errors)
    assert all(list(answer["content"]) == [MEDIA_TYPE] for answer in errors.values())


@EACH
def test_parameters_are_bounded(path: str, method: str, operation: dict[str, Any]) -> None:
    for parameter in map(resolved, operation.get("parameters", [])):
        schema = resolved(parameter["schema"])
        kinds = [resolved(each) for each in schema.get("anyOf", [schema])]
        for kind in kinds:
            if kind.get("type") == "string":
                assert {"maxLength", "enum", "format", "pattern", "const"} & set(kind), parameter
            if kind.get("type") in ("integer", "number"):
                assert {"maximum", "exclusiveMaximum"} & set(kind), parameter
            if kind.get("type") == "array":
                assert "maxItems" in kind, parameter


@EACH
def test_lists_have_pages(path: str, method: str, operation: dict[str, Any]) -> None:
    for status, answer in operation["responses"].items():
        schema = resolved(answer.get("content", {}).get("application/json", {}).get("schema", {}))
        assert status >= "300" or schema.get("type") != "array", "a bare list cannot be continued"
        found = set(schema.get("properties", {}))
        if "items" in found and method == "get" and not {"from", "to"} <= found:  # else a series over a bounded period
            assert "next_cursor" in schema["properties"]
            assert {"limit", "cursor"} <= {resolved(each)["name"] for each in operation["parameters"]}


@EACH
def test_secrets_in_answers_are_known_to_idempotency(path: str, method: str, operation: dict[str, Any]) -> None:
    """An answer that is kept for a repeat must not hold what is stored nowhere else."""
    if not operation["security"] or not accepts_key(method.upper(), path):
        return
    shown: set[str] = set()
    for status, answer in operation["responses"].items():
        if status < "300":
            schema = resolved(answer.get("content", {}).get("application/json", {}).get("schema", {}))
            shown |= set(schema.get("properties", {})) & SECRETS
    assert not shown or SECRET_ANSWERS.match(path)


def test_examples_are_what_their_schemas_say() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for example in schema.get("examples", []):
            whole = {**schema, "components": DOCUMENT["components"]}
            errors = list(OAS31Validator(whole).iter_errors(example))
            assert not errors, (name, errors[0].json_path, errors[0].message)


def test_older_addresses_are_not_told() -> None:
    assert not any(present_path(path) for path, _, _ in operations())
