"""The networks that EmoTalk was compared with, on 52 coefficients and the same frozen features.

Written from their papers and what is known of their code; where something had to be adapted, the
module says so.
"""

from .faceformer import FaceFormer
from .meshtalk import MeshTalk
from .voca import Voca

__all__ = ["FaceFormer", "MeshTalk", "Voca"]
