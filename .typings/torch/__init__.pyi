from typing import Any, TypeAlias

Tensor: TypeAlias = Any
Generator: TypeAlias = Any

class device:  # noqa: N801 - torch's own name
    type: str
    def __init__(self, name: Any) -> None: ...
    def __enter__(self) -> Any: ...
    def __exit__(self, *error: Any) -> None: ...

dtype: TypeAlias = Any

def __getattr__(name: str) -> Any: ...
