"""Findings that the user has answered already: ignores with a reason, older revisions, the baseline."""
