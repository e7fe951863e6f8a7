"""A character's usual voice: what is heard of feelings is heard beside it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import bpy
from bpy.props import BoolProperty

from ...emotalk_core.errors import RigError
from ...emotalk_core.progress import Progress
from ...emotalk_core.usual_voice import UsualVoice
from ..bridge.asked import usual
from ..bridge.counting import counted
from ..bridge.take import live, said, takes
from ..languages import sentences, translated
from .background import BackgroundOperator
from .lips import OfLips

__all__ = ["CLASSES"]


class EMOTALK_OT_usual_voice(OfLips, BackgroundOperator):
    """In this take the character feels nothing in particular: all its takes are heard beside it"""

    bl_idname = "emotalk.usual_voice"
    bl_label = "This Is the Usual Voice"

    forget: BoolProperty(options={"HIDDEN", "SKIP_SAVE"})

    _scene, _uid = 0, ""

    @classmethod
    def description(cls, _context: Any, properties: Any) -> str:
        """The x forgets."""
        if properties.forget:
            return translated("Hear the feelings of all takes of this character as they are again")
        why = translated("A voice that is rough or sad by nature wears no feeling then")
        return sentences(cls.__doc__ or "", why)

    def invoke(self, context: bpy.types.Context, _event: Any) -> Any:
        """At once: nothing is to be asked."""
        self.by_hand = True
        return self.execute(context)

    def work(self, context: bpy.types.Context) -> Callable[[Progress], UsualVoice | None]:
        """Hear the take, if it was not heard in this session."""
        scene = context.scene
        take = takes.active_take(scene)
        self._scene, self._uid = scene.session_uid, take.uid
        if self.forget:
            return lambda _progress: None
        return partial(said.usual_voice_of, takes.prepare_take(scene, take))

    def put(self, _context: bpy.types.Context, result: UsualVoice | None) -> str:
        """Tell all takes of the character; the keys of the active one follow at once."""
        scene = next((one for one in bpy.data.scenes if one.session_uid == self._scene), None)
        take = takes.take_of(scene, self._uid)
        if take is None:
            raise RigError(
                "The take was removed meanwhile", value="Usual voice", remedy="Choose another one."
            )
        n = usual.put(scene, take, result)
        live.schedule(scene)
        others = "; Update All lets the others follow" if n > 1 else ""
        if result is None:
            return f"{counted(n, 'take')} without a usual voice now{others}"
        if result.doubt:
            self.warn(result.doubt)
        return f"{take.name} is the usual voice of {counted(n, 'take')}{others}"


CLASSES = (EMOTALK_OT_usual_voice,)
