"""GraphQL over HTTP: documents, executors, answers."""
