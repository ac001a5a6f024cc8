"""Damaged input for every reader, and runs that are killed: the harness behind the robustness table."""
