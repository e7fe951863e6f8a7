"""EmoTalk as a Blender extension; imports wait for register(), so that plain Python can import this folder."""


def register() -> None:
    from . import addon

    addon.register()


def unregister() -> None:
    from . import addon

    addon.unregister()
