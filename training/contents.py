"""Measures what the content of the model that ships is like while each phone is heard:
`python -m training.contents docs/recordings/*.flac`, once after each training.
"""

from __future__ import annotations

import sys
from pathlib import Path

from emotalk_core.audio import open_sound
from emotalk_core.engine.builtin import BuiltinEngine
from emotalk_core.model.folder import load_model, starter_folder
from emotalk_core.pipeline import encode
from emotalk_core.speech.phone_contents import mean_contents, write_contents


def main(sounds: list[Path]) -> None:
    """Write the file beside the model."""
    model = load_model(starter_folder())
    engine = BuiltinEngine(model)
    contents = [encode(open_sound(path), engine).content for path in sounds]
    means = mean_contents(contents, model.config.content.width)
    write_contents(means, model.key, starter_folder())


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
