"""Runs in a second Blender without window: plays one scene's strips into a wav."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import bpy

_LOOK_S = 0.05
_STUCK_S = 60.0


def main() -> None:
    """The only scene of the file in the request after `--`, as the request's wav."""
    source, out = json.loads(sys.argv[sys.argv.index("--") + 1])
    library: Any = bpy.data.libraries.load(source)
    with library as (there, wanted):
        wanted.scenes = list(there.scenes)
    part = Path(out).with_suffix(".part.wav")
    with bpy.context.temp_override(scene=wanted.scenes[0]):
        bpy.ops.sound.mixdown(filepath=str(part), container="WAV", codec="PCM", format="S16")
    wait_until_whole(part)
    part.replace(out)  # last: its presence says that all went well


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
