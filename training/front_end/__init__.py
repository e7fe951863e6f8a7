"""The starter's front end: Whisper's first layers, made free of positions by distillation."""
