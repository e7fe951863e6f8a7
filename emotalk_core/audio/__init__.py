"""Sound as the networks hear it: 16 kHz mono blocks out of any file, and what its file tells."""

from .sources import ArraySound, SoundSource, open_sound, read_samples

__all__ = ["ArraySound", "SoundSource", "open_sound", "read_samples"]
