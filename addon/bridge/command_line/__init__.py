"""What `blender --command emotalk` does."""
