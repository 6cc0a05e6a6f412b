"""Cases in YAML: who sees, may and writes what."""
