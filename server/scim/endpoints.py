"""SCIM 2.0 (RFC 7643, RFC 7644): /scim/v2/Users and /scim/v2/Groups, with an API key of the master account.

Authorization: Bearer mdt_live_...
"""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authz.callers.principals import Credentials, Principal, PrincipalKind
from authz.guards.exclusive import Authorized
from authz.guards.turns import write_in_turn
from engine.database.pool import Pool
from engine.writes.sessions import WriteSession, WriteSessions
from resolvers.scim import store
from resolvers.scim.documents import parse_id, read_group, read_user, written_group, written_user
from resolvers.scim.errors import ScimError, invalid, not_found
from resolvers.scim.filters import parse_filter
from resolvers.scim.patch import Document, get, patched
from server.failures.errors import Unauthenticated
from server.http.authentication import authenticated, credentials_of
from server.http.request import RequestHead, check_encoding, decode_json, read_body
from server.http.request_costs import SCIM_COST, RequestCosts
from server.scim.answers import answer, failed, listed, resource
from server.scim.descriptions import CONFIGURATION, MOST_ON_A_PAGE, resource_types, schemas

PATH = "/scim/v2"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_Endpoint = Callable[[Request], Awaitable[Response]]
_Work = Callable[[WriteSession, Principal], Awaitable[Response]]


class ScimEndpoints:
    """`reads`: the connections that authenticate callers."""

    def __init__(self, sessions: WriteSessions, reads: Pool, costs: RequestCosts, public_url: str) -> None:
        self._sessions = sessions
        self._reads = reads
        self._costs = costs
        self._base = f"{public_url}{PATH}"
        resource, several = ("GET", "PUT", "PATCH", "DELETE"), ("GET", "POST")
        self.routes = [
            _route("/ServiceProviderConfig", self._configuration),
            _route("/ResourceTypes", self._resource_types),
            _route("/ResourceTypes/{id}", self._resource_type),
            _route("/Schemas", self._schemas),
            _route("/Schemas/{id}", self._schema),
            _route("/Users", self._users, several),
            _route("/Users/{id}", self._user, resource),
            _route("/Groups", self._groups, several),
            _route("/Groups/{id}", self._group, resource),
            Route(f"{PATH}{{rest:path}}", _nothing, methods=_METHODS),
        ]

    async def _configuration(self, request: Request) -> Response:
        return answer(CONFIGURATION)

    async def _resource_types(self, request: Request) -> Response:
        types = resource_types()
        return listed(len(types), 1, types)

    async def _resource_type(self, request: Request) -> Response:
        named = [each for each in resource_types() if each["id"] == request.path_params["id"]]
        return answer(named[0]) if named else failed(not_found("resource type"))

    async def _schemas(self, request: Request) -> Response:
        found = list(schemas(self._base).values())
        return listed(len(found), 1, found)

    async def _schema(self, request: Request) -> Response:
        found = schemas(self._base).get(request.path_params["id"])
        return failed(not_found("schema")) if found is None else answer(found)

    async def _users(self, request: Request) -> Response:
        async def get_page(session: WriteSession, principal: Principal) -> Response:
            master, page = await store.master_to_read(session, principal), _page(request)
            asked = parse_filter(request.query_params.get("filter"))
            total, rows = await store.list_users(session, master, asked, page)
            return listed(total, page.start, [written_user(row, row.email, self._base) for row in rows])

        async def post(session: WriteSession, principal: Principal) -> Response:
            values = read_user(body)
            master, made = await store.create_user(session, principal, values)
            return await self._shown_user(session, master, made, 201)

        if request.method == "POST":
            try:
                body = await _body(request)
            except Exception as error:
                return failed(error)
            return await self._done(request, post)
        return await self._done(request, get_page)

    async def _user(self, request: Request) -> Response:
        named = parse_id(request.path_params["id"])

        async def work(session: WriteSession, principal: Principal) -> Response:
            if request.method in {"GET", "HEAD"}:
                return await self._shown_user(session, await store.master_to_read(session, principal), named)
            master = await store.master_to_write(session, principal)
            row = await store.user_by_id(session, master, named)
            if request.method == "DELETE":
                await store.delete_user(session, principal, master, row)
                return Response(status_code=204)
            whole = body
            if request.method == "PATCH":
                whole = patched(written_user(row, row.email, self._base), get(body, "Operations"))
            await store.update_user(session, principal, master, row, read_user(whole))
            return await self._shown_user(session, master, row.id)

        try:
            body = await _body(request) if request.method in {"PUT", "PATCH"} else {}
        except Exception as error:
            return failed(error)
        return await self._done(request, work)

    async def _groups(self, request: Request) -> Response:
        async def get_page(session: WriteSession, principal: Principal) -> Response:
            master, page = await store.master_to_read(session, principal), _page(request)
            asked = parse_filter(request.query_params.get("filter"))
            total, rows = await store.list_groups(session, master, asked, page)
            members = await store.members_of(session, master, [row.id for row in rows])
            shown = [
                written_group(row, None if _no_members(request) else members[row.id], self._base)
                for row in rows
            ]
            return listed(total, page.start, shown)

        async def post(session: WriteSession, principal: Principal) -> Response:
            values = read_group(body)
            master = await store.master_to_write(session, principal)
            made = await store.create_group(session, principal, master, values)
            return await self._shown_group(request, session, master, made, 201)

        if request.method == "POST":
            try:
                body = await _body(request)
            except Exception as error:
                return failed(error)
            return await self._done(request, post)
        return await self._done(request, get_page)

    async def _group(self, request: Request) -> Response:
        named = parse_id(request.path_params["id"])

        async def work(session: WriteSession, principal: Principal) -> Response:
            if request.method in {"GET", "HEAD"}:
                master = await store.master_to_read(session, principal)
                return await self._shown_group(request, session, master, named)
            master = await store.master_to_write(session, principal)
            row = await store.group_by_id(session, master, named)
            if request.method == "DELETE":
                await store.delete_group(session, principal, master, row)
                return Response(status_code=204)
            whole = body
            if request.method == "PATCH":
                members = (await store.members_of(session, master, [row.id]))[row.id]
                whole = patched(written_group(row, members, self._base), get(body, "Operations"))
            await store.update_group(session, principal, master, row, read_group(whole))
            return await self._shown_group(request, session, master, row.id)

        try:
            body = await _body(request) if request.method in {"PUT", "PATCH"} else {}
        except Exception as error:
            return failed(error)
        return await self._done(request, work)

    async def _shown_user(
        self, session: WriteSession, master: Authorized, id: uuid.UUID | None, status: int = 200
    ) -> Response:
        row = await store.user_by_id(session, master, id)
        return resource(written_user(row, row.email, self._base), status)

    async def _shown_group(
        self,
        request: Request,
        session: WriteSession,
        master: Authorized,
        id: uuid.UUID | None,
        status: int = 200,
    ) -> Response:
        row = await store.group_by_id(session, master, id)
        members = (await store.members_of(session, master, [row.id]))[row.id]
        shown = written_group(row, None if _no_members(request) else members, self._base)
        return resource(shown, status)

    async def _done(self, request: Request, work: _Work) -> Response:
        """What came of the work, all of it in one transaction as the key."""
        head = RequestHead.of(request.scope)
        try:
            credentials = _key_of(head)
            await self._costs.charge(credentials, head.client_address, SCIM_COST)
            principal = await authenticated(self._reads, credentials)
            self._costs.accepted(credentials)

            async def write(session: WriteSession) -> Response:
                return await work(session, principal)

            _, response = await write_in_turn(self._sessions, credentials, write)
        except Exception as error:
            return failed(error)
        return response


def _route(path: str, endpoint: _Endpoint, methods: Sequence[str] = ("GET",)) -> Route:
    """An address that answers other methods as the RFC has it."""
    allowed = {*methods, "HEAD"}

    async def by_method(request: Request) -> Response:
        if request.method in allowed:
            return await endpoint(request)
        response = failed(ScimError(405, f"Send {' or '.join(methods)}."))
        response.headers["allow"] = ", ".join(sorted(allowed))
        return response

    return Route(f"{PATH}{path}", by_method, methods=_METHODS)


async def _nothing(request: Request) -> Response:
    return failed(ScimError(404, "There is nothing at this address."))


def _key_of(head: RequestHead) -> Credentials:
    credentials = credentials_of(head.authorization, head.client_address)
    if credentials is None or credentials.kind is not PrincipalKind.API_KEY:
        raise Unauthenticated("Send an API key of the master account.")
    return credentials


async def _body(request: Request) -> Document:
    head = RequestHead.of(request.scope)
    check_encoding(head)
    media_type = (head.content_type or "").partition(";")[0].strip().lower()
    if media_type not in {"application/scim+json", "application/json"}:
        raise ScimError(415, "Send application/scim+json.")
    value = decode_json("The body", await read_body(request.receive, head.client_address))
    if not isinstance(value, dict):
        raise invalid("The body must be an object.", "invalidSyntax")
    return value


def _page(request: Request) -> store.Page:
    start, count = (_number(request, *each) for each in (("startIndex", 1), ("count", 100)))
    return store.Page(max(1, start), min(max(0, count), MOST_ON_A_PAGE))


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.lstrip("-").isascii() or not text.lstrip("-").isdigit() or len(text) > 9:
        raise invalid(f"{name} must be a number.")
    return int(text)


def _no_members(request: Request) -> bool:
    left_out: Any = request.query_params.get("excludedAttributes", "")
    return "members" in {each.strip().lower() for each in left_out.split(",")}
