"""Folders of SQL files: one module for each tool that runs such folders, one runner for all."""
