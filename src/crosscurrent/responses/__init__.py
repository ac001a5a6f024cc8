"""What was asked? One file a question; the only rooms that know models, physics and numerics."""
