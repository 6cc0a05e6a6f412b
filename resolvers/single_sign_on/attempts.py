"""Going to the issuer and coming back (authorization code flow with PKCE).

All that belongs to one attempt is derived from a secret in the browser's cookie: the state, the nonce and the
code verifier. So what comes back in another browser fits nothing. The state's digest is stored until somebody
comes back, which happens once.

The page that begins keeps a secret of its own and sends its SHA-256, the challenge. The code that leads back
to the page opens a session only with that secret: so nobody is signed in by the link of somebody else.
"""

import base64
import datetime
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from sqlalchemy import delete, func, insert

from authz.callers.tokens import Digest, digest_of
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, MasterId, parse, present
from models.single_sign_on.tables import single_sign_on_attempts
from resolvers.single_sign_on.failures import SignOnFailed, SignOnFailure
from resolvers.single_sign_on.issuers import Issuers, Metadata
from resolvers.single_sign_on.outgoing import NotAnsweredError
from resolvers.single_sign_on.store import Connection
from resolvers.single_sign_on.tokens import Claims, check_sign_in, unverified, verified

ATTEMPT_LENGTH = datetime.timedelta(minutes=10)
_SCOPE = "openid email profile"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]", re.ASCII)


@dataclass(frozen=True)
class Attempt:
    """`secret`: what the browser's cookie holds."""

    master_id: MasterId
    secret: str

    @property
    def state(self) -> str:
        """It comes back unchanged, and names the account."""
        return f"{present(Kind.ACCOUNT, self.master_id)}.{self._derived('state')}"

    @property
    def nonce(self) -> str:
        """It stands in the ID token."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """Who shows it gets the tokens of the code."""
        return self._derived("verifier")

    @property
    def challenge(self) -> str:
        """What the issuer sees of the verifier before."""
        return _written(hashlib.sha256(self.verifier.encode()).digest())

    def _derived(self, purpose: str) -> str:
        return _written(hmac.digest(self.secret.encode(), purpose.encode(), "sha256"))


def _written(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def challenge_in(text: str) -> Digest:
    """The challenge that a page has sent: a SHA-256 in base64url. Raises SignOnFailed."""
    if not _CHALLENGE.fullmatch(text):
        raise SignOnFailed(SignOnFailure.LAPSED, "the challenge is none")
    return Digest(base64.urlsafe_b64decode(f"{text}="))


async def begin(session: WriteSession, connection: Connection, challenge: Digest) -> Attempt:
    """Begin an attempt of the page that has sent the challenge."""
    attempt = Attempt(connection.master_id, secrets.token_urlsafe(32))
    await session.send_built(
        insert(single_sign_on_attempts).values(
            digest=digest_of(attempt.state), challenge=challenge, expires_at=func.now() + ATTEMPT_LENGTH
        )
    )
    return attempt


def authorization_url(metadata: Metadata, connection: Connection, attempt: Attempt, back: str) -> str:
    """Where the browser goes. `back`: where it comes back to."""
    parameters = {
        "response_type": "code",
        "client_id": connection.client_id,
        "redirect_uri": back,
        "scope": _SCOPE,
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": attempt.challenge,
        "code_challenge_method": "S256",
    }
    parts = urlsplit(metadata.authorization_endpoint)
    query = "&".join(filter(None, (parts.query, urlencode(parameters))))
    return urlunsplit(parts._replace(query=query))


async def come_back(session: WriteSession, secret: str | None, state: str | None) -> tuple[Attempt, Digest]:
    """The attempt of this browser, which is used up, and the challenge of its page. Raises SignOnFailed where
    the state does not fit."""
    master_id = parse(Kind.ACCOUNT, (state or "").partition(".")[0])
    if secret is None or state is None or master_id is None:
        raise SignOnFailed(SignOnFailure.LAPSED, "there is no cookie or no state")
    attempt = Attempt(MasterId(master_id), secret)
    if not hmac.compare_digest(attempt.state.encode(), state.encode()):
        raise SignOnFailed(SignOnFailure.LAPSED, "the state is another one")
    stored = single_sign_on_attempts.c
    used = delete(single_sign_on_attempts).where(
        stored.digest == digest_of(state), stored.expires_at > func.now()
    )
    row = (await session.execute(used.returning(stored.challenge))).one_or_none()
    if row is None:
        raise SignOnFailed(SignOnFailure.LAPSED, "it was used or took too long")
    return attempt, Digest(row.challenge)


async def claims_of_code(
    issuers: Issuers, connection: Connection, attempt: Attempt, code: str, back: str
) -> Claims:
    """What the issuer says of the person who came back with this code. Raises SignOnFailed."""
    metadata = await issuers.metadata(connection.issuer)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "code_verifier": attempt.verifier,
        "client_id": connection.client_id,
    }
    headers: dict[str, str] = {}
    if connection.client_secret is not None and "client_secret_basic" in metadata.methods:
        pair = f"{quote(connection.client_id, '')}:{quote(connection.client_secret, '')}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    elif connection.client_secret is not None:
        form["client_secret"] = connection.client_secret
    try:
        answer = await issuers.requests.post_form(metadata.token_endpoint, form, headers)
    except NotAnsweredError as error:
        raise SignOnFailed(SignOnFailure.UNAVAILABLE, str(error)) from error
    token = answer.body.get("id_token") if isinstance(answer.body, dict) else None
    if answer.status != 200 or not isinstance(token, str):
        raise SignOnFailed(SignOnFailure.DENIED, f"the code was answered with {answer.status}")
    try:
        claims = await verified(issuers, token, connection.issuer, connection.client_id)
        check_sign_in(claims, connection.client_id, unverified(token).audiences, attempt.nonce)
    except SignOnFailed as failed:
        if failed.failure is SignOnFailure.NOT_VALID:
            raise SignOnFailed(SignOnFailure.NOT_TRUSTED, str(failed)) from failed
        raise
    return claims
