"""GraphQL documents, parsed: without the tokens that they were read from.

graphql-core's nodes keep the tokens at their ends, and each token the next and the one before. Nothing asks
for them after the parser has. They are two fifths of what a document holds, and circles, which only Python's
search for garbage could free.
"""

import re
from dataclasses import dataclass

from graphql import DocumentNode, GraphQLSyntaxError, Location, Token
from graphql.language.parser import MAX_NESTING_DEPTH, Parser

from engine.limits.excess import refuse_beyond, too_large

_ABORTED = re.compile(r"contains (more than [0-9]+ (?:tokens|comments))\. Parsing aborted")
"""What graphql-core says of a limit that it was given, as if that were a fault of the syntax."""


@dataclass(frozen=True)
class Parsed:
    """A document, and how many tokens it has, with its comments."""

    document: DocumentNode
    tokens: int


def parse_document(source: str, *, tokens: int, comments: int, characters: int) -> Parsed:
    """The document of a text that has at most so many tokens, comments and characters.

    Raises COST_EXCEEDED for a longer one and for one that is nested too deeply, BAD_USER_INPUT for what is no
    document.
    """
    refuse_beyond("characters", len(source), characters)
    parser = _Parser(source, max_lexical_tokens=tokens, max_comments=comments)
    first = parser._lexer.token
    document: DocumentNode | None = None
    try:
        document = parser.parse_document()
    except RecursionError:
        pass  # as an error's context it would keep all the frames of the recursion
    except GraphQLSyntaxError as error:
        exceeded = _ABORTED.search(error.message)
        raise error if exceeded is None else too_large(exceeded[1]) from None
    finally:
        number = _unlink(first)
    if document is None:
        raise too_large(f"more than {MAX_NESTING_DEPTH} brackets inside each other")
    return Parsed(document, number)


class _Parser(Parser):
    def loc(self, start_token: Token) -> Location:
        location = Location.__new__(Location)
        location.start, location.end = start_token.start, self._lexer.last_token.end
        location.source = self._lexer.source
        return location


def _unlink(first: Token) -> int:
    """Let the tokens go one by one; how many they are."""
    number = 0
    token: Token | None = first
    while token is not None:
        number += 1
        following = token.next
        token.prev = token.next = None
        token = following
    return number
