"""A strategy: which detectors, how configured and weighed, and from which score on a row is an anomaly.

Importing this brings no detector along, so that a gateway can read strategies; `checked` loads those that are named.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

DETECTORS_MAX = 30  # of one strategy
CONFIG_DEPTH_MAX = 8  # of values within values
NAME = r"^[^\x00-\x1f\x7f]{1,80}$"
TIME_ZONE_MAX = 64


class InvalidStrategy(ValueError):
    """Errors as (field, what is wrong with it), the field as in `detectors.0.config.rows_min`."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field}: {why}" for field, why in errors))
        self.errors = errors


class Step(BaseModel):
    """One detector of a strategy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    detector: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$", description="Its name in the catalogue.")]
    weight: Annotated[float, Field(gt=0, le=10, description="How much it counts against the others.")] = 1.0
    config: Annotated[dict[str, Any], Field(description="What differs from its defaults.")] = Field(
        default_factory=dict
    )

    @field_validator("config")
    @classmethod
    def _storable(cls, config: dict[str, Any]) -> dict[str, Any]:
        """What Postgres cannot hold is refused here, whatever the detector would say to it."""
        waiting: list[tuple[Any, int]] = [(config, 0)]
        while waiting:
            value, depth = waiting.pop()
            if depth > CONFIG_DEPTH_MAX:
                raise ValueError(f"it is nested deeper than {CONFIG_DEPTH_MAX} levels")
            if isinstance(value, str) and not value.isprintable():  # NUL, half a surrogate pair, a line break
                raise ValueError("a text in it holds a character that cannot be stored or shown")
            if isinstance(value, dict):
                waiting += [(part, depth + 1) for pair in value.items() for part in pair]
            elif isinstance(value, list):
                waiting += [(part, depth + 1) for part in value]
        return config


class Strategy(BaseModel):
    """A strategy's document."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: Annotated[str, Field(pattern=NAME)]
    description: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] = ""
    detectors: Annotated[tuple[Step, ...], Field(min_length=1, max_length=DETECTORS_MAX)]
    combine: Annotated[Literal["tail", "rank"], Field(description="How a score is compared with the others.")] = "tail"
    threshold: Annotated[float, Field(ge=0, le=100, description="Rows from this score on are anomalies.")] = 75.0
    anomalies_max: Annotated[int, Field(ge=1, le=100_000, description="The highest ones, if there are more.")] = 10_000
    time_zone: Annotated[str, Field(max_length=TIME_ZONE_MAX, description="Of nights and weekends (IANA).")] = "UTC"
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"there is no time zone {name!r}") from error
        return name

    @field_validator("detectors")
    @classmethod
    def _each_once(cls, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        names = [step.detector for step in steps]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{', '.join(repeated)} stands in it more than once")
        return steps


def parsed(document: dict[str, Any]) -> Strategy:
    """A strategy from its document, its detectors' configurations not yet looked at. Raises InvalidStrategy."""
    try:
        return Strategy.model_validate(document)
    except ValidationError as error:
        raise InvalidStrategy(_errors((), error)) from error


def checked(strategy: Strategy) -> None:
    """Look at every detector's name and configuration. Imports the detectors. Raises InvalidStrategy."""
    from analysis.detectors.registry import UnknownDetector, detector

    errors: list[tuple[str, str]] = []
    for place, step in enumerate(strategy.detectors):
        try:
            detector(step.detector).config_type.model_validate(step.config)
        except UnknownDetector as error:
            errors.append((f"detectors.{place}.detector", str(error)))
        except ValidationError as error:
            errors += _errors(("detectors", place, "config"), error)
    if errors:
        raise InvalidStrategy(errors)


def _errors(where: tuple[str | int, ...], error: ValidationError) -> list[tuple[str, str]]:
    return [(".".join(map(str, (*where, *item["loc"]))), item["msg"]) for item in error.errors()[:20]]
