"""SCIM 2.0 under /scim/v2, for companies' directories."""
