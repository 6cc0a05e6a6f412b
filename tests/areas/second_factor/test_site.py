"""The pages that passkeys are bound to."""

import pytest

from resolvers.second_factor.site import PasskeySite, site_of


@pytest.mark.parametrize(
    ("address", "origin", "host"),
    [
        ("https://app.example.com", "https://app.example.com", "app.example.com"),
        ("https://app.example.com/people/", "https://app.example.com", "app.example.com"),
        ("http://localhost:3000/app?x=1", "http://localhost:3000", "localhost"),
    ],
)
def test_an_origin_has_no_path(address: str, origin: str, host: str) -> None:
    """As browsers name it: with a path no passkey would be taken."""
    assert site_of(address) == PasskeySite(origin)
    assert site_of(address).rp_id == host
