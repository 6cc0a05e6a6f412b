"""The OpenID provider, as tests talk to it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

CLIENT_ID = "mandant"
AUDIENCE = "https://api.mandant.test"


@dataclass(frozen=True)
class Provider:
    """`url`: the issuer's address."""

    url: str
    http: httpx.Client

    def know(self, subject: str, **claims: object) -> None:
        """It has this person."""
        self.http.put(f"{self.url}/users/{subject}", json=claims).raise_for_status()

    def sign_in(self, authorization_url: str, subject: str) -> httpx.URL:
        """The person signs in there. Returns where the browser is sent back to."""
        answer = self.http.post(authorization_url, data={"sub": subject})
        assert answer.status_code == 302, answer.text
        return httpx.URL(answer.headers["location"])

    def deny(self, authorization_url: str) -> httpx.URL:
        """The person does not want to."""
        return httpx.URL(self.http.post(authorization_url, data={"action": "deny"}).headers["location"])

    def sign(self, claims: dict[str, Any], **more: Any) -> str:
        """A token with these claims. `header`, `other_key`: how it differs."""
        answer = self.http.post(f"{self.url}/test/sign", json={"claims": claims, **more})
        answer.raise_for_status()
        return answer.text

    def bearer(self, subject: str, **claims: Any) -> str:
        """A bearer token of the person; `header` and `other_key` are no claims."""
        more = {name: claims.pop(name) for name in ("header", "other_key") if name in claims}
        now = int(time.time())
        whole = {"iss": self.url, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + 600, **claims}
        return self.sign({name: value for name, value in whole.items() if value is not None}, **more)

    def logout_token(self, **claims: Any) -> str:
        """A token that ends sessions."""
        now = int(time.time())
        events: dict[str, object] = {"http://schemas.openid.net/event/backchannel-logout": {}}
        whole = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 120, "jti": "1"}
        return self.sign({**whole, "events": events, **claims})

    def rotate(self) -> None:
        """It signs with another key from now on, and publishes no other."""
        self.http.post(f"{self.url}/test/rotate").raise_for_status()

    def asked_for_keys(self) -> int:
        """How often."""
        return int(self.http.get(f"{self.url}/test/counts").json().get("/jwks", 0))


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider of its own, until the block ends."""
    command = [sys.executable, "-m", "tests.areas.single_sign_on.provider_process"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        with httpx.Client(trust_env=False) as http:
            yield Provider(process.stdout.readline().strip(), http)
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
