"""What clients see: Strawberry types, inputs, payloads and their documentation, one file an area."""
