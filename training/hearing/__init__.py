"""Front end and lips learn to hear in noise what they hear without, and to name phones.

The last step of the shipped weights, made for a card: all of it, the noise included, is computed
where the network learns.
"""

from .lesson import HearingSettings, hear
from .streams import Clip

__all__ = ["Clip", "HearingSettings", "hear"]
