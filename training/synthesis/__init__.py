"""Speech made by code, with the exact times of its phones.

`python -m training.synthesis --out FOLDER --minutes 60 --seed 1` writes shards;
`read_shards(FOLDER)` gives the clips.
"""

from .factory import make_clip, make_shards, neural, shard_count
from .shards import read_shard, read_shards, write_shard
from .spoken import SpokenClip

__all__ = [
    "SpokenClip",
    "make_clip",
    "make_shards",
    "neural",
    "read_shard",
    "read_shards",
    "shard_count",
    "write_shard",
]
