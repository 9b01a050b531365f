"""The history process: the user's env.py, revisions, models and hooks run in it, and plain data comes back."""
