"""What is asked of a take: sliders, phrases, lips, looks; gathered and checked."""
