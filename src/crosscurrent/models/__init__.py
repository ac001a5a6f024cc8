"""What is the material? Models, readers of files, and built-in materials with their sources."""
