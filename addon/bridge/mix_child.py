"""Runs in a second Blender without window: plays one scene's strips into a wav."""

import json
import sys
from pathlib import Path

import bpy


def main() -> None:
    """The only scene of the file in the request after `--`, as the request's wav."""
    source, out = json.loads(sys.argv[sys.argv.index("--") + 1])
    with bpy.data.libraries.load(source) as (there, wanted):
        wanted.scenes = list(there.scenes)
    part = Path(out).with_suffix(".part.wav")
    with bpy.context.temp_override(scene=wanted.scenes[0]):
        bpy.ops.sound.mixdown(filepath=str(part), container="WAV", codec="PCM", format="S16")
    part.replace(out)  # last: its presence says that all went well


if __name__ == "__main__":
    main()
