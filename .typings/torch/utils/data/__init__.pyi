from typing import Any, TypeAlias

DataLoader: TypeAlias = Any
Dataset: TypeAlias = Any

def __getattr__(name: str) -> Any: ...
