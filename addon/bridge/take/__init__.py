"""Takes: asked for, written, remembered; and the way from one to the next on a face."""
