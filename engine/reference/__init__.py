"""The reference executor: each field is resolved by itself."""
