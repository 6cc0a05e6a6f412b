"""The Starlette application, put together."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from engine.writes.sessions import WriteSessions
from schema.fields.deployment import Deployment
from schema.root import build_schema
from server.database.connecting import reachability
from server.database.connections import connect_as_application
from server.database.read_pools import ReadPools
from server.edge.application import Application
from server.edge.socket_protocol import END_STREAMS
from server.exports import statistics
from server.exports.contacts import ContactsExport
from server.fairness.cost_budgets import Allowance
from server.feedback.intake import FeedbackIntake
from server.feedback.sms_intake import SmsIntake
from server.graphql.documents import Documents
from server.graphql.endpoint import GraphQLEndpoint
from server.graphql.manifest import read_manifest
from server.graphql.named_documents import NamedDocuments, PersistedQueries
from server.graphql.preparation import beside, prepare
from server.graphql.runner import OperationRunner
from server.graphql.trusted_documents import TrustedDocuments
from server.invoices.download import InvoiceDownload
from server.jobs.depth import Depth
from server.jobs.mail import Postman
from server.live.live import Live
from server.live.streams import Streams
from server.logs import metrics
from server.outbox.page import OutboxPages
from server.pages import (
    PAGES,
    DemoLogin,
    Surroundings,
    assets,
    documents_of_people,
    graphiql_page,
    page_of_people,
)
from server.scim.endpoints import ScimEndpoints
from server.settings.deployment import deployment, local_outbox
from server.settings.settings import Settings
from server.single_sign_on.endpoints import SingleSignOnEndpoints
from server.start import health
from server.start.garbage import keep_looking
from server.tracking import feedback_endpoint, sms_endpoint
from server.tracking.links import LinkPages
from server.tracking.uses import LinkUses
from server.uploads import attachments_endpoint, contacts_endpoint, recipients_endpoint
from server.uploads.attachments import AttachmentUploads
from server.uploads.contacts import ContactUploads
from server.uploads.places import UploadPlaces
from server.uploads.recipients import RecipientUploads
from server.uploads.requests import UploadCallers


def create_app(
    settings: Settings, database_url: str, prepared: Iterable[str] = (), logins: Sequence[DemoLogin] = ()
) -> Application:
    """The application on a database that is migrated, or will be by the time `/readyz` says so.

    `prepared`: documents that are likely to come, so that the first who sends one does not wait for it to be
    compiled. `logins`: the people of a demo, for GraphiQL's page.
    """
    connections = _Connections.open(settings, database_url)
    reads, replica = connections.reads, connections.replica
    decided = deployment(settings)
    runner = OperationRunner(
        build_schema(),
        connections.writes,
        reads,
        decided,
        replica=replica,
        debug=settings.debug,
        of_a_principal=Allowance(settings.cost_limit, settings.cost_restore_rate),
        of_a_tree=Allowance(settings.tree_cost_limit, settings.tree_cost_restore_rate),
    )
    documents, named, streams = Documents(runner.schema), _named_documents(settings, runner), Streams()
    live = Live.of(runner, documents, named, streams, reads.near)
    endpoint = GraphQLEndpoint(
        runner.schema, documents, runner, runner.beside, graphiql_page(logins), named, live.event_streams
    )
    uses = LinkUses(runner.sessions)
    links = LinkPages(runner.sessions, decided.signers, decided.public_url, uses)
    uploads = _Uploads.of(runner, decided, reads, settings.recipient_limit)
    postman = Postman(connections.mail, settings)

    @asynccontextmanager
    async def lifespan(app: Application) -> AsyncIterator[Mapping[str, object]]:
        prepared_beside = beside(prepare(documents, runner, prepared))
        async with postman.at_work(), prepared_beside, beside(keep_looking()):
            yield {END_STREAMS: streams.end}
        await live.watching.close()
        uploads.places.close()
        await uses.close()
        await runner.close()
        await decided.close()
        await connections.close()

    routes = [
        *_pages(settings),
        *uploads.routes,
        *links.routes,
        *_feedback(settings, runner.sessions, decided),
        *_sms_events(settings, runner.sessions),
        assets,
        *SingleSignOnEndpoints(runner.sessions, decided, settings.app_url).routes,
        *ScimEndpoints(runner.sessions, reads.near, runner.request_costs, decided.public_url).routes,
        InvoiceDownload(runner).route,
        *health.routes(connections.writes, None if replica is None else replica.near),
        metrics.route(Depth(runner.sessions).look),
    ]
    hosts, origins = settings.allowed_host_names, settings.allowed_origin_names
    return Application(endpoint, routes, hosts, origins, lifespan, live.socket, settings.slow_seconds)


def _named_documents(settings: Settings, runner: OperationRunner) -> NamedDocuments:
    if settings.documents is None:
        return PersistedQueries(runner.holder)
    return TrustedDocuments(read_manifest(settings.documents), documents_of_people())


@dataclass(frozen=True)
class _Uploads:
    """What takes in files, and what makes such files."""

    places: UploadPlaces
    routes: Sequence[Route]

    @classmethod
    def of(cls, runner: OperationRunner, decided: Deployment, reads: ReadPools, limit: int) -> "_Uploads":
        """`limit`: the most lines of a file."""
        places = UploadPlaces()
        callers = UploadCallers(reads.near, runner.request_costs, runner.bearers)
        recipients = RecipientUploads(runner.sessions, decided.contact_key, places, limit)
        attachments = AttachmentUploads(runner.sessions, places)
        contacts = ContactUploads(runner.sessions, decided.contact_key, places, limit)
        return cls(
            places,
            [
                Route(recipients_endpoint.PATH, recipients_endpoint.RecipientsEndpoint(recipients, callers)),
                Route(
                    attachments_endpoint.PATH, attachments_endpoint.AttachmentsEndpoint(attachments, callers)
                ),
                Route(contacts_endpoint.PATH, ContactsExport(runner).respond, methods=["GET"]),
                Route(contacts_endpoint.PATH, contacts_endpoint.ContactsEndpoint(contacts, callers)),
                Route(statistics.PATH, statistics.StatisticsExport(runner, places).respond, methods=["GET"]),
            ],
        )


@dataclass(frozen=True)
class _Connections:
    """All pools of the process. They open their connections when they are needed."""

    writes: AsyncEngine
    reads: ReadPools
    replica: ReadPools | None
    mail: AsyncEngine
    """Of its own: its connection is held while a mail server is spoken to, and mail waits for nobody."""

    @classmethod
    def open(cls, settings: Settings, database_url: str) -> "_Connections":
        """The pools that the settings describe."""
        server = reachability(database_url)
        replica = settings.read_url
        return cls(
            writes=connect_as_application(database_url, settings.pool_size, server),
            reads=ReadPools.open(database_url, settings.read_pool_size, server),
            replica=None if replica is None else ReadPools.open(replica, settings.read_pool_size),
            mail=connect_as_application(database_url, 1, server),
        )

    async def close(self) -> None:
        """Close all pools, after the last request."""
        await self.reads.close()
        if self.replica is not None:
            await self.replica.close()
        await self.mail.dispose()
        await self.writes.dispose()


def _feedback(settings: Settings, sessions: WriteSessions, decided: Deployment) -> list[Route]:
    if settings.feedback_secret is None:
        return []
    intake = FeedbackIntake(sessions, decided.signers, decided.keyring)
    secret = settings.feedback_secret.get_secret_value()
    return [Route(feedback_endpoint.PATH, feedback_endpoint.FeedbackEndpoint(intake, secret))]


def _sms_events(settings: Settings, sessions: WriteSessions) -> list[Route]:
    if settings.sms_secret is None:
        return []
    secret = settings.sms_secret.get_secret_value()
    return [Route(sms_endpoint.PATH, sms_endpoint.SmsEventsEndpoint(SmsIntake(sessions), secret))]


def _pages(settings: Settings) -> list[Route]:
    surroundings = Surroundings(settings.app_url, settings.app_url or settings.link_base)
    return [
        Route("/", _to_graphiql),
        *(Route(f"/{name}", page_of_people(name, surroundings)) for name in PAGES),
        *(OutboxPages(local_outbox(settings)).routes if settings.local_outbox else ()),
    ]


async def _to_graphiql(request: Request) -> Response:
    return RedirectResponse("/graphql")
