"""The demo's scene: character, sound strip, camera; animates, photographs and poses."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import bpy
import numpy as np

from ...emotalk_core.clip import Clip
from ...emotalk_core.errors import SetupError
from ...emotalk_core.retarget import KeyTable, retarget
from ..bridge import bake, compat, rigs
from . import character
from .look import set_workbench

__all__ = ["Stage"]

_CLOSE_UP_MM: Final = 135.0  # lens: the face fills the picture, and lips can be read


@dataclass(frozen=True, eq=False)
class Stage:
    """A scene with the character in it, ready to be filmed."""

    scene: bpy.types.Scene
    character: character.Character
    first_frame: int = 1

    @classmethod
    def built(cls, *, fps: int, side: int) -> Stage:
        """A new file with nothing but the character, lit and framed."""
        bpy.ops.wm.read_factory_settings(use_empty=True)
        _register()
        scene = bpy.context.scene
        scene.render.fps, scene.render.fps_base = fps, 1.0
        made = character.build(scene)
        made.camera.data.lens = _CLOSE_UP_MM
        set_workbench(scene, size=(side, side))
        # Shadows are drawn anew for each sample of the smoother kinds: 2.5 s a frame, not 0.4 s.
        scene.display.render_aa = "FXAA"
        return cls(scene, made)

    def put_sound(self, path: Path, seconds: float) -> None:
        """The recording as a packed, selected sound strip; the 4.2 module has no sound strips."""
        rate = float(compat.scene_rate(self.scene))
        self.scene.frame_start = self.first_frame
        self.scene.frame_end = self.first_frame + int(np.ceil(seconds * rate)) - 1
        if not compat.has_sound_library():
            return
        strip = compat.top_strips(self.scene).new_sound(
            name=path.stem, filepath=str(path), channel=1, frame_start=self.first_frame
        )
        strip.sound.pack()
        strip.select = True
        self.scene.sequence_editor.active_strip = strip
        self.scene.sync_mode = "AUDIO_SYNC"

    def animate(self, clip: Clip) -> str:
        """Press Animate; without sound strips, or without the button, bake `clip` as it would."""
        self._select_face()
        if compat.strips_all(self.scene) and "animate" in dir(bpy.ops.emotalk):
            return self._press_animate()
        rig = self._rig()
        rate = compat.scene_rate(self.scene)
        tables = retarget(clip, rig.binding, rate=rate, start_frame=self.first_frame)
        result = bake.write(tables, rig.binding)
        return f"{result.n_curves} curves, {result.n_keys} keys"

    def _select_face(self) -> None:
        for thing in self.scene.objects:
            thing.select_set(thing == self.character.meshes[0])
        bpy.context.view_layer.objects.active = self.character.meshes[0]

    def _press_animate(self) -> str:
        try:
            result = bpy.ops.emotalk.animate()
        except RuntimeError as error:  # an operator's own report
            raise SetupError(
                "Animate failed", value=str(error).strip(), remedy="See there."
            ) from error
        if "FINISHED" not in result:
            raise SetupError("Animate did not finish", value=result, remedy="Try it in Blender.")
        return "by the Animate button"

    def _rig(self) -> rigs.Rig:
        meshes = rigs.character_meshes(self.character.meshes[0])
        return rigs.find_rig(meshes, rigs.armature_of(meshes))

    def save(self, path: Path) -> None:
        """The scene as a .blend file, set to render the film with its sound."""
        image, render = self.scene.render.image_settings, self.scene.render
        compat.set_video_output(self.scene, "MPEG4")
        render.filepath = "//demo.mp4"
        self.scene.frame_set(self.first_frame)
        bpy.context.preferences.filepaths.save_version = 0  # no demo.blend1 beside it
        bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=True, copy=True)
        if hasattr(image, "media_type"):
            image.media_type = "IMAGE"
        image.file_format = "PNG"

    def photograph(self, frame: int | None, path: Path) -> None:
        """One PNG of a scene frame, or of the face as it is."""
        if frame is not None:
            self.scene.frame_set(frame)
        self.scene.render.filepath = str(path)
        bpy.ops.render.render(write_still=True)
        if not path.is_file():
            raise SetupError(
                "Blender rendered nothing", value=path.name, remedy="Install Mesa's EGL."
            )

    def pose(self, clip: Clip, row: int) -> None:
        """Hold the face of one row of a clip, free of any animation."""
        still = Clip(clip.values[row : row + 1], clip.channels, Fraction(30))
        for table in retarget(still, self._rig().binding, rate=Fraction(30), start_frame=0):
            _hold(self.scene.objects[table.object_name], table)


def _hold(thing: bpy.types.Object, table: KeyTable) -> None:
    block = thing.data.shape_keys if table.block == "shape_keys" else thing
    if block.animation_data is not None:
        block.animation_data_clear()
    path, _, name = table.data_path.rpartition(".")
    owner, value = block.path_resolve(path), float(table.values[0])
    if isinstance(getattr(owner, name), float):
        setattr(owner, name, value)
    else:
        getattr(owner, name)[table.array_index] = value


def _register() -> None:
    """Switch the add-on on, as Blender does with an enabled extension; once."""
    if hasattr(bpy.types.Scene, "emotalk"):
        return
    from ... import addon

    addon.register()
