"""What a statement says, read from sqlglot's tokens."""
