"""Model folders: sizes, tensors, networks."""
