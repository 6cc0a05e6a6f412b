"""The Starlette application, put together."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from schema.root import build_schema
from server.database.connecting import reachability
from server.database.connections import connect_as_application, read_pool
from server.edge.application import Application
from server.graphql.endpoint import GraphQLEndpoint
from server.graphql.executor import Executor
from server.graphql.preparation import beside, prepare
from server.invoices.download import InvoiceDownload
from server.jobs.mail import Postman
from server.logs import metrics
from server.pages import DemoLogin, assets, graphiql_page, invitation_page, mailbox_page
from server.settings.contact_key import key_source
from server.settings.payments import payment_provider
from server.settings.settings import Settings
from server.start import health
from server.start.garbage import keep_looking
from server.uploads import endpoint as recipients
from server.uploads.uploads import RecipientUploads


def create_app(
    settings: Settings, database_url: str, prepared: Iterable[str] = (), logins: Sequence[DemoLogin] = ()
) -> Application:
    """The application on a database that is migrated, or will be by the time `/readyz` says so.

    `prepared`: documents that are likely to come, so that the first who sends one does not wait for it to be
    compiled. `logins`: the people of a demo, for GraphiQL's page.
    """
    server = reachability(database_url)
    database = connect_as_application(database_url, settings.pool_size, server)
    reads = read_pool(database_url, settings.read_pool_size, server)
    replica = None if settings.read_url is None else read_pool(settings.read_url, settings.read_pool_size)
    contact_key = key_source(settings)
    executor = Executor(
        build_schema(),
        database,
        reads,
        settings.link_base,
        payments=payment_provider(settings.payment_provider),
        contact_key=contact_key,
        replica=replica,
        subaccount_set_up=settings.subaccounts,
        debug=settings.debug,
    )
    endpoint = GraphQLEndpoint(executor.schema, executor, executor.beside, graphiql_page(logins))
    uploads = RecipientUploads(executor.sessions, contact_key, settings.recipient_limit)
    # Of its own: it is held while a mail server is spoken to, and mail waits for nobody's request.
    of_mail = connect_as_application(database_url, 1, server)
    postman = Postman(of_mail, settings)

    @asynccontextmanager
    async def lifespan(app: Application) -> AsyncIterator[None]:
        prepared_beside = beside(prepare(endpoint.documents, executor, prepared))
        async with postman.at_work(), prepared_beside, beside(keep_looking()):
            yield
        uploads.close()
        await executor.close()
        await reads.close()
        if replica is not None:
            await replica.close()
        await of_mail.dispose()
        await database.dispose()

    return Application(
        endpoint,
        [
            Route("/", _to_graphiql),
            Route("/invitation", invitation_page(settings.app_url)),
            *(
                Route(f"/{name}", mailbox_page(name, settings.app_url))
                for name in ("email-verification", "password-reset")
            ),
            Route(recipients.PATH, recipients.RecipientsEndpoint(uploads, reads, executor.key_uses)),
            assets,
            InvoiceDownload(executor).route,
            *health.routes(database, replica),
            metrics.route,
        ],
        settings.allowed_host_names,
        settings.allowed_origin_names,
        lifespan,
    )


async def _to_graphiql(request: Request) -> Response:
    return RedirectResponse("/graphql")
