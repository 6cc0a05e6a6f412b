"""Which URLs a webhook may have, and which addresses are of the public Internet."""

import pytest

from authz.policy.refusals import Refusal
from resolvers.domains.dns import Dns
from resolvers.outgoing.public_addresses import is_public
from resolvers.webhooks.requests import WebhookRequests

_PUBLIC = WebhookRequests(Dns())
_PRIVATE = WebhookRequests(Dns(), private_addresses=True)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "8.8.4.4", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::"],
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.0.1",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001:0:1::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a00:1::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00::1",
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700::1111%eth0",
        "fec0::1",
        "ff02::1",
        "",
        "2130706433",
        "127.1",
    ],
)
def test_other_addresses_are_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "ftp://example.com",
        "https://",
        "https://me:secret@example.com",
        "https://example.com/#x",
        "//example.com",
        "x",
        "",
        "https://example.com:25/",
        "https://example.com:22",
        "https://127.0.0.1/x",
        "https://10.1.2.3:8443",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://[64:ff9b::7f00:1]",
        "https://169.254.169.254/latest/meta-data",
        "https://example.com/" + "x" * 2000,
        "https://example.com:0",
        "https://example.com:65536",
        "https://localhost/in",
        "https://LOCALHOST.:8443/in",
        "https://hooks.localhost",
        "https://2130706433",
        "https://0x7f.1",
        "https://0x7f000001.",
        "https://0X7F.1",
        "https://127.1",
        "https://0177.0.0.1",
        "https://example.com.1",
        "https://exa mple.com",
        "https://[",
    ],
)
def test_such_a_url_is_refused_at_once(url: str) -> None:
    with pytest.raises(Refusal) as refused:
        _PUBLIC.checked_url(url, "url")
    assert refused.value.field == "url"


@pytest.mark.parametrize("url", ["https://x:65536", "https://x:0", "http://0x7f.1", "https://2130706433"])
def test_such_a_url_works_nowhere(url: str) -> None:
    with pytest.raises(Refusal) as refused:
        _PRIVATE.checked_url(url, "url")
    assert refused.value.field == "url"


@pytest.mark.parametrize("url", ["http://localhost:8080/in", "https://localhost:1", "http://10.0.0.1"])
def test_a_network_of_ones_own_may_have_such_a_url(url: str) -> None:
    assert _PRIVATE.checked_url(url, "url").startswith(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a?b=c",
        "https://example.com:8443",
        "https://example.com:65535",
        "https://1.1.1.1",
        "https://4.example.com",
        "https://localhost.example.com",
    ],
)
def test_such_a_url_is_taken(url: str) -> None:
    assert _PUBLIC.checked_url(url, "url").startswith(url)


@pytest.mark.parametrize(
    ("requests", "message"),
    [(_PUBLIC, "Must begin with https://."), (_PRIVATE, "Must begin with https:// or http://.")],
)
def test_the_refusal_names_what_is_allowed_here(requests: WebhookRequests, message: str) -> None:
    with pytest.raises(Refusal) as refused:
        requests.checked_url("ftp://example.com", "url")
    assert refused.value.message == message
