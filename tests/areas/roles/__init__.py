"""Roles: built-in ones, and those that a tree makes for itself."""
