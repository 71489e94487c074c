"""Production does not start with what could be guessed, read on its way, or believed by mistake."""

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.errors import SettingsError
from logs import configure_logs
from production_settings import EXAMPLE_WORDS, fault_of_secret
from settings import Settings, load_settings

ROOT = Path(__file__).parents[1]
PROGRAMS = ("worker", "api", "analysis-worker", "live-statistics", "migrate", "retain", "seed")
STRONG: dict[str, Any] = {
    "environment": "production",
    "secret_key": secrets.token_urlsafe(48),
    "kafka_security_protocol": "SASL_SSL",
    "kafka_sasl_username": "riskstream",
    "kafka_sasl_password": secrets.token_urlsafe(24),
    "redis_url": f"rediss://:{secrets.token_urlsafe(24)}@redis.internal:6379/0",
    "database_url": f"postgresql://app:{secrets.token_urlsafe(24)}@db.internal/riskstream?sslmode=verify-full",
}
NO_TLS = {
    "kafka_security_protocol": "SASL_PLAINTEXT",
    "redis_url": STRONG["redis_url"].replace("rediss://", "redis://"),
    "database_url": STRONG["database_url"].partition("?")[0],
}


def strong(**changes: Any) -> Settings:
    return Settings(_env_file=None, **(STRONG | changes))


def refused(**changes: Any) -> str:
    """The message with which production refuses these; development takes them."""
    assert strong(**changes, environment="development")
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the caller looks at the message
        strong(**changes)
    return str(caught.value)


@pytest.fixture(autouse=True)
def without_the_machines_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGPASSWORD", "PGPASSFILE", "PGSSLMODE", *(name.upper() for name in Settings.model_fields)):
        monkeypatch.delenv(name, raising=False)


def test_what_is_strong_is_taken() -> None:
    assert strong()


WEAK = (
    "",
    "short",
    "a" * 64,
    "abcdefghij" * 4,
    "qX7-zR2_" * 8,
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "this-is-my-secret-key-for-production-42",
    "CHANGEME-q8Jv1Zr0pWx5Lk3Tn7Yb2Hd9",
    *sorted(EXAMPLE_WORDS),
)


@pytest.mark.parametrize("secret", WEAK)
def test_a_weak_secret_key(secret: str) -> None:
    assert "SECRET_KEY must be 32 or more random characters" in refused(secret_key=secret)


@pytest.mark.parametrize("secret", WEAK[1:])
def test_a_weak_previous_key(secret: str) -> None:
    message = refused(secret_key_previous=f"{secrets.token_urlsafe(48)}, {secret}")
    assert "SECRET_KEY_PREVIOUS must not hold a weak key: of its key number 2" in message
    assert "take it out" in message


def test_a_weak_key_of_card_tokens() -> None:
    message = refused(card_token_key="qX7-zR2_kLm" * 4)
    assert "CARD_TOKEN_KEY must be 32 or more random characters (it repeats itself); make one with" in message


@pytest.mark.parametrize("secret", ["SECRETSECRETSECRET", "aaaaaaaaaaaaaaaa", "abcabcabcabcabcabc", "1234567890123456"])
def test_a_producers_secret(secret: str) -> None:
    producers = f"bank-a=1,2:{secrets.token_urlsafe(24)};bank-b=3:{secret}"
    message = refused(kafka_producers=producers)
    assert "KAFKA_PRODUCERS: the secret of bank-b could be guessed" in message
    assert "bank-a" not in message
    assert secret not in message.replace("'secret'", "")
    assert "KAFKA_PRODUCER_SECRET could be guessed" in refused(kafka_producer_secret=secret)


@pytest.mark.parametrize("secret", ["short", "aaaaaaaaaaaaaaaa", "keycloak-secret-changeme"])
def test_an_identity_providers_secret(secret: str) -> None:
    provider = {
        "public_url": "https://fraud.bank.example",
        "oidc_issuer": "https://id.bank.example",
        "oidc_client_id": "riskstream",
        "oidc_roles": "fraud-admins=admin",
    }
    assert strong(**provider, oidc_client_secret=secrets.token_urlsafe(24))
    assert "OIDC_CLIENT_SECRET must be random" in refused(**provider, oidc_client_secret=secret)


@pytest.mark.parametrize("seed", range(300))
def test_random_secrets_are_taken(seed: int) -> None:
    made = (secrets.token_urlsafe(48), secrets.token_hex(16), secrets.token_hex(32), secrets.token_urlsafe(24))
    assert [fault_of_secret(secret) for secret in made] == [None] * 4, (seed, made)


@pytest.mark.parametrize(
    "path",
    [
        ".env.example",
        "docker-compose.yml",
        "README.md",
        *(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")),
    ],
)
def test_no_secret_of_the_documentation_is_taken(path: str) -> None:
    """Whatever a page shows as the value of a secret is refused, so that it cannot be copied into use."""
    shown = re.findall(r"\b(?:SECRET_KEY|SECRET_KEY_PREVIOUS|CARD_TOKEN_KEY)=([^\s`'\"$]+)", (ROOT / path).read_text())
    assert [value for value in shown if fault_of_secret(value) is None] == []


@pytest.mark.parametrize(
    "proxies",
    ["*", "0.0.0.0/0", "::/0", "10.0.0.0/8", "172.16.0.0/12", "fd00::/8", "10.1.2.3,*", "proxy.internal"],
)
def test_proxies_that_are_too_many(proxies: str) -> None:
    message = refused(trusted_proxies=proxies)
    assert f"TRUSTED_PROXIES: {proxies.rpartition(',')[2]} " in message
    assert "name the proxies' own addresses" in message


@pytest.mark.parametrize("proxies", ["10.1.2.3", "10.1.0.0/16", "127.0.0.1, ::1", "fd00:1:2::/48"])
def test_proxies_that_are_named(proxies: str) -> None:
    assert strong(trusted_proxies=proxies)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "*",
        "http://a.example",
        "http://localhost:3000",
        "https://*.a.example",
        "https://a.example/x",
        "a.example",
    ],
)
def test_origins_that_cannot_be_trusted(origin: str) -> None:
    message = refused(cors_origins=f"https://good.example, {origin}")
    assert f"CORS_ORIGINS: {origin} is no origin that can be trusted" in message
    assert "name each as https://host" in message


def test_origins_that_can_be_trusted() -> None:
    assert strong(cors_origins="https://a.example, https://b.example:8443, https://[2001:db8::1]")


def test_debug() -> None:
    assert "DEBUG must be false" in refused(debug=True)
    assert "LOG_LEVEL must not be DEBUG" in refused(log_level="DEBUG")
    assert "SENTRY_DSN must begin with https://" in refused(sentry_dsn="http://key@sentry.internal/1")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"redis_url": NO_TLS["redis_url"]}, "REDIS_URL is without TLS that is checked: write it as rediss://"),
        ({"redis_url": STRONG["redis_url"] + "?ssl_cert_reqs=none"}, "REDIS_URL is without TLS that is checked"),
        ({"redis_url": "rediss://redis.internal/0"}, "REDIS_URL has no password: write rediss://:PASSWORD@host"),
        ({"redis_url": "rediss://:riskstream@redis.internal/0"}, "REDIS_URL has a password that could be guessed"),
        (
            {"database_url": NO_TLS["database_url"]},
            "DATABASE_URL is without certain TLS (sslmode=prefer): add ?sslmode=",
        ),
        ({"database_url": NO_TLS["database_url"] + "?sslmode=allow"}, "DATABASE_URL is without certain TLS"),
        ({"database_url": NO_TLS["database_url"] + "?sslmode=disable"}, "DATABASE_URL is without certain TLS"),
        (
            {"database_url": "postgresql://app@db/r?sslmode=require"},
            "DATABASE_URL has no password: write postgresql://",
        ),
        (
            {"database_url": "postgresql://app:postgres@db/r?sslmode=require"},
            "DATABASE_URL has a password that could be",
        ),
        ({"migration_database_url": NO_TLS["database_url"]}, "MIGRATION_DATABASE_URL is without certain TLS"),
        ({"kafka_security_protocol": "PLAINTEXT"}, "KAFKA_SECURITY_PROTOCOL=PLAINTEXT signs in nobody: set it to"),
        ({"kafka_security_protocol": "PLAINTEXT"}, "KAFKA_SECURITY_PROTOCOL=PLAINTEXT is without TLS: set it to"),
        ({"kafka_security_protocol": "SASL_PLAINTEXT"}, "KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT is without TLS"),
        ({"kafka_security_protocol": "SSL"}, "KAFKA_SECURITY_PROTOCOL=SSL signs in nobody"),
        ({"kafka_sasl_password": ""}, "KAFKA_SASL_PASSWORD has no password"),
        ({"kafka_sasl_password": "riskstream12"}, "KAFKA_SASL_PASSWORD has a password that could be guessed"),
    ],
)
def test_a_store_without_password_or_tls(changes: dict[str, str], named: str) -> None:
    message = refused(**changes)
    assert named in message
    assert "UNPROTECTED_STORES" in message
    assert strong(**changes, unprotected_stores="private network of one host")


@pytest.mark.parametrize("reason", ["yes", "true", "1", "no TLS"])
def test_a_reason_is_in_words(reason: str) -> None:
    assert "UNPROTECTED_STORES must be a reason in words" in refused(**NO_TLS, unprotected_stores=reason)


def test_other_protected_ways_to_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    assert strong(redis_url="unix:///run/redis.sock?password=" + secrets.token_urlsafe(24))
    assert strong(database_url=f"postgresql://app:{secrets.token_urlsafe(24)}@/riskstream?host=/run/postgresql")
    assert strong(database_url="postgresql://app@db/r?sslmode=verify-full&sslcert=/etc/app.pem&sslkey=/etc/app.key")
    assert strong(kafka_security_protocol="SSL", kafka_ssl_certfile="/etc/kafka.pem", kafka_sasl_password="")
    monkeypatch.setenv("PGPASSWORD", secrets.token_urlsafe(24))
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    assert strong(database_url="postgresql://app@db/riskstream")


def test_the_reason_is_logged_at_the_start(capfd: pytest.CaptureFixture[str]) -> None:
    configure_logs(strong(**NO_TLS, unprotected_stores="private network of one host"), "gateway")
    lines = [line for line in capfd.readouterr().err.splitlines() if "unprotected_store" in line]
    assert len(lines) == 3
    assert all("private network of one host" in line for line in lines)
    configure_logs(strong(), "gateway")
    assert "unprotected_store" not in capfd.readouterr().err


WEAK_ENVIRONMENT = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "changeme",
    "SECRET_KEY_PREVIOUS": "a" * 40,
    "DEBUG": "true",
    "TRUSTED_PROXIES": "*",
    "CORS_ORIGINS": "null",
}


def test_all_findings_are_named_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in WEAK_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    load_settings.cache_clear()
    try:
        with pytest.raises(SettingsError) as caught:
            load_settings()
    finally:
        load_settings.cache_clear()
    lines = str(caught.value).splitlines()
    named = ("SECRET_KEY", "SECRET_KEY_PREVIOUS", "DEBUG", "TRUSTED_PROXIES", "CORS_ORIGINS", "REDIS_URL",
             "DATABASE_URL", "KAFKA_SECURITY_PROTOCOL")  # fmt: skip
    assert [name for name in named if not any(re.match(rf"{name}\b", line) for line in lines)] == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_refuses(program: str, tmp_path: Path) -> None:
    environment = os.environ | WEAK_ENVIRONMENT | {"PYTHONPATH": str(ROOT), "RISKSTREAM_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "riskstream", program], cwd=tmp_path, env=environment, capture_output=True, timeout=60,
        check=False, text=True,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    for name in ("SECRET_KEY must", "SECRET_KEY_PREVIOUS", "DEBUG", "TRUSTED_PROXIES", "CORS_ORIGINS", "REDIS_URL"):
        assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_what_the_compose_file_sets_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its environment, with passwords as its head says to make them, is one that production starts with."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    for service in ("migrate", "worker", "gateway", "analysis-worker", "live-statistics"):
        for name, value in services[service].get("environment", services["gateway"]["environment"]).items():
            monkeypatch.setenv(name, _filled(str(value if value is not None else "")))
        monkeypatch.delenv("RISK_THRESHOLD_HIGH", raising=False)
        settings = Settings(_env_file=None)
        assert settings.environment == "production"
        assert settings.unprotected_stores
        assert bool(settings.migration_database_url) == (service == "migrate")
        monkeypatch.delenv("MIGRATION_DATABASE_URL", raising=False)


def _filled(value: str) -> str:
    """Fill in what compose would: the defaults, and a random value where one has to be set."""
    made = re.sub(r"\$\{\w+:\?[^}]*\}", lambda _: secrets.token_urlsafe(48), value)
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", made)
