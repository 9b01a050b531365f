"""What is asked of a history: one module for each kind of item."""
