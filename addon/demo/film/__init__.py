"""The demo's film and the gallery: for `run.py demo` and `run.py gallery`, not in the zip."""
