"""What does the equation say? Pure functions of arrays, one formula in one place, with its equation number."""
