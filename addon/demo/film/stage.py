"""The demo's scene: character, sound strip, camera; animates, photographs and poses."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import bpy
import numpy as np
from PIL import Image

from ....emotalk_core.clip import Clip
from ....emotalk_core.errors import SetupError
from ....emotalk_core.retarget import KeyTable, retarget
from ....emotalk_core.rigs.binding import Binding
from ...bridge import characters, compat
from ...bridge.keying import rigs
from .. import character
from .backdrop import add_backdrop
from .look import set_workbench

__all__ = ["Stage"]

_CLOSE_UP_MM: Final = 160.0  # lens: the face fills the picture, and lips can be read
_SHADOWLESS: Final = frozenset({"Hair", "Sweater"})
_FACE: Final = (0.12, 0.10, 0.88, 0.86)  # what a sheet shows of a picture: left, top, right, bottom


@dataclass(frozen=True, eq=False)
class Stage:
    """A scene with the character in it, ready to be filmed."""

    scene: bpy.types.Scene
    character: character.Character
    binding: Binding  # as the character was built: what a face is posed on is never another pose
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
        add_backdrop(scene.collection)
        for mesh in made.meshes:  # half of the time of a picture went into these two shadows
            mesh.display.show_shadows = mesh.name.rpartition(" ")[2] not in _SHADOWLESS
        set_workbench(scene, side)
        meshes = characters.character_meshes(made.meshes[0])
        rig = rigs.find_rig(meshes, characters.armature_of(meshes), rigs.RigSettings())
        return cls(scene, made, rig.binding)

    def put_sound(self, path: Path, seconds: float) -> None:
        """The recording as a packed, selected sound strip; as a file where there are no strips."""
        rate = float(compat.scene_rate(self.scene))
        self.scene.frame_start = self.first_frame
        self.scene.frame_end = self.first_frame + int(np.ceil(seconds * rate)) - 1
        if not compat.has_sound_library():
            self.scene.emotalk.source, self.scene.emotalk.filepath = "FILE", str(path)
            self.scene.emotalk.start_frame = self.first_frame
            return
        strip = compat.top_strips(self.scene).new_sound(
            name=path.stem, filepath=str(path), channel=1, frame_start=self.first_frame
        )
        strip.sound.pack()
        strip.select = True
        self.scene.sequence_editor.active_strip = strip
        self.scene.sync_mode = "AUDIO_SYNC"

    def animate(self) -> str:
        """Press Animate, with the strip or else the file and the character chosen."""
        for thing in self.scene.objects:
            thing.select_set(thing == self.character.meshes[0])
        bpy.context.view_layer.objects.active = self.character.meshes[0]
        try:
            result = bpy.ops.emotalk.animate()
        except RuntimeError as error:  # an operator's own report
            raise SetupError(
                "Animate failed", value=str(error).strip(), remedy="See there."
            ) from error
        if "FINISHED" not in result:
            raise SetupError("Animate did not finish", value=result, remedy="Try it in Blender.")
        curves = [_fcurves(mesh) for mesh in self.character.meshes]
        n_curves, n_meshes = sum(map(len, curves)), sum(map(bool, curves))
        return f"{n_curves} curves on the shape keys of {n_meshes} meshes"

    def save(self, path: Path) -> None:
        """The scene as a .blend file, set to render the film with its sound."""
        compat.set_render_output(self.scene, "MPEG4")
        self.scene.render.filepath = "//demo.mp4"
        self.scene.frame_set(self.first_frame)
        bpy.context.preferences.filepaths.save_version = 0  # no demo.blend1 beside it
        bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=True, copy=True)
        compat.set_render_output(self.scene)

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

    def portrait(self, frame: int | None) -> Image.Image:
        """The face, close, at a scene frame or as it is: on a sheet it is small."""
        with tempfile.TemporaryDirectory(prefix="emotalk-still-") as folder:
            path = Path(folder) / "still.png"
            self.photograph(frame, path)
            with Image.open(path) as image:
                box = [round(share * image.width) for share in _FACE]
                return image.convert("RGB").crop((box[0], box[1], box[2], box[3]))

    def pose(self, clip: Clip, row: int) -> None:
        """Hold the face of one row of a clip, free of any animation."""
        still = Clip(clip.values[row : row + 1], clip.channels, Fraction(30))
        for table in retarget(still, self.binding, rate=Fraction(30), start_frame=0):
            _hold(self.scene.objects[table.object_name], table)


def _fcurves(mesh: bpy.types.Object) -> list[bpy.types.FCurve]:
    keys = mesh.data.shape_keys
    return list(compat.fcurves_of(keys)) if keys else []


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
    from .... import addon

    addon.register()
