"""Phones and emotion -> 52 ARKit curves at 30 fps: the face that the starter model learns from.

    speech_curves(phones, ...)  mouth, jaw, tongue            one per recording
    emotion_curves(speech, ...) brows, lids, cheeks, colour   one per recording and emotion
    combine(speech, emotion)    the finished face             lips meet under every emotion
    face_curves(...)            all three in one call

    seen_on_video, seen_by_animators   real faces in place of rules, contacts excepted

Tables: `mouths.csv` (a mouth for each phone), `emotions.toml` (a face for each emotion).
"""

from .captured import learnable, seen_by_animators, seen_on_video
from .emotions import combine, emotion_curves
from .loudness import loudness_db
from .phones import KINDS, Phone, is_sound, kind_of, numbers_of, phone_numbers
from .speech import FPS, LEAD_S, SpeechCurves, n_frames, speech_curves, with_silence
from .target import face_curves

__all__ = [
    "FPS",
    "KINDS",
    "LEAD_S",
    "Phone",
    "SpeechCurves",
    "combine",
    "emotion_curves",
    "face_curves",
    "is_sound",
    "kind_of",
    "learnable",
    "loudness_db",
    "n_frames",
    "numbers_of",
    "phone_numbers",
    "seen_by_animators",
    "seen_on_video",
    "speech_curves",
    "with_silence",
]
