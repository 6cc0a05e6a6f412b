"""Single sign-on beside GraphQL:

    GET  /sso/start?email=... or ?account=acct_...    sends the browser to the issuer, with the `challenge` of
                                                      the page; without one, to the page, which begins
    GET  /sso/callback                                where it comes back to
    POST /sso/logout/acct_...                         the issuer ends sessions (back-channel logout)

Nothing is held while an issuer is waited for, neither a connection to the database nor a lock. The browser
goes on to the front-end, or to `/sign-in`, with a code behind the `#`, which no server sees, and which it
changes for a session by `singleSignOnComplete`.
"""

import datetime
from http import HTTPStatus
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from authz.policy.refusals import RateLimited, Refusal
from engine.writes.sessions import WriteSessions
from models.base.ids import Kind, MasterId, parse
from resolvers.effects.attempts import Limit, count_attempt, place_of
from resolvers.inputs.emails import email_address
from resolvers.single_sign_on.attempts import (
    ATTEMPT_LENGTH,
    authorization_url,
    begin,
    challenge_in,
    claims_of_code,
    come_back,
)
from resolvers.single_sign_on.failures import SignOnFailed, SignOnFailure
from resolvers.single_sign_on.people import Known, person_of
from resolvers.single_sign_on.sessions import end_by_issuer, give_code
from resolvers.single_sign_on.store import Connection, connection_of, tree_of_domain
from resolvers.single_sign_on.tokens import LONGEST_TOKEN, check_logout, verified
from schema.fields.deployment import Deployment
from server.failures.errors import RefusedRequestError, record_failure
from server.http.request import RequestHead, read_body
from server.pages.languages import preferred
from server.pages.sign_on_failed import SignOnFailurePage

_COOKIE = "mandant_sso"
_PATH = "/sso"
_NOT_KEPT = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
_FROM_A_PLACE = 300
_WINDOW = datetime.timedelta(minutes=15)
_STATUSES = {
    SignOnFailure.NOT_FOUND: HTTPStatus.NOT_FOUND,
    SignOnFailure.LAPSED: HTTPStatus.BAD_REQUEST,
    SignOnFailure.UNAVAILABLE: HTTPStatus.BAD_GATEWAY,
    SignOnFailure.MISCONFIGURED: HTTPStatus.BAD_GATEWAY,
    SignOnFailure.NOT_TRUSTED: HTTPStatus.BAD_GATEWAY,
}

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class SingleSignOnEndpoints:
    """`front_end`: where people go with their code; None: to this server's page of sign-in."""

    def __init__(self, sessions: WriteSessions, deployment: Deployment, front_end: str | None) -> None:
        self._sessions = sessions
        self._deployment = deployment
        self._front_end = front_end or f"{deployment.public_url}/sign-in"
        self._back = f"{deployment.public_url}{_PATH}/callback"
        self.routes = [
            Route(f"{_PATH}/start", self._start, methods=["GET"]),
            Route(f"{_PATH}/callback", self._callback, methods=["GET"]),
            Route(f"{_PATH}/logout/{{account}}", self._logout, methods=["POST"]),
        ]

    async def _start(self, request: Request) -> Response:
        try:
            await self._count(request)
            connection = await self._connection_for(request)
            if "challenge" not in request.query_params:
                return self._to_the_page(request)
            challenge = challenge_in(request.query_params["challenge"])
            metadata = await self._deployment.issuers.metadata(connection.issuer)
            async with self._sessions.begin() as session:
                attempt = await begin(session, connection, challenge)
        except Exception as error:
            return self._failed(request, error)
        target = authorization_url(metadata, connection, attempt, self._back)
        response = RedirectResponse(target, HTTPStatus.SEE_OTHER, _NOT_KEPT)
        self._set_cookie(response, attempt.secret, int(ATTEMPT_LENGTH.total_seconds()))
        return response

    def _to_the_page(self, request: Request) -> Response:
        """Who follows a link, such as a tile of the issuer's portal, begins at the page, by a click. So
        nobody is signed in as somebody else by a link alone."""
        parts = urlsplit(self._front_end)
        given = {name: value for name, value in request.query_params.items() if name in ("email", "account")}
        query = "&".join(filter(None, (parts.query, urlencode(given))))
        target = urlunsplit(parts._replace(query=query))
        return RedirectResponse(target, HTTPStatus.SEE_OTHER, _NOT_KEPT)

    async def _callback(self, request: Request) -> Response:
        try:
            await self._count(request)
            code = await self._come_back(request)
        except Exception as error:
            response = self._failed(request, error)
        else:
            response = RedirectResponse(f"{self._front_end}#{code}", HTTPStatus.SEE_OTHER, _NOT_KEPT)
        self._set_cookie(response, "", 0)
        return response

    async def _come_back(self, request: Request) -> str:
        """The code for the front-end. The attempt is used up first, whatever comes of it."""
        given = request.query_params
        async with self._sessions.begin() as session:
            attempt, challenge = await come_back(session, request.cookies.get(_COOKIE), given.get("state"))
        code = given.get("code")
        if code is None:
            raise SignOnFailed(SignOnFailure.DENIED, given.get("error", "no code")[:100])
        connection = await self._connection(attempt.master_id)
        if given.get("iss", connection.issuer) != connection.issuer:
            raise SignOnFailed(SignOnFailure.NOT_TRUSTED, "another issuer answered")
        claims = await claims_of_code(self._deployment.issuers, connection, attempt, code, self._back)
        async with self._sessions.begin() as session:
            current = await connection_of(session, attempt.master_id, self._deployment.keyring)
            if current.issuer != connection.issuer or current.client_id != connection.client_id:
                raise SignOnFailed(SignOnFailure.LAPSED, "the settings have changed meanwhile")
            person = await person_of(session, current, claims)
            if isinstance(person, Known):
                return await give_code(session, attempt.master_id, person, challenge)
        raise SignOnFailed(person)

    async def _logout(self, request: Request) -> Response:
        """The answers are those of OpenID Connect Back-Channel Logout 1.0."""
        try:
            body = await read_body(request.receive, RequestHead.of(request.scope).client_address)
            ended = await self._ended(request.path_params["account"], body)
        except (SignOnFailed, Refusal, RefusedRequestError) as error:
            _log.info("sso_logout_refused", reason=str(error))
            description = "The logout token is not valid."
            refused = {"error": "invalid_request", "error_description": description}
            return JSONResponse(refused, HTTPStatus.BAD_REQUEST, _NOT_KEPT)
        except Exception as error:
            record_failure(error)
            return JSONResponse({"error": "server_error"}, HTTPStatus.SERVICE_UNAVAILABLE, _NOT_KEPT)
        _log.info("sso_logout", sessions=ended)
        return Response(status_code=HTTPStatus.OK, headers=_NOT_KEPT)

    async def _ended(self, account: str, body: bytes) -> int:
        try:
            fields = parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=10)
        except ValueError as error:
            raise SignOnFailed(SignOnFailure.NOT_VALID, "the form is not valid") from error
        tokens, master_id = fields.get("logout_token", []), parse(Kind.ACCOUNT, account)
        if len(tokens) != 1 or len(tokens[0]) > LONGEST_TOKEN or master_id is None:
            raise SignOnFailed(SignOnFailure.NOT_VALID, "there is no logout token, or no such account")
        connection = await self._connection(MasterId(master_id))
        issuers = self._deployment.issuers
        claims = await verified(issuers, tokens[0], connection.issuer, connection.client_id)
        check_logout(claims)
        async with self._sessions.begin() as session:
            return await end_by_issuer(session, connection.master_id, claims)

    async def _connection_for(self, request: Request) -> Connection:
        email, account = (request.query_params.get(name) for name in ("email", "account"))
        if email is not None:
            try:
                domain = email_address(email).canonical.rpartition("@")[2]
            except Refusal as refusal:
                raise SignOnFailed(SignOnFailure.NOT_FOUND) from refusal
            async with self._sessions.begin() as session:
                found = await tree_of_domain(session, domain)
        else:
            key = parse(Kind.ACCOUNT, account)
            found = None if key is None else MasterId(key)
        if found is None:
            raise SignOnFailed(SignOnFailure.NOT_FOUND)
        return await self._connection(found)

    async def _connection(self, master_id: MasterId) -> Connection:
        async with self._sessions.begin() as session:
            return await connection_of(session, master_id, self._deployment.keyring)

    async def _count(self, request: Request) -> None:
        place = place_of(RequestHead.of(request.scope).client_address)
        subject = f"single sign-on from {place}"
        await count_attempt(self._sessions, Limit(subject=subject, most=_FROM_A_PLACE, window=_WINDOW))

    def _failed(self, request: Request, error: Exception) -> Response:
        language = preferred(request.headers.get("accept-language", ""))
        return _failure_page(error).respond(language, self._front_end)

    def _set_cookie(self, response: Response, value: str, seconds: int) -> None:
        response.set_cookie(
            _COOKIE,
            value,
            max_age=seconds,
            path=_PATH,
            secure=self._deployment.public_url.startswith("https://"),
            httponly=True,
            samesite="lax",
        )


def _failure_page(error: Exception) -> SignOnFailurePage:
    if isinstance(error, SignOnFailed):
        _log.info("sso_failed", reason=str(error))
        status = _STATUSES.get(error.failure, HTTPStatus.FORBIDDEN)
        return SignOnFailurePage(error.failure.value, error.failure.name, status)
    if isinstance(error, RateLimited):
        text = "There were too many sign-ins from your network. Try again later."
        return SignOnFailurePage(text, error.code.name, HTTPStatus.TOO_MANY_REQUESTS)
    record_failure(error)
    text = "Something went wrong. Please try again."
    return SignOnFailurePage(text, "INTERNAL", HTTPStatus.SERVICE_UNAVAILABLE)
