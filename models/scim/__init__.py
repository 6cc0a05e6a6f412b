"""SCIM: what a company's directory says of its people and groups."""
