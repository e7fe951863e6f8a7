"""EmoTalk as a Blender extension; imports wait for register(): plain Python may import this."""


def register() -> None:
    from . import addon

    addon.register()


def unregister() -> None:
    from . import addon

    addon.unregister()
