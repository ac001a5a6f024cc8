"""How is it summed or stepped? Methods that would be just as true in a fluid code."""
