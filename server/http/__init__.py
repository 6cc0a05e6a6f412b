"""HTTP requests, read strictly."""
