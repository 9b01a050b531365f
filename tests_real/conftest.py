"""The folders below ``projects`` are projects of their own, run by the tests in a process of their own."""

collect_ignore = ["projects"]
