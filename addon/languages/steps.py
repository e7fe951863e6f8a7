"""What is told of work while it is done: the core's words and ours, to be translated."""

from __future__ import annotations

from typing import Final

from . import translated

__all__ = ["STEPS", "step_told"]

STEPS: Final = (
    "Carrying the shapes over",
    "Checking them",
    "Closing the lids",
    "Decoding sound",
    "Done",
    "Finding the face",
    "Finding the features",
    "Fitting the face",
    "Folding",
    "Following lips and lids",
    "Hashing",
    "Keeping lids out of the eyes",
    "Laying the shapes into the expressions",
    "Listening",
    "Loading the model",
    "Looking at it",
    "Looking at the engine's Python",
    "Looking for eyes and lips",
    "Looking for the face",
    "Looking for the head",
    "Looking for the words",
    "Looking for what is nearest",
    "Making graphs",
    "Making the environment",
    "Measuring the level",
    "Naming the phones",
    "Reading the checkpoint",
    "Reading the sound",
    "Reading the text",
    "Removing the environment",
    "Saving",
    "Shaping the curves",
    "Smoothing what is far from the face",
    "Starting",
    "Stopping",
    "Trying PyTorch",
    "Turning eyes, moving teeth",
    "Writing curves",
    "Writing keys",
    "Writing the decoder",
    "Writing the encoders",
    "Writing the file",
)
"""What `progress` is given, in English. With a name or a number in it, it stays so."""


def step_told(what: str) -> str:
    """A step in Blender's language; of several works, "2/5: Listening", with its number."""
    number, mark, step = what.rpartition(": ")
    return f"{number}{mark}{translated(step)}"
