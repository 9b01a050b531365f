"""A database at any revision of a history."""
