"""The steps from raw parts to weights; each leaves its result in the work folder and does nothing
when it is there.
"""

from __future__ import annotations

import csv
import hashlib
import json
import logging
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch

from emotalk_core.engine.frontend import Encoder
from emotalk_core.errors import SetupError
from emotalk_core.model.config import FrontEndConfig, ModelConfig, write_config
from emotalk_core.model.folder import load_model, model_shapes, starter_folder
from emotalk_core.model.network import Starter
from emotalk_core.model.tensors import read_tensors, write_tensors

from .batches import Clips
from .config import Course, RunConfig
from .datasets import (
    Recording,
    load_emodb,
    load_facegood,
    load_grid,
    load_open_speech,
    load_samples,
    load_synth,
    make_quiet,
)
from .features import CopyPlan, FeatureSet, FrontEnd, Standardise, estimate_standardise, extract
from .front_end.last_layer import LastLayer
from .front_end.noise import with_lesson
from .listener import Voices, fit_listener, gather, recalls, write
from .trainer import Pupil, train_face

__all__ = [
    "Work",
    "align",
    "export",
    "extract_features",
    "listen",
    "make_front_end",
    "synthesise",
    "train",
]

log = logging.getLogger(__name__)

_Weights = dict[str, torch.Tensor]

_KEPT: Final = "kept.pt"  # the weights after the last course
_MODULE: Final = "module."  # how torch's averaging names what it averages
_WARMUP, _AVERAGE = 30, 0.99  # of later courses, which are short

SETS: Final = (
    "open_speech", "read", "grid", "facegood", "synth", "kokoro", "quiet", "emodb", "plain",
)  # fmt: skip


@dataclass(frozen=True)
class Work:
    """Where a run's parts lie."""

    config: RunConfig
    data: Path  # recordings, read only
    folder: Path  # everything made on the way
    shipped_front_end: bool = False  # take the encoder that ships in place of distilling it anew

    @property
    def encoder(self) -> Path:
        """The front end as distilled and steadied: lips and its last layer are trained on it."""
        own = self.folder / "front_end" / "encoder.safetensors"
        return starter_folder() / "encoder.safetensors" if self.shipped_front_end else own

    @property
    def encoder_in_noise(self) -> Path:
        """The same after its lesson in noise, which the weights that ship get added."""
        return self.folder / "front_end" / "noise.safetensors"

    @property
    def sets(self) -> list[str]:
        """What is learnt from; speech by neural voices where the config asks for it."""
        return [n for n in SETS if n != "kokoro" or self.config.synthesis.kokoro_minutes > 0]

    @property
    def synth(self) -> Path:
        """Shards of synthesised speech."""
        return self.folder / "synth"

    @property
    def kokoro(self) -> Path:
        """Shards of speech by neural voices."""
        return self.folder / "kokoro"

    @property
    def aligned(self) -> Path:
        """Phones of recordings that came without."""
        return self.folder / "aligned.csv"

    @property
    def features(self) -> Path:
        """Hidden states."""
        return self.folder / "features"

    @property
    def run(self) -> Path:
        """Checkpoints, curves and what explains them."""
        return self.folder / "run"

    @property
    def model_config(self) -> ModelConfig:
        """Sizes of the network that is trained."""
        return ModelConfig(name=self.config.name, version=self.config.version)

    def recordings(self, name: str) -> list[Recording]:
        """A set without its test split."""
        sizes = self.config.features
        if name == "quiet":
            return make_quiet(sizes.quiet_clips, self.config.seed)
        load = {
            "synth": lambda: load_synth(self.synth, "synth"),
            "kokoro": lambda: load_synth(self.kokoro, "kokoro"),
            "emodb": lambda: load_emodb(self.data),
            "grid": lambda: load_grid(self.data),
            "facegood": lambda: load_facegood(self.data),
        }.get(name, lambda: self._read_aloud(name))
        return [r for r in load() if r.split != "test"]

    def _read_aloud(self, name: str) -> list[Recording]:
        """Open speech by what is known of it: phones that came with it, phones found, nothing."""
        given = {r.name: r for r in load_open_speech(self.data)}
        found = load_open_speech(self.data, self.aligned)
        chosen = {
            "open_speech": [r for r in found if given[r.name].phones],
            "read": [r for r in found if r.phones and not given[r.name].phones],
            "plain": [r for r in found if not r.phones],
        }[name]
        return chosen[: self.config.features.plain_clips] if name == "plain" else chosen

    def feature_set(self, name: str) -> FeatureSet:
        """Extracted features of a set."""
        return FeatureSet.open(self.features, name, self.model_config.front_end)


def make_front_end(work: Work) -> None:
    """Fetch the published encoder and teach its student: positions, steadiness, then noise."""
    from .front_end.distil import DistilConfig, distil
    from .front_end.lesson import LessonConfig
    from .front_end.noise import undisturbed
    from .front_end.steady import steady
    from .frontend_weights import convert, fetch

    if work.shipped_front_end or (work.encoder.is_file() and work.encoder_in_noise.is_file()):
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
    if not work.encoder.is_file():
        if not student.is_file():
            source, teacher = folder / "model.bin", folder / "teacher.safetensors"
            if not source.is_file():
                fetch(source)
            convert(source, teacher)
            distil(teacher, sounds, student, DistilConfig())
        steady(student, sounds, work.encoder, LessonConfig())
    undisturbed(work.encoder, sounds, work.encoder_in_noise)


def align(work: Work) -> None:
    """Find words and phone times of read English that came without."""
    from .alignment import align_all, recogniser
    from .frontend_weights import fetch_wheels

    if work.aligned.is_file():
        return
    silent = [r for r in load_open_speech(work.data) if not r.phones and r.split != "test"]
    with tempfile.TemporaryDirectory() as folder:
        model = recogniser(fetch_wheels(Path(folder)), work.folder / "recogniser")
    align_all(silent, model, work.aligned, log.info)


def synthesise(work: Work) -> None:
    """Make speech with exact phone times: by quick engines, and by neural voices if asked for."""
    from .synthesis import make_shards, neural

    wanted, seed = work.config.synthesis, work.config.seed
    for folder, minutes, engines in (
        (work.synth, wanted.minutes, None),
        (work.kokoro, wanted.kokoro_minutes, lambda: neural(work.folder / "kokoro_parts")),
    ):
        if minutes and not any(folder.glob("*.npz")):
            make_shards(
                folder,
                minutes=minutes,
                seed=seed,
                progress=lambda share, what: log.info("%3.0f %% %s", 100 * share, what),
                engines=engines() if engines else None,
            )


def extract_features(work: Work) -> None:
    """Run the front end over every copy of every set."""
    work.features.mkdir(parents=True, exist_ok=True)
    front = work.model_config.front_end
    encoder = Encoder(read_tensors(work.encoder)[0], front.n_layers)
    front_end = FrontEnd(encoder, _standardise(work, encoder, front), front)
    for number, name in enumerate(work.sets):
        if not (work.features / f"{name}.npz").is_file():
            # Made speech is cleaner than any recording: all of its copies are altered.
            plan = CopyPlan(
                copies=getattr(work.config.features, name),
                clean=0 if name == "synth" else 1,
                seed=work.config.seed + number,
            )
            extract(
                work.recordings(name),
                front_end=front_end,
                folder=work.features,
                name=name,
                plan=plan,
            )


def _standardise(work: Work, encoder: Encoder, front: FrontEndConfig) -> Standardise:
    path = work.features / "standardise.npz"
    if not path.is_file():
        chosen = [r for r in work.recordings("open_speech") if r.split == "train"][:200]
        found = estimate_standardise(chosen, encoder, front, work.config.seed)
        np.savez(path, mean=found.mean, scale=found.scale)
    stored = np.load(path)
    return Standardise(stored["mean"], stored["scale"])


def train(work: Work) -> None:
    """Lips and face first, then the listener; resumes from the last checkpoint."""
    work.run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(work.config.seed)
    network = _network(work)
    share = {n: s for n, s in asdict(work.config.shares).items() if n in work.sets}
    lip_sets = [(n, work.recordings(n), work.feature_set(n)) for n in share]
    _explain(work, [r for _, recordings, _ in lip_sets for r in recordings])
    n_styles = network.config.n_styles
    clips = Clips(
        [(_split(r, "train"), f, share[n]) for n, r, f in lip_sets],
        n_styles=n_styles,
        seed=work.config.seed,
    )
    dev = Clips(
        [(_split(r, "dev"), f, share[n]) for n, r, f in lip_sets],
        n_styles=n_styles,
        seed=0,
    )
    pupil = _pupil(work, network)
    train_face(pupil, clips, dev, work.config.face, work.config.losses, work.run)
    kept = _weights_in(work.run / "best.pt")
    for name in ("second", "third"):
        kept = _go_on(work, pupil, kept, name, clips, dev)
    torch.save(kept, work.run / _KEPT)
    listen(work)


def _go_on(
    work: Work, pupil: Pupil, kept: _Weights, name: str, clips: Clips, dev: Clips
) -> _Weights:
    """The mean of the weights so far and of what the course `name` makes of them."""
    course: Course = getattr(work.config, name)
    if not course.steps:
        return kept
    pupil.load_state_dict(kept)
    face = work.config.face
    settings = replace(
        face,
        steps=course.steps,
        learning_rate=course.learning_rate,
        last_layer_rate=face.last_layer_rate / 2,
        warmup=_WARMUP,
        average=_AVERAGE,
    )
    (work.run / name).mkdir(exist_ok=True)
    train_face(pupil, clips, dev, settings, course.losses, work.run / name)
    taught = _weights_in(work.run / name / "best.pt")
    return {n: torch.lerp(kept[n], taught[n], course.share) for n in kept}


def _weights_in(checkpoint: Path) -> _Weights:
    """The averaged weights of a checkpoint."""
    averaged = torch.load(checkpoint, weights_only=True)["averaged"]
    return {n.removeprefix(_MODULE): v for n, v in averaged.items() if n.startswith(_MODULE)}


def listen(work: Work) -> None:
    """Fit the emotion branch alone and write `listener.pt`."""
    network, settings = _network(work), work.config.listener

    def voices(name: str, *splits: str) -> Voices:
        chosen = [r for r in work.recordings(name) if r.split in splits]
        reach = network.config.emotion.reach
        return gather(chosen, work.feature_set(name), reach=reach, every=settings.every)

    quiet, readers = voices("quiet", "train", "dev"), voices("open_speech", "train")
    tried = fit_listener(voices("emodb", "train"), quiet, readers, settings)
    found = recalls(tried, voices("emodb", "dev"))
    log.info("listener, unseen speaker: recall %.3f %s", np.mean(list(found.values())), found)
    write(fit_listener(voices("emodb", "train", "dev"), quiet, readers, settings), network)
    torch.save(network.emotion.state_dict(), work.run / "listener.pt")


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
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    about = {
        "config": asdict(work.config),
        "revision": revision.stdout.strip() or "unknown",
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


def export(work: Work, folder: Path) -> None:
    """Write the averaged weights as a model folder and read them back."""
    network = _network(work)
    pupil = _pupil(work, network)
    pupil.load_state_dict(torch.load(work.run / _KEPT, weights_only=True))
    if (work.run / "listener.pt").is_file():
        network.emotion.load_state_dict(torch.load(work.run / "listener.pt", weights_only=True))
    folder.mkdir(parents=True, exist_ok=True)
    tensors = network.export()
    assert {n: t.shape for n, t in tensors.items()} == model_shapes(network.config)
    write_tensors(
        folder / "model.safetensors", tensors, {"name": work.config.name, "licence": "CC BY 4.0"}
    )
    write_config(network.config, folder / "config.json")
    encoder, metadata = read_tensors(work.encoder)
    if pupil.front is not None:
        encoder = {**encoder, **pupil.front.tensors()}
        metadata = metadata | {"tuned": f"last layer, by the lips of {work.config.name}"}
    if not work.shipped_front_end:
        if not work.encoder_in_noise.is_file():
            raise SetupError(
                "The front end's lesson in noise is missing",
                value=work.encoder_in_noise,
                remedy="Run `fetch` first.",
            )
        after, taught = read_tensors(work.encoder_in_noise)
        encoder = with_lesson(encoder, read_tensors(work.encoder)[0], after)
        metadata = metadata | {"source": taught.get("source", "")}
    write_tensors(folder / "encoder.safetensors", encoder, metadata)
    load_model(folder)
