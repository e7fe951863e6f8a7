"""Speech made by code, with the exact times of its phones.

`python -m training.synthesis --out FOLDER --minutes 60 --seed 1` writes shards;
`read_shards(FOLDER)` gives the clips.
"""

from .factory import ENGINES, make_clip, make_shards
from .parallel import ParallelPlan, make_parallel, make_parallel_shards, parallel_voice
from .shards import read_shard, read_shards, write_shard
from .spoken import SAMPLE_RATE, Acted, SpokenClip

__all__ = [
    "ENGINES",
    "SAMPLE_RATE",
    "Acted",
    "ParallelPlan",
    "SpokenClip",
    "make_clip",
    "make_parallel",
    "make_parallel_shards",
    "make_shards",
    "parallel_voice",
    "read_shard",
    "read_shards",
    "write_shard",
]
