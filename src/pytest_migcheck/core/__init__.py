"""Plain data and pure functions of the domain; imports the standard library only."""
