"""How a GraphQL read becomes SQL. Knows GraphQL and SQL, nothing of accounts."""
