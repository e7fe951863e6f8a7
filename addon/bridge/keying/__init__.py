"""Curves onto a face: what drives its meshes and bones, Actions of ours, and what lies below."""
