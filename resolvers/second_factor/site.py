"""The pages that use passkeys, which are bound to their host."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class PasskeySite:
    """The pages that use passkeys, as browsers name them: `https://app.example.com`."""

    origin: str

    @property
    def rp_id(self) -> str:
        """The host that passkeys are bound to."""
        return urlsplit(self.origin).hostname or ""


def site_of(address: str) -> PasskeySite:
    """The site of the pages at the address, which may have a path; an origin has none."""
    parts = urlsplit(address)
    return PasskeySite(f"{parts.scheme}://{parts.netloc}")
