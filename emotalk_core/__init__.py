"""EmoTalk's core: speech in, face coefficient curves out. Needs numpy alone."""
