"""Settings as frozen dataclasses, read from TOML: unknown, missing and wrong-typed keys all reported in one go.

A settings class declares each key with ``setting("what it is", default=…)``. Supported: ``str``, ``int``, ``bool``,
``Path``, ``Secret``, ``tuple[str, ...]``, ``dict[str, str]``, ``Literal[...]`` of strings, another settings class, a
tuple of them, and each of these ``| None``. A relative path is taken from the folder of the file, and one that the
environment gives from the folder where the command runs, as a person who types it means it.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

_VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


def setting(help: str, *, default: Any = dataclasses.MISSING, example: str = "") -> Any:
    """A key of a settings class: ``help`` says what it is and its unit; without a default the key is required."""
    metadata = {"help": help, "example": example}
    if isinstance(default, (dict, list)):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that never stands in the file nor shows in a message: ``{ env = "NAME" }`` or ``{ file = "path" }``."""

    origin: str
    value: str = dataclasses.field(repr=False)

    def reveal(self) -> str:
        """The secret itself."""
        return self.value


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads settings classes from tables of one file.

    Args:
        folder: the folder of the config file, from which relative paths are taken.
        environment: where ``{ env = … }`` and ``${NAME}`` look.
        faults: every fault found so far, in the order of the file.
    """

    folder: Path
    environment: Mapping[str, str] = dataclasses.field(default_factory=lambda: dict(os.environ))
    faults: list[str] = dataclasses.field(default_factory=list)

    def read(self, cls: type[T], table: Mapping[str, Any], where: str) -> T | None:
        """The settings object, or None when ``faults`` grew."""
        before = len(self.faults)
        hints = get_type_hints(cls)
        fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
        for key in table.keys() - fields.keys():
            self.faults.append(f"{where}.{key}: unknown key; known keys are {', '.join(sorted(fields))}")
        values = {}
        for name, spec in fields.items():
            if name in table:
                values[name] = self.convert(table[name], hints[name], f"{where}.{name}")
            elif spec.default is dataclasses.MISSING and spec.default_factory is dataclasses.MISSING:
                self.faults.append(f"{where}.{name}: missing; {spec.metadata.get('help', 'it is required')}")
        return cls(**values) if len(self.faults) == before else None

    def convert(self, raw: Any, kind: Any, where: str) -> Any:
        """``raw`` as a value of ``kind``; a fault and None where it cannot be."""
        if get_origin(kind) in (UnionType, Union):
            kind = next(arg for arg in get_args(kind) if arg is not NoneType)
        if get_origin(kind) is Literal:
            return self._one_of(raw, get_args(kind), where)
        if get_origin(kind) is tuple:
            return self._many(raw, get_args(kind)[0], where)
        if get_origin(kind) is dict:
            return self._table(raw, get_args(kind)[1], where)
        if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind is not Secret:
            return self.read(kind, raw, where) if isinstance(raw, Mapping) else self._fault(where, "a table", raw)
        return self._scalar(raw, kind, where)

    def _scalar(self, raw: Any, kind: Any, where: str) -> Any:
        if kind is Secret:
            return self._secret(raw, where)
        if kind in (str, Path):
            return self._text(raw, kind, where)
        if kind in (int, bool) and type(raw) is kind:
            return raw
        return self._fault(where, {int: "a whole number", bool: "true or false"}.get(kind, str(kind)), raw)

    def _text(self, raw: Any, kind: Any, where: str) -> Any:
        text = self._environment_value(raw, where) if isinstance(raw, Mapping) else raw
        if text is None:
            return None
        if not isinstance(text, str):
            return self._fault(where, "text", raw)
        text = self._expand(text, where)
        base = Path.cwd() if isinstance(raw, Mapping) else self.folder
        return base / Path(text).expanduser() if kind is Path else text

    def _environment_value(self, raw: Mapping[str, Any], where: str) -> Any:
        name = raw.get("env")
        if set(raw) != {"env"} or not isinstance(name, str):
            return self._fault(where, 'text, or { env = "NAME" }', raw)
        if name not in self.environment:
            self.faults.append(f"{where}: the environment variable {name} is not set; set it and start again")
            return None
        return self.environment[name]

    def _expand(self, text: str, where: str) -> str:
        def value(match: re.Match[str]) -> str:
            name = match.group(1)
            if name not in self.environment:
                self.faults.append(f"{where}: the environment variable {name} is not set; set it and start again")
            return self.environment.get(name, "")

        return _VARIABLE.sub(value, text)

    def _secret(self, raw: Any, where: str) -> Secret | None:
        if not isinstance(raw, Mapping) or len(raw) != 1 or not set(raw) <= {"env", "file"}:
            self.faults.append(
                f'{where}: a secret never stands in the file; write {{ env = "NAME" }} or {{ file = "path" }}'
            )
            return None
        ((origin, name),) = raw.items()
        if origin == "env":
            value = self._environment_value(raw, where)
            return Secret(f"env:{name}", value) if value is not None else None
        path = self.folder / Path(self._expand(str(name), where))
        try:
            return Secret(f"file:{path}", path.read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            self.faults.append(
                f"{where}: cannot read the secret from {path} ({type(error).__name__}); check path and permissions"
            )
            return None

    def _one_of(self, raw: Any, choices: tuple[Any, ...], where: str) -> Any:
        if raw in choices:
            return raw
        self.faults.append(f"{where}: must be one of {', '.join(map(str, choices))}")
        return None

    def _many(self, raw: Any, kind: Any, where: str) -> Any:
        if not isinstance(raw, list):
            return self._fault(where, "a list", raw)
        return tuple(self.convert(item, kind, f"{where}[{index}]") for index, item in enumerate(raw))

    def _table(self, raw: Any, kind: Any, where: str) -> Any:
        if not isinstance(raw, Mapping):
            return self._fault(where, "a table", raw)
        return {str(key): self.convert(value, kind, f"{where}.{key}") for key, value in raw.items()}

    def _fault(self, where: str, wanted: str, raw: Any) -> None:
        self.faults.append(f"{where}: must be {wanted}, not {type(raw).__name__}")
