"""What keeps a run from reaching anything that is not its own: the kernel, and the variables of libpq."""
