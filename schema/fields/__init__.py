"""What every area's types build on: nodes, payloads, mutations, updates."""
