from typing import Any, TypeAlias

Tensor: TypeAlias = Any
Generator: TypeAlias = Any
device: TypeAlias = Any
dtype: TypeAlias = Any

def __getattr__(name: str) -> Any: ...
