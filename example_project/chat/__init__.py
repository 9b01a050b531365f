"""A chat service: users, sessions, messages, and the workflows that answer them."""
