"""What each field means: reads as SQL, writes as use cases. The file names are those of `schema/`."""
