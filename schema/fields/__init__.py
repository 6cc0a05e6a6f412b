"""What the types of all areas build on: nodes, payloads, the frame of mutations, updates."""
