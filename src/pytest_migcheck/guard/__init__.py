"""What keeps a run from reaching anything that is not its own: the kernel, the drivers, the variables of libpq."""
