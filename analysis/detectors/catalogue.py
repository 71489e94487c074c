"""The catalogue: what every detector says of itself, for people who put strategies together."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from analysis.detectors.protocol import Kind
from analysis.detectors.registry import UnknownDetector, detector, names, package_of


@dataclass(frozen=True, slots=True)
class Description:
    """One detector. `package` is None for our own; `config_schema` is a JSON Schema."""

    name: str
    kind: Kind
    summary: str
    streaming: bool
    limits: str
    package: str | None
    evidence: list[str]
    config_schema: dict[str, Any]
    defaults: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Unusable:
    """A detector that an installed package offers, and that cannot be used."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Our own detectors first."""

    detectors: list[Description]
    unusable: list[Unusable]


@cache
def catalogue() -> Catalogue:
    """Of all that is installed. Imports every detector; a stranger's that fails is told, and hides no other."""
    found = Catalogue([], [])
    for name in names():
        try:
            found.detectors.append(described(name))
        except UnknownDetector as error:
            found.unusable.append(Unusable(name, str(error)))
    return found


def described(name: str) -> Description:
    """Raises UnknownDetector."""
    one = detector(name)
    config = one.config_type
    return Description(
        name=name,
        kind=one.kind,
        summary=one.summary,
        streaming=one.streaming,
        limits=one.limits,
        package=package_of(name),
        evidence=list(one.evidence),
        config_schema=config.model_json_schema(),
        defaults=config().model_dump(mode="json"),
    )
