"""The GraphQL API: types, inputs, payloads and their documentation, one package for each area."""
