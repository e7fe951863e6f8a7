"""The authors' checkpoint of the published network becomes a model folder.

The file is a pickle: it is read with PyTorch's weights-only loader, which builds tensors and plain
containers and refuses everything else before it runs.
"""

from __future__ import annotations

import hashlib
import pickle
import re
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from ..atomic_file import disk_error
from ..errors import InputError, SetupError
from ..progress import Progress, part_of, silent
from .authors_file import (
    NOT_NEEDED,
    authors_shapes,
    encoder_tensors,
    has_equal_convolutions,
    model_tensors,
)
from .config import ModelConfig, PublishedConfig, write_config
from .folder import DIGEST, load_model
from .tensors import write_tensors

__all__ = ["LICENCE", "Imported", "import_checkpoint"]

LICENCE: Final = (
    "The weights are the authors' (Psyche AI Inc.), licensed CC BY-NC 4.0: for non-commercial use "
    "only, with their names; commercial use by arrangement with them."
)

USUAL: Final = PublishedConfig()
"""Sizes that a checkpoint must have, but for those that are read off its tensors."""

_WRAPPINGS: Final = ("state_dict", "model_state_dict", "model", "net", "network", "weights")
_NEWER_NAMES: Final = {
    "parametrizations.weight.original0": "weight_g",
    "parametrizations.weight.original1": "weight_v",
}
_NAMED: Final = 12  # faults in one message; the rest are counted
_SPARE_BYTES: Final = 1 << 26


@dataclass(frozen=True)
class Imported:
    """What was read from a checkpoint."""

    folder: Path
    config: ModelConfig
    n_tensors: int
    n_parameters: int
    missing: tuple[str, ...]  # names that curves do not depend on
    left_over: tuple[str, ...]  # names that the network does not have


def import_checkpoint(
    file: Path, folder: Path, *, ignore_left_over: bool = False, progress: Progress = silent
) -> Imported:
    """Write the model folder `folder` from the authors' `file`.

    The folder appears when it is whole.

    Raises
    ------
    InputError
        The file is no checkpoint, holds code, or its tensors are not the network's, each named; the
        folder is there already.
    SetupError
        The disk is full or cannot be written to.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            "Something is there already", value=folder, remedy="Name a new folder with -o."
        )
    progress(0.0, "Reading the checkpoint")
    tensors = _read_tensors(file)
    config = _config_of(file, tensors)
    expected = authors_shapes(config)
    missing = tuple(n for n in expected if n not in tensors and n.endswith(NOT_NEEDED))
    left_over = tuple(n for n in tensors if n not in expected)
    _check(file, tensors, expected, ignore_left_over=ignore_left_over)
    filled = {n: np.zeros(expected[n], np.float32) for n in missing} | tensors
    config = _with_shared_convolutions(config, filled)
    about = Imported(
        folder=folder,
        config=config,
        n_tensors=len(tensors) - len(left_over),
        n_parameters=sum(tensors[n].size for n in expected if n in tensors),
        missing=missing,
        left_over=left_over,
    )
    _write(file, about, filled, part_of(progress, 0.2, 1.0))
    progress(1.0, "Done")
    return about


def _read_tensors(file: Path) -> dict[str, np.ndarray]:
    """float32 arrays under the published names; those of a zip stay on the disk until they are
    used.
    """
    found = _unwrapped(file, _load(file))
    names = [str(name) for name in found]
    prefix = "module." if all(name.startswith("module.") for name in names) else ""
    arrays = {}
    for name, value in found.items():
        if not isinstance(value, torch.Tensor):
            raise InputError(f"{name} is no tensor in the checkpoint", value=file, remedy=_OTHER)
        ours = str(name).removeprefix(prefix)
        for newer, older in _NEWER_NAMES.items():
            ours = ours.replace(newer, older)
        if not value.is_floating_point():
            raise InputError(f"{name} holds {value.dtype}", value=file, remedy=_OTHER)
        arrays[ours] = value.detach().to("cpu", torch.float32).numpy()
    return arrays


_OTHER: Final = "Give the authors' EmoTalk.pth, or the state dict of a network like it."


def _load(file: Path) -> object:
    """What the pickle holds, without running anything of it."""
    if not file.is_file():
        raise InputError("No such checkpoint", value=file, remedy="Check the name.")
    try:
        return torch.load(
            file, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(file)
        )
    except pickle.UnpicklingError as error:
        named = re.search(r"GLOBAL ([\w.]+)", str(error))
        held = f"code ({named[1]})" if named else "something else than weights"
        raise InputError(
            f"The checkpoint holds {held}; nothing of it was run",
            value=file,
            remedy="Ask for a file that holds tensors alone.",
        ) from error
    except OSError as error:
        raise InputError(
            "Checkpoint cannot be read", value=file, remedy=f"{error.strerror or error}."
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise InputError(
            "Not a PyTorch checkpoint, or cut short", value=file, remedy="Fetch it again."
        ) from error


def _unwrapped(file: Path, held: object) -> Mapping[Any, Any]:
    """The table of tensors, which may lie in another table."""
    for _ in range(3):
        if not isinstance(held, Mapping) or not held:
            break
        if all(isinstance(value, torch.Tensor) for value in held.values()):
            return held
        inner = [held[key] for key in _WRAPPINGS if isinstance(held.get(key), Mapping)]
        if not inner:
            return held
        held = inner[0]
    raise InputError("No table of tensors in the checkpoint", value=file, remedy=_OTHER)


def _config_of(file: Path, tensors: Mapping[str, np.ndarray]) -> ModelConfig:
    """Sizes as the tensors have them, where a network of this kind may differ."""
    layers = [
        int(match[1])
        for name in tensors
        if (match := re.match(r"audio_encoder_cont\.encoder\.layers\.(\d+)\.", name))
    ]
    encoder = USUAL.encoder
    assert encoder is not None

    def rows(name: str, axis: int, otherwise: int) -> int:
        shape = tensors[name].shape if name in tensors else ()
        return shape[axis] if len(shape) == 2 else otherwise

    dense = "audio_encoder_cont.encoder.layers.0.feed_forward.intermediate_dense.weight"
    classes = "audio_encoder_emo.classifier.out_proj.weight"
    return ModelConfig(
        name=file.stem,
        kind="published",
        n_styles=rows("obj_vector_person.weight", 1, 24),
        published=replace(
            USUAL,
            encoder=replace(
                encoder,
                n_layers=max(layers, default=encoder.n_layers - 1) + 1,
                feed_forward=rows(dense, 0, encoder.feed_forward),
            ),
            n_classes=8 if rows(classes, 0, 0) == 8 else USUAL.n_classes,
        ),
    )


def _check(
    file: Path,
    tensors: Mapping[str, np.ndarray],
    expected: Mapping[str, tuple[int, ...]],
    *,
    ignore_left_over: bool,
) -> None:
    """Name every tensor that is missing, left over, misshapen or damaged."""
    faults = [
        f"{name} is missing"
        for name in expected
        if name not in tensors and not name.endswith(NOT_NEEDED)
    ]
    if not ignore_left_over:
        faults += [f"{name} is left over" for name in tensors if name not in expected]
    for name, shape in expected.items():
        if name in tensors and tensors[name].shape != shape:
            faults.append(f"{name} is {tensors[name].shape}, not {shape}")
        elif name in tensors and not np.isfinite(tensors[name]).all():
            faults.append(f"{name} holds values that are no numbers")
    if faults:
        only_extra = all(fault.endswith("left over") for fault in faults)
        more = f"; and {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
        raise InputError(
            f"Tensors of {file.name} are not the network's",
            value="; ".join(faults[:_NAMED]) + more,
            remedy="Add --ignore-left-over to import the rest." if only_extra else _OTHER,
        )


def _with_shared_convolutions(
    config: ModelConfig, tensors: Mapping[str, np.ndarray]
) -> ModelConfig:
    sizes = config.published
    assert sizes is not None
    assert sizes.encoder is not None
    is_shared = has_equal_convolutions(tensors.__getitem__, sizes.encoder)
    return replace(config, published=replace(sizes, share_convolutions=is_shared))


def _write(
    file: Path, about: Imported, tensors: Mapping[str, np.ndarray], progress: Progress
) -> None:
    """Make the folder beside its place, then move it there."""
    folder = about.folder.absolute()
    if not folder.parent.is_dir():
        raise InputError("No such folder", value=folder.parent, remedy="Make it first.")
    _ensure_space(folder.parent, 4 * about.n_parameters + _SPARE_BYTES)
    try:
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            _fill(partial, file, about, tensors, progress)
            load_model(partial)
            if folder.is_dir():
                folder.rmdir()  # empty: looked at before
            partial.chmod(0o755)
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise disk_error(error, folder) from error


def _ensure_space(folder: Path, n_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < n_bytes:
        raise SetupError(
            f"Too little disk space: {n_bytes / 1e9:.1f} GB are needed",
            value=f"{free / 1e9:.1f} GB free in {folder}",
            remedy="Free some, or name another folder with -o.",
        )


def _fill(
    folder: Path,
    file: Path,
    about: Imported,
    tensors: Mapping[str, np.ndarray],
    progress: Progress,
) -> None:
    sizes, notes = about.config.published, {"licence": LICENCE}
    assert sizes is not None
    get = tensors.__getitem__
    progress(0.0, "Folding")
    encoder = dict(encoder_tensors(get, sizes))
    digest = hashlib.blake2b(digest_size=16)
    for done, (name, array) in enumerate(sorted(encoder.items())):
        progress(0.1 + 0.4 * done / len(encoder), "Hashing")
        digest.update(name.encode() + np.ascontiguousarray(array).data)
    progress(0.5, "Writing the encoders")
    write_tensors(folder / "encoder.safetensors", encoder, notes | {DIGEST: digest.hexdigest()})
    progress(0.9, "Writing the decoder")
    write_tensors(folder / "model.safetensors", dict(model_tensors(get)), notes)
    write_config(about.config, folder / "config.json")
    template = Path(__file__).with_name("imported_card.md").read_text(encoding="utf-8")
    card = template.format(
        name=about.config.name,
        source=file.name,
        sha256=_sha256(file),
        n_parameters=about.n_parameters,
        licence=LICENCE,
    )
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    (folder / "LICENSE-WEIGHTS.md").write_text(
        f"{LICENCE}\n\nhttps://creativecommons.org/licenses/by-nc/4.0/legalcode\n", encoding="utf-8"
    )


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
