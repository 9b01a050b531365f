"""One statement at a time, whoever runs it: its text, its source line, its locks, scans and rewrites."""
