"""All figures of a model in one table and one json file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from emotalk_core.controls import EMOTIONS
from emotalk_core.speech.phones import Phone

from ..datasets import Recording, read_phones
from ..sets import JUDGED
from .heard import SHARED, heard_beside_usual, heard_scores, same_level
from .lips import FIGURES, lip_scores, score_tool
from .recorded import RECORDED
from .sliders import slider_scores
from .stability import stability
from .studio import Studio, slider
from .swap import swap_scores

__all__ = ["evaluate", "save", "table"]

_STABLE_CLIPS: Final = 25
_SLIDER_CLIPS: Final = 40
_RECORDED_SETS: Final = ("emodb", "open_speech")
_OF_RECORDINGS: Final = ("closure_auc", "closed_hit", "fv_auc")
_WITH_PHONES: Final = ("ravdess", "emodb", "open_speech", "grid_mp")


def evaluate(model: Path, data: Path, split: str) -> dict[str, Any]:
    """Every figure of `model` on `split` (dev chooses between runs; test is reported once)."""
    studio = Studio(model)
    read = {name: one.read(data) for name, one in JUDGED.items()}
    chosen = {name: _chosen(recordings, split) for name, recordings in read.items()}
    result: dict[str, Any] = {"model": studio.engine.key, "split": split}
    tool = score_tool(data)
    if tool:
        named = {
            n: (r, split if split == "test" else JUDGED[n].dev) for n, r in chosen.items() if r
        }
        result["lips"] = lip_scores(studio, tool, named)
        result["lips, phones told"] = {
            name: lip_scores(
                studio, tool, {name: named[name]}, told=_phones_of(data / name, chosen[name])
            )[name]
            for name in _WITH_PHONES
            if name in named
        }
        result["recorded"] = _recorded(studio, tool, named)
        result["closed_hit_under_sliders"] = {
            emotion: lip_scores(studio, tool, {"emodb": named["emodb"]}, slider(emotion))["emodb"][
                "closed_hit"
            ]
            for emotion in EMOTIONS
        }
    result["stability"] = stability(studio, _spread(chosen["emodb"], _STABLE_CLIPS))
    mixed = _spread(chosen["emodb"], _SLIDER_CLIPS // 2) + _spread(
        chosen["open_speech"], _SLIDER_CLIPS // 2
    )
    result["sliders"] = slider_scores(studio, mixed)
    result["heard"] = {name: heard_scores(studio, chosen[name]) for name in ("ravdess", "emodb")}
    result["heard"]["ravdess, 6 shared"] = heard_scores(studio, chosen["ravdess"], among=SHARED)
    if studio.engine.config.emotion.knows_usual:
        whole = {n: [r for r in read[n] if r.split == split] for n in ("ravdess", "emodb")}
        result["heard_beside"] = {
            name: heard_beside_usual(studio, chosen[name], others) for name, others in whole.items()
        }
        result["heard_beside"]["ravdess, 6 shared"] = heard_beside_usual(
            studio, chosen["ravdess"], whole["ravdess"], SHARED
        )
    result["swap"] = swap_scores(studio, mixed)
    result["heard_same_level"] = {
        name: heard_scores(studio, chosen[name], same_level) for name in ("ravdess", "emodb")
    }
    return result


def _phones_of(folder: Path, recordings: Sequence[Recording]) -> dict[str, tuple[Phone, ...]]:
    """What is said in recordings, by their names, from the file that judges lips too."""
    found = read_phones(folder / "phones.csv")
    files = {recording.name: Path(str(recording.source)).name for recording in recordings}
    return {name: tuple(found.get(file, ())) for name, file in files.items()}


def _recorded(
    studio: Studio, tool: Path, named: Mapping[str, tuple[Sequence[Recording], str]]
) -> dict[str, dict[str, dict[str, float]]]:
    """Figures of contacts, by recording and set."""
    return {
        kind: {
            name: {figure: scores[figure] for figure in _OF_RECORDINGS}
            for name, scores in lip_scores(
                studio, tool, {n: named[n] for n in _RECORDED_SETS}, change=change
            ).items()
        }
        for kind, change in RECORDED.items()
    }


def _chosen(recordings: Sequence[Recording], split: str) -> list[Recording]:
    """Clips of a split; of the large dev sets every third one."""
    found = [r for r in recordings if r.split == split]
    return found if split == "test" or len(found) < 200 else found[::3]


def _spread(recordings: Sequence[Recording], n: int) -> list[Recording]:
    """`n` recordings from the whole list, evenly."""
    return [recordings[i * len(recordings) // n] for i in range(min(n, len(recordings)))]


def table(result: Mapping[str, Any]) -> str:
    """The figures as text for people."""
    lines = [f"split {result['split']}", *_lip_lines(result.get("lips", {}))]
    if "lips, phones told" in result:
        lines += ["the same with phone times told", *_lip_lines(result["lips, phones told"])]
    lines += [
        f"stable, {name:8s} jaw r {s['jaw_r']:.4f} worst {s['jaw_r_worst']:.4f} "
        f"difference {s['difference']:.4f} all r {s['all_r']:.4f} size {s['size']:.3f}"
        for name, s in result["stability"].items()
    ]
    lines += _slider_lines(result["sliders"])
    lines += [
        f"{kind:19s}" + "  ".join(f"{n} {_figures(scores)}" for n, scores in by_set.items())
        for kind, by_set in result.get("recorded", {}).items()
    ]
    lines.append("swap " + "  ".join(f"{k} {v:.3f}" for k, v in result["swap"].items()))
    hits = result.get("closed_hit_under_sliders", {})
    lines.append("closed_hit under sliders " + "  ".join(f"{e} {v:.3f}" for e, v in hits.items()))
    for kind in ("heard", "heard_same_level", "heard_beside"):
        for name, s in result.get(kind, {}).items():
            recall = "  ".join(f"{e} {v:.2f}" for e, v in s["recall"].items())
            figures = f"accuracy {s['accuracy']:.3f} recall {s['unweighted_recall']:.3f}"
            lines.append(f"{kind} {name}: {figures} ({recall})")
    return "\n".join(lines)


def _figures(scores: Mapping[str, float]) -> str:
    return " ".join(f"{name} {value:.3f}" for name, value in scores.items())


def _lip_lines(lips: Mapping[str, Mapping[str, float]]) -> list[str]:
    if not lips:
        return ["lips: the score tool is not beside the data"]
    shown = [f for f in FIGURES if any(f in scores for scores in lips.values())]
    return [
        f"{'':14s}" + "".join(f"{name:>13s}" for name in lips),
        *(
            f"{f:14s}" + "".join(f"{s.get(f, float('nan')):13.3f}" for s in lips.values())
            for f in shown
        ),
    ]


def _slider_lines(sliders: Mapping[str, Any]) -> list[str]:
    changes = [
        f"slider {emotion:10s} " + "  ".join(f"{k} {v:+.2f}" for k, v in groups.items())
        for emotion, groups in sliders["change"].items()
    ]
    return [
        *changes,
        f"slider calm: largest change {sliders['calm_largest']:.2f}",
        f"emotions told apart {sliders['separable']:.3f}",
        "aperture r with neutral "
        + "  ".join(f"{e} {sliders['aperture_r'][e]:.3f}" for e in EMOTIONS),
    ]


def save(result: Mapping[str, Any], path: Path) -> None:
    """Write the json file."""
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
