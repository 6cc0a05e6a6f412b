"""Client libraries as their own manuals set them up, against a real server."""
