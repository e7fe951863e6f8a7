"""Takes from anywhere: sound with curves at 30 fps, who speaks, which words, which feeling."""
