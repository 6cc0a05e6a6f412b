"""What settings may be: a malformed one is refused at start by a sentence that names it and not its value."""

import os

import pytest

from server.commands.database import read_settings
from server.demo.deployment import with_demo_settings
from server.failures.command_failed import CommandFailed
from server.settings.settings import Settings
from tests.server.settings.variables import setting_variables
from tests.server.start.processes import is_setting

_URLS = ("foo", "http://db/mandant", "postgresql:/db", "postgresql://db:port/x", "postgresql://db:0/x")
_SEVERAL = (
    "postgresql://a,b/x",
    "postgresql://a,b/x?target_session_attrs=any",
    "postgresql://a,/x?target_session_attrs=primary",
    "postgresql://a:1,b:x/x?target_session_attrs=primary",
    "postgresql://a:1,b:0/x?target_session_attrs=primary",
    "postgresql://u@/x?host=/a,/b,/c&port=1,2&target_session_attrs=primary",
    "postgresql://a/x?target_session_attrs=prefer-standby",
    "postgresql://a,[::1]/x?target_session_attrs=primary",
)
_NUMBERS = ("one", "-1", "1.5", "0x10", "1 2")
_TEXTS: tuple[str, ...] = ()
"""Any text does."""

MALFORMED = {
    "DATABASE_URL": (*_URLS, *_SEVERAL),
    "MANDANT_READ_URL": _URLS,
    "MANDANT_MIGRATION_DATABASE_URL": _URLS,
    "MANDANT_FOLDER": _TEXTS,  # what is no folder, the embedded PostgreSQL tells
    "MANDANT_DOCUMENTS": _TEXTS,  # what is no file, or no manifest, is told when it is read
    "HOST": ("foo bar", "localhost:8000", "http://localhost", "[::1]", "-", "a" * 70, "ho\u00dft/x", "a..b"),
    "PORT": (*_NUMBERS, "65536", "8000/tcp"),
    "MANDANT_APP_URL": ("foo", "javascript:alert(1)", "https://example.com?x=1"),
    "MANDANT_PUBLIC_URL": (
        "foo",
        "example.com",
        "//example.com",
        "ftp://example.com",
        "https://",
        "https:///path",
        "https://a b",
        "https://example.com:port",
        "https://example.com:99999",
        "https://example.com?x=1",
        "https://example.com#x",
        "https://user:password@example.com",
        "javascript://example.com",
    ),
    "MANDANT_ALLOWED_HOSTS": (
        "https://example.com",
        "example.com:8000",
        "a*.example.com",
        "*example.com",
        "a,,b",
        "a b",
        "example.com/path",
    ),
    "MANDANT_ALLOWED_ORIGINS": (
        "app.example.com",
        "https://app.example.com/",
        "https://App.example.com",
        "https://app.example.com:443",
        "http://app.example.com:80",
        "https://app.example.com/path",
        "https://*.example.com",
        "https://a.example,",
        "*,https://a.example",
        "null",
        "https://user@app.example.com",
        "https://app.example.com:port",
    ),
    "MANDANT_TRUSTED_PROXIES": ("foo", "10.0.0.0/33", "10.0.0.7/8", "10.0.0.7;10.0.0.8", "10.0.0.7,"),
    "MANDANT_SMTP_URL": (
        "foo",
        "mail.example.com",
        "mail.example.com:25",
        "http://mail.example.com",
        "smtp://",
        "smtp://:25",
        "smtp://mail:smtp",
        "smtp://mail:70000",
        "smtp://mail/path",
        "smtp://mail?tls=1",
        "smtp:mail",
    ),
    "MANDANT_SMTP_CONNECTIONS": (*_NUMBERS, "0", "1001"),
    "MANDANT_SMS_URL": ("foo", "ftp://example.com", "https://"),
    "MANDANT_SMS_SECRET": ("short",),
    "MANDANT_MESSAGE_MONTHS": (*_NUMBERS, "0", "121"),
    "MANDANT_LOCAL_OUTBOX": ("maybe", "2"),
    "MANDANT_MAIL_FROM": ("foo", "a@b, c@d", "Name <>", "Name <a@>", "@b", "a@b\nBcc: c@d", "Name <a@b"),
    "MANDANT_MAIL_HOST": ("https://mail.example.com", "mail.example.com:25", "a b", "10.0.0.7", "a..b"),
    "MANDANT_DNS": (
        "dns.example.com",
        "10.0.0.53,",
        "10.0.0.53:port",
        "10.0.0.53:0",
        "10.0.0.53:70000",
        "10.0.0.53/24",
        "user@10.0.0.53",
        "2001:db8::53:x",
    ),
    "MANDANT_LOG_LINKS": ("maybe", "2"),
    "MANDANT_PRIVATE_ISSUERS": ("maybe", "2"),
    "MANDANT_WEBHOOK_PRIVATE_ADDRESSES": ("maybe", "2"),
    "MANDANT_SUBACCOUNTS": ("self_service", "NEVER"),
    "MANDANT_REVIEW": ("required", "ON"),
    "MANDANT_DEBUG": ("maybe", "2"),
    "MANDANT_PAYMENT_PROVIDER": ("stripe", "NONE"),
    "MANDANT_CONTACT_KEY": ("too short",),
    "MANDANT_FEEDBACK_SECRET": ("too short",),
    "MANDANT_SECRET_KEYS": (
        "too short",
        "sixteen letters!,too short",
        "sixteen letters!,",
        "sixteen letters!, sixteen letters!",
    ),
    "MANDANT_RECIPIENT_LIMIT": (*_NUMBERS, "0"),
    "MANDANT_ISSUER_NAME": _TEXTS,
    "MANDANT_ISSUER_STREET": _TEXTS,
    "MANDANT_ISSUER_POSTCODE": _TEXTS,
    "MANDANT_ISSUER_CITY": _TEXTS,
    "MANDANT_ISSUER_COUNTRY": ("Germany", "de", "DEU", "D1"),
    "MANDANT_ISSUER_VAT_ID": ("123", "DE", "de123456789", "DE123456789012345678901"),
    "MANDANT_TAX_RATE": ("nineteen", "-1", "100", "19.001", "NaN", "Infinity", "19%"),
    "MANDANT_INVOICE_PREFIX": ("INV 1", "2026", "x" * 22 + "-", "\u00c4-"),
    "MANDANT_SUSPENDED_ACCOUNTS": ("pause", "FREE", "1"),
    "MANDANT_COST_LIMIT": (*_NUMBERS, "0", "199999", "100000001"),
    "MANDANT_COST_RESTORE_RATE": (*_NUMBERS, "0", "999"),
    "MANDANT_TREE_COST_LIMIT": (*_NUMBERS, "0", "199999", "100000001"),
    "MANDANT_TREE_COST_RESTORE_RATE": (*_NUMBERS, "0", "999"),
    "OTEL_EXPORTER_OTLP_ENDPOINT": ("collector", "ftp://collector", "grpc://collector:4317"),
    "OTEL_SERVICE_NAME": (),
    "MANDANT_SLOW_SECONDS": ("soon", "0", "-1"),
    "MANDANT_METRICS_PORT": (*_NUMBERS, "0", "65536"),
    "MANDANT_POOL_SIZE": (*_NUMBERS, "0"),
}
ACCEPTED = {
    "DATABASE_URL": (
        "postgresql://db/mandant",
        "postgres://u:p%40@[::1]:5432/x",
        "postgresql://u@/x?host=/run",
        "postgresql://u@a:5432,b,10.0.0.1:5433/x?target_session_attrs=primary",
        "postgresql://u@/x?host=/a,/b&target_session_attrs=read-write",
    ),
    "MANDANT_READ_URL": ("postgresql://a,b/x", "postgresql://a,b/x?target_session_attrs=standby"),
    "HOST": ("0.0.0.0", "::", "localhost", "my-host.example.com"),
    "MANDANT_APP_URL": ("https://app.example.com/welcome", "http://127.0.0.1:3000"),
    "MANDANT_PUBLIC_URL": ("https://example.com", "http://[::1]:8000/", "https://example.com/accounts/"),
    "MANDANT_ALLOWED_HOSTS": ("*", "a.example, *.example.org ,[::1],10.0.0.1", "api_internal"),
    "MANDANT_ALLOWED_ORIGINS": (
        "*",
        "https://app.example.com, http://localhost:3000",
        "capacitor://localhost,http://[::1]:5173",
        "https://app.example.com:8443",
    ),
    "MANDANT_TRUSTED_PROXIES": ("10.0.0.7, 192.0.2.0/24,::1",),
    "MANDANT_SMTP_URL": ("smtp://mail", "smtps://user%40x:p%2Fw@mail.example.com:465", "smtp://[::1]:25/"),
    "MANDANT_SMTP_CONNECTIONS": ("1", "1000"),
    "MANDANT_SMS_URL": ("https://sms.example.com/send", "http://localhost:9000/sms"),
    "MANDANT_SMS_SECRET": ("a secret of a gateway",),
    "MANDANT_MESSAGE_MONTHS": ("1", "120"),
    "MANDANT_MAIL_FROM": ("a@example.com", "M\u00fcller <no-reply@example.com>", '"A, B" <a@b.example>'),
    "MANDANT_MAIL_HOST": ("mail.example.com",),
    "MANDANT_DNS": ("10.0.0.53", "10.0.0.53:5353, 2001:db8::53,[::1]:53"),
    "MANDANT_SECRET_KEYS": ("sixteen letters!", "sixteen letters!, sixteen numerals"),
    "MANDANT_TAX_RATE": ("0", "19", "7.7"),
}
"""Where it is not plain what is accepted."""


UNKNOWN = {
    "MANDANT_SMPT_URL": "MANDANT_SMTP_URL",
    "MANDANT_POOLSIZE": "MANDANT_POOL_SIZE",
    "mandant_ap_url": "MANDANT_APP_URL",
    "MANDANT_ISSUER_ZIP": "MANDANT_ISSUER_CITY",
    "MANDANT_ISSUER_POST_CODE": "MANDANT_ISSUER_POSTCODE",
    "MANDANT_ISSUER": "MANDANT_ISSUER_CITY",
    "MANDANT_PORT": "PORT",
    "MANDANT_HOST": "HOST",
    "MANDANT_DATABASE_URL": "DATABASE_URL",
    "MANDANT_": "MANDANT_DNS",
}
"""What looks like a setting, and the setting that it is most like."""
OF_KUBERNETES = {
    "MANDANT_SERVICE_HOST": "10.3.2.1",
    "MANDANT_SERVICE_PORT": "8000",
    "MANDANT_SERVICE_PORT_HTTP": "8000",
    "MANDANT_PORT": "tcp://10.3.2.1:8000",
    "MANDANT_PORT_8000_TCP": "tcp://10.3.2.1:8000",
    "MANDANT_PORT_8000_TCP_PROTO": "tcp",
    "MANDANT_PORT_8000_TCP_PORT": "8000",
    "MANDANT_PORT_8000_TCP_ADDR": "10.3.2.1",
    "MANDANT_DATABASE_SERVICE_HOST": "10.3.2.2",
    "MANDANT_DATABASE_PORT": "tcp://10.3.2.2:5432",
    "MANDANT_DATABASE_PORT_5432_TCP_ADDR": "10.3.2.2",
}
"""What it sets in each container for services of the names `mandant` and `mandant-database`."""


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in filter(is_setting, list(os.environ)):
        monkeypatch.delenv(name)


def test_each_setting_has_its_row() -> None:
    assert setting_variables().keys() == MALFORMED.keys()


@pytest.mark.parametrize("variable", MALFORMED)
def test_a_malformed_setting_is_refused_by_a_sentence(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in MALFORMED[variable]:
        monkeypatch.setenv(variable, value)
        with pytest.raises(CommandFailed) as refused:
            read_settings()
        sentence = str(refused.value)
        assert sentence.startswith(f"Not an acceptable setting: {variable}: "), value
        assert sentence.endswith(".")
        assert "Value error" not in sentence


@pytest.mark.parametrize("variable", UNKNOWN)
def test_an_unknown_setting_is_refused_with_the_nearest_one(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "hunter2")
    monkeypatch.setenv("MANDANT_DEBUG", "maybe")
    with pytest.raises(CommandFailed) as refused:
        read_settings()
    told = f"{variable}: there is none of this name, {UNKNOWN[variable]} is the nearest"
    assert str(refused.value) == f"Not an acceptable setting: {told}."


def test_what_kubernetes_sets_for_a_service_is_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in OF_KUBERNETES.items():
        monkeypatch.setenv(name, value)
    assert read_settings() == Settings.model_construct()


@pytest.mark.parametrize(
    "variable", ["MANDANT_SMTP_URL", "DATABASE_URL", "MANDANT_PUBLIC_URL", "MANDANT_CONTACT_KEY"]
)
def test_a_secret_in_it_is_not_told(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "x://u:hunter2@db")
    if variable == "MANDANT_CONTACT_KEY":
        monkeypatch.setenv(variable, "hunter2")
    with pytest.raises(CommandFailed) as refused:
        read_settings()
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("variable", ACCEPTED)
def test_what_is_accepted(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ACCEPTED[variable]:
        monkeypatch.setenv(variable, value)
        read_settings()


@pytest.mark.parametrize("variable", MALFORMED)
def test_an_empty_setting_is_none(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As compose files and unit files leave them."""
    monkeypatch.setenv(variable, "")
    assert read_settings() == Settings.model_construct()


def test_lists_may_have_spaces() -> None:
    found = Settings(
        allowed_hosts="a.example, b.example", allowed_origins="https://a.example, https://b.example"
    )
    assert found.allowed_host_names == ["a.example", "b.example"]
    assert found.allowed_origin_names == ["https://a.example", "https://b.example"]


@pytest.mark.parametrize(
    ("name", "value", "is_local"),
    [
        ("HOST", "localhost", True),
        ("HOST", "::1", True),
        ("HOST", "0.0.0.0", False),
        ("HOST", "10.0.0.7", False),
        ("DATABASE_URL", "postgresql://db/mandant", False),
        ("MANDANT_PUBLIC_URL", "http://127.0.0.1:9000", True),
        ("MANDANT_PUBLIC_URL", "https://api.example.com", False),
        ("MANDANT_ALLOWED_HOSTS", "localhost,[::1]", True),
        ("MANDANT_ALLOWED_HOSTS", "localhost,*", False),
        ("MANDANT_TRUSTED_PROXIES", "127.0.0.1", False),
    ],
)
def test_the_local_outbox_is_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, *, is_local: bool
) -> None:
    """The demo has it where nobody else reaches the server."""
    monkeypatch.setenv(name, value)
    assert with_demo_settings(read_settings()).local_outbox is is_local
    monkeypatch.setenv("MANDANT_LOCAL_OUTBOX", "true")
    if is_local:
        assert read_settings().local_outbox
    else:
        with pytest.raises(CommandFailed, match=f"MANDANT_LOCAL_OUTBOX: .*{name}"):
            read_settings()
