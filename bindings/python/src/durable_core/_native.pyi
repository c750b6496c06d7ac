# What the package uses of its extension; see native/api.h.
from typing import Any

DURABLE_FORM_PLAIN: int
DURABLE_FORM_TAGGED: int

def dumps(value: object, form: int) -> str: ...
def loads(text: str, form: int) -> Any: ...
def files_store(
    base_path: str,
    arn: str,
    operation_id: str,
    text: str,
    preview: str | None,
    overflow: bool,
    hashed: bool,
) -> str: ...
def files_load(base_path: str, payload: str, overflow: bool, hashed: bool) -> str: ...
def __getattr__(name: str) -> Any: ...
