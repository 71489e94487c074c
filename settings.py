"""Settings from the environment and `.env`, under the names that DESIGN section 6 fixes."""

import hmac
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from contracts.card_numbers import tokens
from contracts.card_policy import REFUSE, CardPolicy
from contracts.errors import SettingsError
from contracts.oidc import OidcProvider, checked_scopes, checked_url, parse_grants
from contracts.producers import OWN_NAME, Producer, Producers, Signer, own_secret, parse_producers
from contracts.topics import Topics
from production_settings import SECRET_KEY_LENGTH_MIN, weaknesses

DAY_S = 86_400

_T = TypeVar("_T")


class Settings(BaseSettings):
    """Every setting with its default; see `.env.example` for what each one is for."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, str_strip_whitespace=True, hide_input_in_errors=True
    )

    app_name: str = "Riskstream"
    environment: Literal["development", "test", "production"] = "development"
    debug: bool = False
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"
    riskstream_home: Path = Path(".riskstream")
    secret_key: SecretStr = SecretStr("")
    secret_key_previous: SecretStr = SecretStr("")  # comma separated; what they signed or hashed still counts
    sentry_dsn: str = ""

    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_sasl_username: str = ""
    kafka_sasl_password: SecretStr = SecretStr("")
    kafka_ssl_cafile: str = ""
    kafka_ssl_certfile: str = ""
    kafka_ssl_keyfile: str = ""
    # "bank-a=1,2:SECRET;bank-b=3:SECRET": who may publish, and for which clients. Where it is set, every message of the
    # input topics has to be signed (docs/SECURITY.md); the names are the principals that get rights on the topics.
    kafka_producers: SecretStr = SecretStr("")
    kafka_producer_name: str = ""  # of `riskstream publish`; without them it signs as this installation
    kafka_producer_secret: SecretStr = SecretStr("")
    kafka_topic_prefix: str = Field("", pattern=r"^[a-zA-Z0-9._-]{0,64}$")
    kafka_partitions: int = Field(4, ge=1, le=1024)  # of the transaction log, when it is created
    kafka_replication_factor: int = Field(1, ge=1, le=9)
    kafka_message_bytes_max: int = Field(1_048_576, ge=1024)  # of the input topics

    redis_url: str = "redis://127.0.0.1:6379/0"
    redis_key_prefix: str = Field("riskstream", pattern=r"^[a-zA-Z0-9._-]{1,64}$")
    database_url: str = "postgresql://riskstream@127.0.0.1:5432/riskstream"
    migration_database_url: str = ""  # as the owner of the tables: migrations and retention; empty: DATABASE_URL
    unprotected_stores: str = ""  # in production: why stores without password or TLS are safe, in words

    api_host: str = "127.0.0.1"
    api_port: int = Field(8000, ge=0, le=65535)
    workers: int = Field(1, ge=1, le=64)  # gateway processes
    connections_max: int = Field(4096, ge=1, le=65_536)  # open ones, of each gateway process
    connections_per_address_max: int = Field(1024, ge=1, le=65_536)  # of them; one of TRUSTED_PROXIES may have all
    scoring_workers: int = Field(1, ge=1, le=64)  # stream worker processes that `riskstream up` starts
    metrics_port: int = Field(0, ge=0, le=65535)  # of a stream worker; 0: a free one
    cors_origins: str = ""  # comma separated
    rate_limit: str = ""  # "600/minute" of each client, in place of its tier's
    auth_rate_limit: str = "120/minute"  # of each address, to sign in, register, redeem a token
    # Who may register a client: anybody, whom the operator invited (`riskstream invite-client`), or nobody. Closed in
    # production unless it is set.
    registration: Literal["open", "invite", "closed"] | None = None
    # Sign-in of people through an OpenID Connect provider (docs/AUTHENTICATION.md); without an issuer there is none.
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")  # none of a public client
    oidc_name: str = Field("your organisation", min_length=1, max_length=60)  # on the button "Sign in with …"
    oidc_scopes: str = "openid email profile"
    oidc_groups_claim: str = Field("groups", min_length=1, max_length=200)
    oidc_roles: str = ""  # "fraud-admins=admin;bank-b-analysts=analyst@2;*=viewer"
    oidc_client: int = Field(1, ge=1, lt=2**31)  # whose users they are, where OIDC_ROLES does not say @client
    oidc_only: bool = False  # passwords are not accepted

    trusted_proxies: str = ""  # comma separated addresses and networks; only theirs is X-Forwarded-… believed

    public_url: str = ""  # where browsers find the console; http://localhost:API_PORT if it is not set
    webauthn_user_verification: Literal["preferred", "required"] = "preferred"  # by PIN, finger or face, besides touch

    model_path: Path = Path("models")
    risk_threshold_high: float | None = Field(None, gt=0, lt=100)
    currency_default: str = "USD"  # of a transaction that names none
    currency_base: str = "USD"  # amounts of all currencies are compared in it
    currency_rates: str = ""  # "EUR=1.08,KES=0.0077": one unit in base units; adds to the built-in table
    event_age_max_days: float = Field(3650, gt=0, validation_alias="EVENT_AGE_MAX")

    card_numbers: Literal["refuse", "token"] = "refuse"  # in messages: a dead letter or a 422, or a token instead
    card_token_key: SecretStr = SecretStr("")  # what the tokens are made with; of its own, and kept as long as they are

    skew_share: float = Field(0.02, ge=0, le=1)  # of the accounts, whose vectors are replayed and compared; 0: none
    precision_drop_max: float = Field(0.1, gt=0, le=1)  # below the model's own, before operators are warned

    batch_size_max: int = Field(2000, ge=1, le=10_000)  # transactions a micro-batch
    # Protects the payment flow that waits: an issuer has some two seconds to authorise a card payment, network and
    # retry included. A shorter one turns every pause of a busy machine into a refusal.
    score_deadline_ms: int = Field(500, ge=10, le=60_000)
    shutdown_deadline_s: float = Field(20, gt=0)
    retention_days: int = Field(400, ge=40)  # of transactions and decisions; must outlive the longest window
    retention_alerts_days: int | None = Field(
        None, ge=40
    )  # of alerts and cases; where it is None, RETENTION_DAYS holds
    retention_uploads_days: int | None = Field(None, ge=1)  # of files, runs and what they found
    retention_audit_days: int = Field(1830, ge=365)  # of the audit log
    retention_state_days: int = Field(90, ge=75)  # of a state that nothing is added to; twice what a feature looks back
    demo_rate: float = Field(1, ge=0, le=50_000)

    analysis_workers: int = Field(1, ge=0, le=64)  # that `riskstream up` starts
    job_lease_s: float = Field(15, ge=1, le=3600)  # of an analysis worker that is silent, before another one takes over

    parse_seconds_max: float = Field(600, ge=1)  # for reading the largest upload; a small one has 30 s and 10 s a MB
    run_seconds_max: float = Field(3600, ge=1)  # for the detectors of a run or a preview
    job_memory_max: int = Field(4 * 1024**3, ge=256 * 1024**2)  # bytes of the process that does a job

    max_file_size: int = Field(100 * 1024 * 1024, ge=1, le=2**40)  # bytes of an uploaded file
    upload_quota: int = Field(2 * 1024**3, ge=1, le=2**50)  # bytes of all files that a client keeps
    upload_dir: Path = Field(default_factory=lambda known: known["riskstream_home"] / "uploads")
    allowed_file_types: str = "csv,json,jsonl,xlsx,xls,se,si,sie,xml"

    @model_validator(mode="after")
    def _refuse_what_is_weak_in_production(self) -> "Settings":
        found = weaknesses(self) if self.environment == "production" else []
        if found:
            raise ValueError("\n".join(found))
        return self

    @property
    def registration_mode(self) -> Literal["open", "invite", "closed"]:
        return self.registration or ("closed" if self.environment == "production" else "open")

    @model_validator(mode="after")
    def _refuse_unusable_producers(self) -> "Settings":
        text = self.kafka_producers.get_secret_value()
        try:
            parse_producers(text)
        except ValueError as error:
            raise ValueError(f"KAFKA_PRODUCERS: {error}") from None  # without the secrets
        if text and not self.secret_key.get_secret_value() and self.environment == "production":
            raise ValueError("KAFKA_PRODUCERS needs SECRET_KEY: what this installation publishes is signed by it")
        return self

    @model_validator(mode="after")
    def _refuse_unusable_public_url(self) -> "Settings":
        parts = urlsplit(self.public_url)
        whole = f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.hostname else ""
        if self.public_url.rstrip("/") != whole or "@" in whole:
            raise ValueError("PUBLIC_URL must be an address such as https://fraud.bank.example, without a path")
        return self

    @property
    def producers(self) -> Producers | None:
        """Who may publish; None where nobody has to sign."""
        text = self.kafka_producers.get_secret_value()
        if not text:
            return None
        keys = [self.secret_key.get_secret_value(), *self.secret_key_previous.get_secret_value().split(",")]
        secrets = tuple(own_secret(key.strip()).encode() for key in keys if key.strip())
        return Producers({**parse_producers(text), OWN_NAME: Producer(secrets, None)})

    @property
    def signer(self) -> Signer | None:
        """Signs what this installation publishes itself; None where nobody has to sign."""
        if not self.kafka_producers.get_secret_value():
            return None
        return Signer(OWN_NAME, own_secret(self.secret_key.get_secret_value()).encode())

    @model_validator(mode="after")
    def _refuse_unusable_oidc(self) -> "Settings":
        _ = self.oidc
        return self

    @property
    def _plain_http(self) -> bool:
        return self.environment != "production"

    @property
    def oidc(self) -> OidcProvider | None:
        """The provider through which people sign in, if there is one. Raises ValueError."""
        if not self.oidc_issuer:
            if self.oidc_only or self.oidc_client_id or self.oidc_roles:
                raise ValueError("OIDC_ISSUER is not set, but other settings of OIDC are")
            return None
        for name, value in (("OIDC_CLIENT_ID", self.oidc_client_id), ("PUBLIC_URL", self.public_url)):
            if not value:
                raise ValueError(f"{name} is needed where OIDC_ISSUER is set")
        grants = _named("OIDC_ROLES", lambda: parse_grants(self.oidc_roles, self.oidc_client))
        if not grants:
            raise ValueError("OIDC_ROLES is needed where OIDC_ISSUER is set, for instance fraud-analysts=analyst")
        _named("OIDC_ISSUER", lambda: checked_url(self.oidc_issuer, plain_http=self._plain_http))
        return OidcProvider(
            issuer=self.oidc_issuer,  # as it is: it is compared letter by letter
            client_id=self.oidc_client_id,
            client_secret=self.oidc_client_secret.get_secret_value(),
            scopes=_named("OIDC_SCOPES", lambda: checked_scopes(self.oidc_scopes)),
            groups_claim=self.oidc_groups_claim,
            grants=grants,
            name=self.oidc_name,
            public_url=_named("PUBLIC_URL", lambda: checked_url(self.public_url, plain_http=self._plain_http)),
            plain_http=self._plain_http,
        )

    @model_validator(mode="after")
    def _keep_transactions_of_alerts(self) -> "Settings":
        if (self.retention_alerts_days or 0) > self.retention_days:
            raise ValueError(
                "RETENTION_ALERTS_DAYS must not be more than RETENTION_DAYS: an alert needs its transaction"
            )
        return self

    @property
    def state_ttl_s(self) -> int:
        return self.retention_state_days * DAY_S

    @property
    def retention_by_kind(self) -> dict[str, int]:
        """Days for which each kind of data is kept, as `storage.retention.retain` takes them."""
        return {
            "decisions": self.retention_days,
            "alerts": self.retention_alerts_days or self.retention_days,
            "uploads": self.retention_uploads_days or self.retention_days,
            "audit": self.retention_audit_days,
            "state": self.retention_state_days,
        }

    @model_validator(mode="after")
    def _require_key_of_card_tokens(self) -> "Settings":
        key = self.card_token_key.get_secret_value()
        if (self.card_numbers == "token" or key) and (len(key) < SECRET_KEY_LENGTH_MIN or len(set(key)) < 10):
            raise ValueError(
                f"CARD_TOKEN_KEY must be {SECRET_KEY_LENGTH_MIN} or more random characters when CARD_NUMBERS=token;"
                " make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        if key and key == self.secret_key.get_secret_value():
            raise ValueError("CARD_TOKEN_KEY must not be SECRET_KEY: each key has one use")
        return self

    @property
    def card_policy(self) -> CardPolicy:
        """What becomes of card numbers in messages."""
        key = self.card_token_key.get_secret_value()
        return CardPolicy(tokens(key.encode())) if self.card_numbers == "token" else REFUSE

    @property
    def card_key_of_files(self) -> bytes:
        """Make the tokens of card numbers in rows of files, whose accounts they may be: tokens in any case.

        Without a CARD_TOKEN_KEY a key that only files have.
        """
        key = self.card_token_key.get_secret_value().encode()
        secret = self.secret_key.get_secret_value().encode()
        return key or hmac.digest(secret, b"card-tokens-of-files", "sha256")

    @property
    def topics(self) -> Topics:
        return Topics.with_prefix(self.kafka_topic_prefix)

    @property
    def kafka_security(self) -> dict[str, str]:
        """Kafka's security settings, as `riskstream_client.connection.connection_arguments` takes them."""
        return {
            "security_protocol": self.kafka_security_protocol,
            "sasl_mechanism": self.kafka_sasl_mechanism,
            "sasl_username": self.kafka_sasl_username,
            "sasl_password": self.kafka_sasl_password.get_secret_value(),
            "ssl_cafile": self.kafka_ssl_cafile,
            "ssl_certfile": self.kafka_ssl_certfile,
            "ssl_keyfile": self.kafka_ssl_keyfile,
        }

    @property
    def postgres_dsn(self) -> str:
        """`DATABASE_URL` as asyncpg takes it."""
        return self.database_url.replace("postgresql+asyncpg://", "postgresql://", 1)

    @property
    def owner_dsn(self) -> str:
        """`MIGRATION_DATABASE_URL`, else `DATABASE_URL`, as asyncpg takes it: the login that owns the tables."""
        return (self.migration_database_url or self.database_url).replace("postgresql+asyncpg://", "postgresql://", 1)

    @property
    def sqlalchemy_url(self) -> str:
        """`DATABASE_URL` as SQLAlchemy's asyncpg dialect takes it."""
        return self.postgres_dsn.replace("postgresql://", "postgresql+asyncpg://", 1)

    @property
    def event_age_max_ms(self) -> int:
        return int(self.event_age_max_days * DAY_S * 1000)


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """Read the settings once. Raises SettingsError with one sentence a wrong setting."""
    try:
        return Settings()
    except ValueError as error:
        raise SettingsError(_readable(error)) from error


def _named(name: str, read: Callable[[], _T]) -> _T:
    """What `read` returns. Raises ValueError, which names the setting."""
    try:
        return read()
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _readable(error: ValueError) -> str:
    errors = getattr(error, "errors", None)
    if errors is None:
        return str(error)
    lines = []
    for item in errors():
        name = "_".join(str(part) for part in item["loc"]).upper()
        sentence = item["msg"].removeprefix("Value error, ")
        lines.append(f"{name}: {sentence}" if name else sentence)
    return "\n".join(lines)
