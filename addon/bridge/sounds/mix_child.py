"""Plays one scene's strips into a wav; runs in a second Blender without window."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import bpy

_LAYOUTS = {
    "CHANNELS_4": "SURROUND4",
    "CHANNELS_5": "SURROUND5",
    "SURROUND_51": "SURROUND51",
    "SURROUND_61": "SURROUND61",
    "SURROUND_71": "SURROUND71",
}
"""What the mixer calls channels of sounds, where their own name is another one."""
_LOOK_S = 0.05
_STUCK_S = 60.0


def main() -> None:
    """The only scene of the file in the request after `--`, as the request's wav."""
    source, out = json.loads(sys.argv[sys.argv.index("--") + 1])
    library: Any = bpy.data.libraries.load(source)
    with library as (there, wanted):
        wanted.scenes = list(there.scenes)
    part = Path(out).with_suffix(".part.wav")
    mix(wanted.scenes[0], bpy.data.sounds[0], part)
    part.replace(out)  # last: its presence says that all went well


def mix(scene: bpy.types.Scene, sound: Any, wav: Path) -> None:
    """What the strips of `scene` play of `sound`, each of its channels as one of the wav."""
    mixdown: Any = bpy.ops.sound.mixdown
    known = mixdown.get_rna_type().properties.get("channels")
    layout = _LAYOUTS.get(sound.channels, sound.channels)
    asked = {"channels": layout} if known and layout in known.enum_items else {}
    with bpy.context.temp_override(scene=scene):
        mixdown(filepath=str(wav), container="WAV", codec="PCM", format="S16", **asked)
    wait_until_whole(wav)


def wait_until_whole(wav: Path) -> None:
    """Until `wav` is as long as its head says: Blender 5.2 mixes in a thread of its own, and the
    operator returns at once.

    Raises
    ------
    TimeoutError
        It has not grown for a minute.
    """
    size, since_s = -1, time.monotonic()
    while not is_whole(wav):
        now = wav.stat().st_size if wav.is_file() else 0
        if now != size:
            size, since_s = now, time.monotonic()
        if time.monotonic() - since_s > _STUCK_S:
            raise TimeoutError(wav)
        time.sleep(_LOOK_S)


def is_whole(wav: Path) -> bool:
    """Whether the length in a RIFF file's head, written last, is the file's own."""
    if not wav.is_file():
        return False
    with wav.open("rb") as file:
        head = file.read(8)
        return head[:4] == b"RIFF" and int.from_bytes(head[4:], "little") + 8 == file.seek(0, 2)


if __name__ == "__main__":
    main()
