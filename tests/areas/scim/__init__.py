"""SCIM 2.0, in the dialects of directories."""
