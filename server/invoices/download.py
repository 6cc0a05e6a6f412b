"""`GET /invoices/{id}.pdf`: an invoice as a file, for callers that `invoice(id:)` answers.

It asks the API itself, so that rights, refusals and their codes are the same.
"""

import asyncio
from http import HTTPStatus

import graphql
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authz.policy.refusals import TryLater
from resolvers.billing.invoices import PDF_PATH
from server.failures.errors import RefusedRequestError, record_failure, refusal_failure
from server.graphql.asking import data_of, failure_of_answer
from server.graphql.endpoint import RunOperation
from server.graphql.response import failure_response
from server.http.media_types import MediaType
from server.http.request import RequestHead
from server.invoices.pdf import invoice_pdf

_QUERY = "query InvoiceFile($id: ID!) { invoice(id: $id) { number xml } }"
_DOCUMENT = graphql.parse(_QUERY)


class InvoiceDownload:
    """The endpoint. One file is made at a time: others' requests go on beside it."""

    def __init__(self, run: RunOperation) -> None:
        self._run = run
        self._making = asyncio.Lock()
        self.route = Route(PDF_PATH, self._respond)

    async def _respond(self, request: Request) -> Response:
        try:
            invoice = await self._invoice(request)
            async with self._making:
                content = await asyncio.to_thread(invoice_pdf, invoice["xml"])
        except RefusedRequestError as refusal:
            return failure_response(refusal.failure, MediaType.JSON, refusal.headers)
        except GraphQLError as error:
            return failure_response(failure_of_answer(error), MediaType.JSON)
        except TryLater as refusal:
            return failure_response(refusal_failure(refusal), MediaType.JSON)
        except Exception as error:
            return failure_response(record_failure(error), MediaType.JSON)
        headers = {
            "content-disposition": f'attachment; filename="{invoice["number"]}.pdf"',
            "cache-control": "private, no-store",
            "x-content-type-options": "nosniff",
        }
        return Response(content, HTTPStatus.OK, headers, "application/pdf")

    async def _invoice(self, request: Request) -> dict[str, str]:
        """Its number and XML. Raises what the API answers instead."""
        head = RequestHead.of(request.scope)
        variables: dict[str, object] = {"id": request.path_params["id"]}
        found: dict[str, str] = (await data_of(self._run, _QUERY, _DOCUMENT, variables, head))["invoice"]
        return found
