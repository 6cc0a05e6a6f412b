"""Tests of what each area does, through the API."""
