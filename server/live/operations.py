"""Operations as streams run them: checked as those over HTTP, and subscriptions as well."""

from functools import partial

from graphql import ExecutionResult, GraphQLError, OperationType

from authz.policy.refusals import TryLater
from server.failures.errors import (
    Failure,
    RefusedRequestError,
    Unauthenticated,
    record_failure,
    refusal_failure,
)
from server.graphql.documents import Documents
from server.graphql.endpoint import Beside, RunOperation, choose_operation
from server.graphql.named_documents import NamedDocuments
from server.graphql.response import failure_response
from server.http.media_types import MediaType
from server.http.request import GraphQLRequest
from server.live.counting import counted, counted_if_refused, note_name
from server.live.following import (
    ClientGone,
    Following,
    RefusedSubscription,
    Subscriber,
    body_of,
    uninterrupted,
)


class Operations:
    """Runs any operation for a subscriber."""

    def __init__(
        self,
        documents: Documents,
        named: NamedDocuments,
        run: RunOperation,
        beside: Beside,
        following: Following,
    ) -> None:
        self._documents = documents
        self._named = named
        self._run = run
        self._beside = beside
        self._following = following

    async def answer(self, request: GraphQLRequest, subscriber: Subscriber) -> None:
        """Deliver the operation's one result, or a subscription's results until it is over.

        Raises RefusedSubscription where there is none or no further one, and Unauthenticated.
        """
        try:
            await self._answer(request, subscriber)
        except (RefusedSubscription, Unauthenticated, ClientGone):
            raise
        except GraphQLError as error:
            raise RefusedSubscription(body_of(ExecutionResult(None, [error]))) from error
        except RefusedRequestError as refused:
            raise refused_by(refused.failure) from refused
        except TryLater as refusal:
            raise refused_by(refusal_failure(refusal)) from refusal
        except Exception as error:
            raise refused_by(record_failure(error)) from error

    async def _answer(self, request: GraphQLRequest, subscriber: Subscriber) -> None:
        authorization, address = subscriber.authorization, subscriber.client_address
        with counted_if_refused():
            request = self._named.resolved(request, authorization, address)
            source = request.query
            checked = self._documents.known(source)
            if checked is None:
                check = partial(self._documents.check, source, anonymous=False)
                checked = await uninterrupted(self._beside(authorization, address, check))
            operation = choose_operation(checked.document, request.operation_name)
            note_name(operation)
            if checked.errors:
                raise RefusedSubscription(body_of(ExecutionResult(None, checked.errors)))
            self._named.keep(request, authorization, address)
        if operation.operation is OperationType.SUBSCRIPTION:
            await self._following.follow(request, checked.document, operation, subscriber)
            return
        async with subscriber.turn:
            with counted(operation):
                result = await uninterrupted(self._run(request, checked.document, authorization, address))
                body = body_of(result)
            await subscriber.deliver(body)


def refused_by(failure: Failure) -> RefusedSubscription:
    """What tells the failure."""
    return RefusedSubscription(bytes(failure_response(failure, MediaType.JSON).body))
