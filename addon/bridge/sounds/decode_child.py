"""Runs in a second Blender without window: decodes one long sound, so that the first one stays
free.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np


def main() -> None:
    """Mono samples of the request after `--` into an npy file, the rate beside it."""
    import aud

    path, start_s, duration_s, channel, out = json.loads(sys.argv[sys.argv.index("--") + 1])
    sound: Any = aud.Sound(path)  # pyright: ignore[reportCallIssue] - the stub has no arguments
    rate = round(sound.specs[0])
    if start_s > 0.0 or duration_s is not None:
        sound = sound.limit(start_s, start_s + duration_s if duration_s is not None else 1e9)
    data = sound.data()
    samples = data.mean(axis=1, dtype=np.float32) if channel is None else data[:, channel - 1]
    np.save(Path(out).with_suffix(".rate.npy"), rate)
    np.save(out, samples)  # last: its presence says that all went well


if __name__ == "__main__":
    main()
