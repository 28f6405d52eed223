# What Python sees of the core's cache; it stands in for resolve.cache.Cache.

from filterd.resolve.cache import Cache

class AnswerCache(Cache):
    def __init__(self, key: bytes, size_bytes: int = ...) -> None: ...
