"""What runs in the background, with which engine, and what is seen of it."""
