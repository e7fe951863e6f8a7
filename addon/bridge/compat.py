"""What differs between Blender 4.2 LTS and 5.2 LTS: no other file asks for a version."""

from __future__ import annotations

import importlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ...emotalk_core.timing import exact_rate
from ..identity import ROOT_PACKAGE

__all__ = [
    "assign_action",
    "children",
    "curves_of_poses",
    "cut_ties",
    "deselect_new_keys",
    "extension_folder",
    "fcurves_for",
    "fcurves_of",
    "first_slot",
    "handlers",
    "hard_trim_frames",
    "has_sound_library",
    "is_online_allowed",
    "is_retimed",
    "keys_rest_at_zero",
    "move_strip",
    "names_in",
    "new_fcurve",
    "other_slots",
    "path_options",
    "preferences",
    "program",
    "reassign_slot",
    "remove_fcurve",
    "render_path",
    "scene_rate",
    "scene_strips",
    "sequencer_scene",
    "set_render_output",
    "set_strip_slot",
    "show_strips_of",
    "slot_of",
    "sound_offset_s",
    "span",
    "strip_collection",
    "strip_curves",
    "strip_type",
    "strips_all",
    "top_strips",
]


def path_options() -> set[str]:
    """Options of a property whose path may begin at the .blend file: 4.5 and later want to be
    told, 4.2 does not know the word.
    """
    return {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5) else set()


def names_in(path: Path) -> dict[str, list[str]]:
    """What a .blend file holds, by kind; OSError or RuntimeError when it is not whole."""
    library: Any = bpy.data.libraries.load(str(path))
    with library as (there, _wanted):
        return {kind: list(getattr(there, kind)) for kind in ("scenes", "objects")}


def scene_rate(scene: bpy.types.Scene) -> Fraction:
    """Frames per second of `scene`, exact: 24 / 1.001 is 24000/1001."""
    return exact_rate(scene.render.fps / scene.render.fps_base)


def sequencer_scene(context: bpy.types.Context) -> bpy.types.Scene:
    """The scene whose strips the sequencer shows. From 5.0 on each workspace has its own, or none:
    where nothing is to be heard then, it is the one of another workspace that has strips.
    """
    own: Any = getattr(context, "sequencer_scene", None)
    if own is not None:
        return own
    places: list[Any] = [context.scene]
    if not strips_all(context.scene):
        places += [getattr(space, "sequencer_scene", None) for space in bpy.data.workspaces]
    return next((scene for scene in places if scene and strips_all(scene)), places[0])


def show_strips_of(scene: bpy.types.Scene, *, replaces: bool = True) -> None:
    """Let the sequencer show the strips of `scene`: from 5.0 on it may be showing none, or
    another's, which stay if not `replaces`.
    """
    workspace: Any = bpy.context.workspace
    if hasattr(workspace, "sequencer_scene") and (replaces or workspace.sequencer_scene is None):
        workspace.sequencer_scene = scene


def strip_collection(scene: bpy.types.Scene) -> tuple[Any, str]:
    """Owner and property name of all strips, for `prop_search`; the owner is None without an
    editor.
    """
    editor = scene.sequence_editor
    return editor, "strips_all" if hasattr(editor, "strips_all") else "sequences_all"


def strip_type() -> Any:
    """The type of all strips: what gets a property gives it to each of them."""
    return getattr(bpy.types, "Strip", None) or bpy.types.Sequence


def strips_all(scene: bpy.types.Scene) -> list[Any]:
    """All strips of `scene`, those inside meta strips too."""
    editor, name = strip_collection(scene)
    return [] if editor is None else list(getattr(editor, name))


def scene_strips(scene: bpy.types.Scene) -> list[Any]:
    """The Scene strips of `scene`, inside metas too; cheap among a thousand sounds."""
    owner, name = strip_collection(scene)
    if owner is None:
        return []
    strips = getattr(owner, name)
    kinds = np.empty(len(strips), np.int32)
    strips.foreach_get("type", kinds)
    scene_kind = strip_type().bl_rna.properties["type"].enum_items["SCENE"].value
    return [strips[place] for place in np.flatnonzero(kinds == scene_kind).tolist()]


def top_strips(scene: bpy.types.Scene) -> Any:
    """The collection that makes strips (`new_sound`, `new_meta`), editor created if need be."""
    editor = scene.sequence_editor or scene.sequence_editor_create()
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def children(meta: Any) -> Any:
    """Strips directly inside a meta strip."""
    return meta.strips if hasattr(meta, "strips") else meta.sequences


def span(strip: Any) -> tuple[int, int, float]:
    """First visible frame, frame after the last visible one, frame where the strip's content
    starts.
    """
    if hasattr(strip, "left_handle"):
        return strip.left_handle, strip.right_handle, strip.content_start
    return strip.frame_final_start, strip.frame_final_end, strip.frame_start


def move_strip(strip: Any, frames: int) -> None:
    """Move a strip, and what is inside a meta strip, to later frames."""
    name = "content_start" if hasattr(strip, "content_start") else "frame_start"
    setattr(strip, name, getattr(strip, name) + frames)


def cut_ties(scene: bpy.types.Scene) -> None:
    """Let go of all that a copy of a scene points to besides its strips, so that it can be written
    alone: custom and add-on properties, camera, world, compositor, markers, drivers.
    """
    for holder in (scene, _system_properties(scene)):
        for key in [*holder.keys()] if holder else ():
            del holder[key]
    for name in ("camera", "world", "background_set", "grease_pencil", "compositing_node_group"):
        if getattr(scene, name, None) is not None:
            setattr(scene, name, None)
    tree = getattr(scene, "node_tree", None)  # before 5.0: part of the scene
    if tree is not None:
        tree.nodes.clear()
    scene.timeline_markers.clear()
    data = scene.animation_data
    for curve in [*data.drivers] if data else ():
        data.drivers.remove(curve)


def _system_properties(scene: bpy.types.Scene) -> Any | None:
    """Where 5.0 and later keep the properties of add-ons."""
    return scene.bl_system_properties_get() if hasattr(scene, "bl_system_properties_get") else None


def handlers(name: str) -> list[list[Any]]:
    """The list of handlers of this name, none where it does not exist. That a library has been read
    again is told by `blend_import_pre` from 4.5 and `blend_import_post` from 5.0 on.
    """
    found = getattr(bpy.app.handlers, name, None)
    return [] if found is None else [found]


def hard_trim_frames(strip: Any) -> int:
    """Frames of the file that are left out before the content starts."""
    if hasattr(strip, "content_trim_start"):
        return strip.content_trim_start
    return strip.animation_offset_start


def is_retimed(strip: Any) -> bool:
    """Whether retiming keys change the strip's speed."""
    return len(getattr(strip, "retiming_keys", ())) > 0


def sound_offset_s(strip: Any) -> float:
    """Seconds by which the sound is moved later inside its strip (4.5 and later)."""
    return float(getattr(strip, "sound_offset", 0.0))


def has_sound_library() -> bool:
    """Whether this Blender was built with Audaspace."""
    try:
        importlib.import_module("aud")
    except ImportError:
        return False
    return True


def fcurves_of(block: Any, *, ensure: bool = False) -> Any:
    """F-curves of the Action that is assigned to a Key, Object or Scene; () where there is none.

    With `ensure`, the assigned Action gets the slot, layer and strip that its curves need.
    """
    data = block.animation_data
    action = data.action if data else None
    if action is None:
        return ()
    if not hasattr(action, "slots"):
        return action.fcurves
    if ensure and data.action_slot is None:
        data.action_slot = action.slots.new(id_type=block.id_type, name=block.name)
    return _channelbag_fcurves(action, data.action_slot, ensure=ensure)


def fcurves_for(block: Any, action: Any) -> Any:
    """F-curves that `block` would have with `action`, which nothing uses yet or which is a copy of
    the one it has.
    """
    if not hasattr(action, "slots"):
        return action.fcurves
    used = slot_of(block.animation_data) if block.animation_data else None
    slot = action.slots.get(used.identifier) if used else first_slot(action)
    slot = slot or action.slots.new(id_type=block.id_type, name=block.name)
    return _channelbag_fcurves(action, slot, ensure=True)


def first_slot(action: Any) -> Any | None:
    """The only slot of an Action of ours, None where slots do not exist or there is none yet."""
    slots: Any = getattr(action, "slots", None)
    return slots[0] if slots else None


def other_slots(action: Any, slot: Any | None) -> list[Any]:
    """Slots of an Action that are in use or hold keys besides `slot`; none where slots do not
    exist. Blender keys an object, its mesh and its shape keys in one Action.
    """
    if slot is None:
        return []
    others = [other for other in action.slots if other.handle != slot.handle]
    keyed = {bag.slot_handle for bag in _bags(action) if bag.fcurves}
    return [other for other in others if other.handle in keyed or other.users()]


def curves_of_poses(action: Any) -> list[Any]:
    """The F-curves of an Action that move bones, of the first slot that has some."""
    bags = _bags(action) if hasattr(action, "slots") else [action]
    of_bones = ([c for c in bag.fcurves if c.data_path.startswith("pose.bones[")] for bag in bags)
    return next(filter(None, of_bones), [])


def _bags(action: Any) -> list[Any]:
    return [bag for layer in action.layers for strip in layer.strips for bag in strip.channelbags]


def _channelbag_fcurves(action: Any, slot: Any, *, ensure: bool) -> Any:
    if slot is None:
        return ()
    if ensure:
        layer = action.layers[0] if action.layers else action.layers.new("Layer")
        strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
        return strip.channelbag(slot, ensure=True).fcurves
    strips = action.layers[0].strips if action.layers else ()
    bag = strips[0].channelbag(slot) if strips else None
    return bag.fcurves if bag else ()


def new_fcurve(fcurves: Any, path: str, index: int, group: str) -> Any:
    """A new F-curve in `fcurves`, in the group of this name; neither is selected if it is new."""
    curve, groups = fcurves.new(path, index=index), fcurves.data.groups
    there = groups.get(group)
    curve.group = there or groups.new(group)
    curve.select = False
    if there is None:
        curve.group.select = False
    return curve


def remove_fcurve(fcurves: Any, curve: Any) -> None:
    """Take a curve or driver out of `fcurves`, and its group if it was the last one: 4.2 does
    not.
    """
    name = curve.group.name if curve.group else ""
    fcurves.remove(curve)
    group = fcurves.data.groups.get(name) if name else None
    if group is not None and not group.channels:
        fcurves.data.groups.remove(group)


def deselect_new_keys(block: Any) -> None:
    """Deselect all keys of a data-block's Action if a curve has new ones: they come selected."""
    every = [curve.keyframe_points for curve in fcurves_of(block) if len(curve.keyframe_points)]
    new = [keys for keys in every if all(keys[i].select_control_point for i in (0, -1))]
    if new and hasattr(block.animation_data.action, "deselect_keys"):  # 30 times as fast
        block.animation_data.action.deselect_keys()
        return
    for keys in new:
        for part in ("control_point", "left_handle", "right_handle"):
            keys.foreach_set(f"select_{part}", np.zeros(len(keys), bool))


def assign_action(block: Any, action: Any, slot: Any | None = None) -> None:
    """Make `action` the active one of `block`, with `slot` where slots exist."""
    data = block.animation_data or block.animation_data_create()
    data.action = action
    if action is not None and slot is not None and hasattr(data, "action_slot"):
        data.action_slot = slot


def slot_of(holder: Any) -> Any | None:
    """The slot that an AnimData or an NLA strip uses, None where slots do not exist."""
    return getattr(holder, "action_slot", None)


def reassign_slot(data: Any, identifier: str | None) -> None:
    """After the Action was replaced by its copy: use the copy's slot of the same name."""
    if identifier is not None and hasattr(data, "action_slot"):
        suitable = [*data.action_suitable_slots]  # somebody may have renamed the one that was used
        slot = data.action.slots.get(identifier) or (suitable[0] if suitable else None)
        data.action_slot = slot


def strip_curves(strip: Any) -> Any:
    """F-curves that an NLA strip plays."""
    if strip.action is None:  # a transition, or strips in one
        return ()
    if not hasattr(strip, "action_slot"):
        return strip.action.fcurves
    return _channelbag_fcurves(strip.action, strip.action_slot, ensure=False)


def set_strip_slot(strip: Any, slot: Any | None) -> None:
    """Give an NLA strip its Action's slot."""
    if slot is not None and hasattr(strip, "action_slot"):
        strip.action_slot = slot


def keys_rest_at_zero() -> bool:
    """Whether the NLA takes 0 for a shape key that nothing moves; 5.0 takes 1."""
    return bpy.types.ShapeKey.bl_rna.properties["value"].default == 0.0


def program() -> str:
    """Blender's own program, for work in a second one; empty in Blender as a Python module."""
    path = bpy.app.binary_path
    return path if Path(path).is_file() else ""


def preferences() -> Any | None:
    """The add-on's preferences; None where it runs without being installed (tests, scripts)."""
    return getattr(bpy.context.preferences.addons.get(ROOT_PACKAGE), "preferences", None)


def extension_folder(name: str) -> Path:
    """A folder of our own that outlives updates; a temporary one where the extension is not
    installed. Who writes in it makes it: panels ask where it is whenever they draw.
    """
    try:
        return Path(bpy.utils.extension_path_user(ROOT_PACKAGE, path=name))
    except ValueError:  # not installed as an extension
        return Path(bpy.app.tempdir) / "emotalk" / name


def is_online_allowed() -> bool:
    """Whether the user lets Blender use the network."""
    return bool(bpy.app.online_access)


def set_render_output(scene: bpy.types.Scene, container: str = "") -> None:
    """Let `scene` render a film with sound into one file, or png files without a container."""
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):  # 5.0 and later: before the format
        settings.media_type = "VIDEO" if container else "IMAGE"
    settings.file_format = "FFMPEG" if container else "PNG"
    if container:
        film = scene.render.ffmpeg
        film.format = container
        film.codec, film.audio_codec = "H264", "AAC"


def render_path(path: Path) -> str:
    """`path` for a render: from 4.5 on a brace in it starts the name of a variable."""
    if bpy.app.version < (4, 5):
        return str(path)
    return str(path).replace("{", "{{").replace("}", "}}")
