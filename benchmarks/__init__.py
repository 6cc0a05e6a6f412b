"""Measures Mandant: against PostgreSQL alone, against other GraphQL servers, and against growing data."""
