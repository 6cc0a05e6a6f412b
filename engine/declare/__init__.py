"""Declaring GraphQL types whose fields are SQL."""
