"""The steps from raw parts to weights; each leaves its result in the work folder and does nothing
when it is there.
"""

from __future__ import annotations

import csv
import hashlib
import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Sequence, Set
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch

from emotalk_core.model.config import read_config, write_config
from emotalk_core.model.folder import load_model, model_shapes, starter_folder
from emotalk_core.model.network import Starter
from emotalk_core.model.tensors import read_tensors, write_tensors
from emotalk_core.timing import SAMPLE_RATE

from .checkpoints import read_state, write_state
from .config import Course
from .courses import Weights, extract_sets, lip_clips, lip_sets, take_course, weights_in
from .datasets import Recording, load_emodb, load_open_speech, load_samples
from .faces import phone_numbers
from .filmed import load_facegood, load_grid
from .front_end.last_layer import LastLayer
from .hearing import Clip
from .hearing import hear as taught_to_hear
from .hearing.streams import STATE_SAMPLES
from .listener import (
    ListenerSettings,
    Voices,
    fit_listener,
    gather,
    recalls,
    together,
    write,
)
from .revision import revision
from .seeds import seed_torch
from .trainer import Pupil, face_parts, name_parts
from .trainer import train as train_lips
from .work import Work, made

__all__ = [
    "Work",
    "actors_of",
    "align",
    "export",
    "extract_features",
    "finish",
    "hear",
    "listen",
    "make_front_end",
    "readers_of",
    "synthesise",
    "train",
    "write_trained",
]

log = logging.getLogger(__name__)

_KEPT: Final = "kept.pt"  # the weights after the last course
_ACTORS: Final = ("emodb", "sped", "voiced")
_OTHER_READERS: Final = ("grid", "german", "facegood")
_USUAL: Final = "usual"  # beside the listener's weights: what a usual voice is heard as
_LISTENED: Final = ("open_speech", "quiet", "acted", "cremad", *_ACTORS, *_OTHER_READERS)


def make_front_end(work: Work) -> None:
    """Fetch the published encoder and teach its student: positions, then steadiness."""
    from .front_end.distil import DistilConfig, distil
    from .front_end.lesson import LessonConfig
    from .front_end.steady import steady
    from .frontend_weights import convert, fetch

    if work.shipped_front_end or work.encoder.is_file():
        return
    folder = work.encoder.parent
    folder.mkdir(parents=True, exist_ok=True)
    sounds = [
        load_samples(r.source)
        for load in (load_open_speech, load_emodb, load_grid, load_facegood)
        for r in load(work.data)
        if r.split != "test"
    ]
    student = folder / "student.safetensors"
    if not student.is_file():
        source, teacher = folder / "model.bin", folder / "teacher.safetensors"
        if not source.is_file():
            fetch(source)
        convert(source, teacher)
        distil(teacher, sounds, student, DistilConfig())
    steady(student, sounds, work.encoder, LessonConfig())


def align(work: Work) -> None:
    """Find phone times of readers who came without: of a German one by her text, of English ones
    by words that are found first.
    """
    from .alignment import align_all, recogniser
    from .frontend_weights import fetch_wheels
    from .told import align_texts, german_texts

    if not work.told.is_file():
        texts = german_texts(work.data, work.config.features.german_clips)
        if texts:
            align_texts(texts, load_model(starter_folder()), work.told, log.info)
    if work.aligned.is_file():
        return
    silent = [r for r in load_open_speech(work.data) if not r.phones and r.split != "test"]
    with tempfile.TemporaryDirectory() as folder:
        model = recogniser(fetch_wheels(Path(folder)), work.folder / "recogniser")
    align_all(silent, model, work.aligned, log.info)


def synthesise(work: Work) -> None:
    """Make speech with exact phone times: by quick engines, and by neural voices if asked for."""
    from .synthesis import make_shards, neural, shard_count

    wanted, seed = work.config.synthesis, work.config.seed
    for folder, minutes, engines in (
        (work.synth, wanted.minutes, None),
        (work.kokoro, wanted.kokoro_minutes, lambda: neural(work.folder / "kokoro_parts")),
    ):
        if len([*folder.glob(f"seed{seed}_*.npz")]) < shard_count(minutes):
            make_shards(
                folder,
                minutes=minutes,
                seed=seed,
                progress=lambda share, what: log.info("%3.0f %% %s", 100 * share, what),
                engines=engines() if engines else None,
            )


def extract_features(work: Work) -> None:
    """Run the front end over every copy of every set that lips learn from."""
    extract_sets(work, work.encoder, work.features, [*lip_sets(work, work.config.shares)])


def train(work: Work) -> None:
    """Lips and face; resumes from the last checkpoint."""
    work.run.mkdir(parents=True, exist_ok=True)
    seed = work.config.seed
    seed_torch(seed)
    _explain(
        work, [r for name in lip_sets(work, work.config.shares) for r in work.recordings(name)]
    )
    clips = lip_clips(work, work.features, work.config.shares)
    pupil, face = _pupil(work, _network(work)), work.config.face
    train_lips(pupil, clips, face, face_parts(work.config.losses), work.run, seed=(seed, 0))
    kept: Weights = weights_in(work.run / "best.pt")
    for number, name in enumerate(("second", "third"), 1):
        course: Course = getattr(work.config, name)
        kept = take_course(
            pupil,
            kept,
            clips,
            course=course,
            parts_of=face_parts(course.losses),
            settings=face,
            folder=work.run / name,
            seed=(seed, number),
        )
    write_state(kept, work.run / _KEPT)
    write_trained(work)


def hear(work: Work) -> None:
    """Teach front end and lips to hear in noise, unless that is done."""
    if (work.heard / "config.json").is_file():
        return
    made(work.trained / "config.json", "train")
    work.heard.mkdir(parents=True, exist_ok=True)

    def clips(name: str) -> list[Clip]:
        return [_as_clip(r, name) for r in _split(work.recordings(name), "train")]

    groups = {n: (clips(n), s) for n, s in asdict(work.config.heard_shares).items()}
    groups = {name: group for name, group in groups.items() if group[0]}
    model = load_model(work.trained)
    encoder, tensors = taught_to_hear(model, groups, work.config.hearing, work.heard / "state.pt")
    _, of_encoder = read_tensors(work.trained / "encoder.safetensors")
    _, of_model = read_tensors(work.trained / "model.safetensors")
    of_encoder["heard"] = f"in noise, {work.config.hearing.share:g} of the change kept"
    write_tensors(work.heard / "model.safetensors", tensors, of_model)
    write_tensors(work.heard / "encoder.safetensors", encoder, of_encoder)
    write_config(model.config, work.heard / "config.json")


def finish(work: Work) -> None:
    """Once more, on what the front end says that hears in noise: phones are named by more voices,
    then the decoder learns what to make of it; unless that is done.
    """
    if (work.finished / "config.json").is_file():
        return
    model = load_model(made(work.heard / "config.json", "hear").parent)
    config, features = work.config, work.heard / "features"
    pupil = Pupil(Starter.from_tensors(model.config, model.tensors))
    network = pupil.network
    drawing = face_parts(config.drawing.losses)
    courses = (
        ("naming", config.naming_shares, name_parts, network.content.phones),
        ("drawing", config.shares, drawing, network.decoder),
    )
    kept: Weights = {n: t.clone() for n, t in pupil.state_dict().items()}
    for number, (name, shares, parts_of, learning) in enumerate(
        courses, 3
    ):  # after those of `train`
        course: Course = getattr(config, name)
        if not course.steps:
            continue
        encoder = work.heard / "encoder.safetensors"
        extract_sets(work, encoder, features, [*lip_sets(work, shares)])
        network.requires_grad_(requires_grad=False)
        learning.requires_grad_(requires_grad=True)
        kept = take_course(
            pupil,
            kept,
            lip_clips(work, features, shares),
            course=course,
            parts_of=parts_of,
            settings=config.face,
            folder=work.finished / name,
            seed=(config.seed, number),
        )
    pupil.load_state_dict(kept)
    work.finished.mkdir(parents=True, exist_ok=True)
    _, about = read_tensors(work.heard / "model.safetensors")
    write_tensors(work.finished / "model.safetensors", network.export(), about)
    shutil.copyfile(work.heard / "encoder.safetensors", work.finished / "encoder.safetensors")
    write_config(model.config, work.finished / "config.json")


def _as_clip(recording: Recording, name: str) -> Clip:
    """Its sound, and its phones where they may be learnt from."""
    samples = load_samples(recording.source)
    n = len(samples) // STATE_SAMPLES
    if name == "quiet":
        return Clip(samples, np.zeros(n, np.int64))
    if not recording.phones:
        return Clip(samples)
    centres = (np.arange(n) + 0.5) * STATE_SAMPLES / SAMPLE_RATE
    return Clip(samples, phone_numbers(recording.phones, centres))


def listen(work: Work) -> None:
    """Fit the emotion branch alone and write `listener.pt`."""
    features = work.heard / "features"
    made(work.heard / "config.json", "hear")
    extract_sets(work, work.heard / "encoder.safetensors", features, _LISTENED)
    network, settings = _network(work), work.config.listener
    known = {name: work.recordings(name) for name in _LISTENED}

    def voices(name: str, *splits: str) -> Voices:
        chosen = [r for r in known[name] if r.split in splits]
        reach = network.config.emotion.reach
        return gather(chosen, work.feature_set(name, features), settings, reach=reach)

    there = {name for name, recordings in known.items() if recordings}
    quiet, readers = voices("quiet", "train", "dev"), readers_of(voices, there, settings)

    def actors(*splits: str) -> Voices:
        return actors_of(voices, there, settings, readers, splits)

    tried = fit_listener(actors("train"), quiet, readers, settings)
    for name in ("emodb", "cremad"):
        if name in there:
            found = recalls(tried, voices(name, "dev"))
            mean = np.mean(list(found.values()))
            log.info("listener, unseen speakers of %s: recall %.3f %s", name, mean, found)
    fitted = fit_listener(actors("train", "dev"), quiet, readers, settings)
    write(fitted, network)
    usual = {_USUAL: torch.tensor(fitted.usual, dtype=torch.float64)}
    write_state(network.emotion.state_dict() | usual, work.run / "listener.pt")


def readers_of(
    voices: Callable[..., Voices], there: Set[str], settings: ListenerSettings
) -> Voices:
    """Who reads and does not act, of the sets that are `there`; `voices` as `gather` has them, by
    set and splits.
    """
    others = [n for n in _OTHER_READERS if n in there]
    parts = [(voices(name, "train"), settings.other_readers) for name in others]
    return _weighed([(voices("open_speech", "train"), 1.0), *parts])


def actors_of(
    voices: Callable[..., Voices],
    there: Set[str],
    settings: ListenerSettings,
    readers: Voices,
    splits: Sequence[str],
) -> Voices:
    """Whom the listener learns from: actors of these splits, people who act by rule, readers."""
    parts = [(together(*(voices(name, *splits) for name in _ACTORS)), 1.0)]
    parts.append((voices("acted", "train"), settings.by_rule))
    if "cremad" in there:
        parts.append((voices("cremad", *splits), settings.cremad))
    return _weighed([*parts, (readers, settings.reading)])


def _weighed(parts: Sequence[tuple[Voices, float]]) -> Voices:
    return together(*(part for part, _ in parts), shares=[share for _, share in parts])


def _split(recordings: Sequence[Recording], split: str) -> list[Recording]:
    return [r for r in recordings if r.split == split]


def _network(work: Work) -> Starter:
    stored = np.load(work.features / "standardise.npz")
    return Starter(
        work.model_config, torch.from_numpy(stored["mean"]), torch.from_numpy(stored["scale"])
    )


def _pupil(work: Work, network: Starter) -> Pupil:
    if work.config.face.last_layer_rate <= 0.0:
        return Pupil(network)
    tensors, _ = read_tensors(work.encoder)
    reach = network.config.front_end.reach
    return Pupil(network, LastLayer(tensors, network.mean, network.scale, reach))


def _explain(work: Work, recordings: Sequence[Recording]) -> None:
    """Leave the config, the code's revision and a list of the data beside the checkpoints."""
    about = {
        "config": asdict(work.config),
        "revision": revision(),
        "encoder": hashlib.sha256(work.encoder.read_bytes()).hexdigest(),
        "torch": torch.__version__,
    }
    (work.run / "about.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    with (work.run / "data.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["clip", "speaker", "split", "seconds", "phones", "emotion"])
        for r in recordings:
            rows.writerow(
                [r.name, r.speaker, r.split, f"{r.seconds:.3f}", len(r.phones), r.emotion or ""]
            )


def write_trained(work: Work) -> None:
    """The averaged weights as a model folder."""
    network = _network(work)
    pupil = _pupil(work, network)
    pupil.load_state_dict(read_state(work.run / _KEPT))
    folder = work.trained
    folder.mkdir(parents=True, exist_ok=True)
    tensors = network.export()
    assert {n: t.shape for n, t in tensors.items()} == model_shapes(network.config)
    write_tensors(
        folder / "model.safetensors", tensors, {"name": work.config.name, "licence": "CC BY 4.0"}
    )
    encoder, metadata = read_tensors(work.encoder)
    if pupil.front is not None:
        encoder = {**encoder, **pupil.front.tensors()}
        metadata = metadata | {"tuned": f"last layer, by the lips of {work.config.name}"}
    write_tensors(folder / "encoder.safetensors", encoder, metadata)
    write_config(network.config, folder / "config.json")


def export(work: Work, folder: Path) -> None:
    """Write the finished weights with their listener as a model folder and read them back."""
    made(work.finished / "config.json", "finish")
    listener = read_state(made(work.run / "listener.pt", "listen"))
    usual = tuple(listener.pop(_USUAL).tolist())
    folder.mkdir(parents=True, exist_ok=True)
    tensors, metadata = read_tensors(work.finished / "model.safetensors")
    fitted = {f"emotion.{n}": t.numpy().astype(np.float16) for n, t in listener.items()}
    write_tensors(folder / "model.safetensors", {**tensors, **fitted}, metadata)
    shutil.copyfile(work.finished / "encoder.safetensors", folder / "encoder.safetensors")
    config = read_config(work.finished / "config.json")
    emotion = replace(config.emotion, usual=usual)
    write_config(replace(config, emotion=emotion), folder / "config.json")
    load_model(folder)
