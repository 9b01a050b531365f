"""Migrated databases for the user's own tests: templates, their cache, copies, and steps by hand."""
