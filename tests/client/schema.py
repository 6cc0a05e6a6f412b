"""The schema, built once for all tests that look at it: each takes tens of megabytes of a worker."""

from graphql import GraphQLSchema

from schema.root import build_schema, graphql_schema

STRAWBERRY = build_schema()
SCHEMA: GraphQLSchema = graphql_schema(STRAWBERRY)
"""Graphql-core's behind it."""
