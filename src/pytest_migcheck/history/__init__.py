"""Where migrations come from: one sub-package for each kind of history."""
