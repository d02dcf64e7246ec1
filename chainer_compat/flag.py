"""Chainer 1's three values of ``volatile``: `ON`, `OFF` and `AUTO`.

Source: Chainer 1's reference, *chainer.Flag*.
"""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = ["AUTO", "OFF", "ON", "Flag"]

_VALUES: dict[Any, bool | None] = {
    "on": True,
    "ON": True,
    True: True,
    "off": False,
    "OFF": False,
    False: False,
    "auto": None,
    "AUTO": None,
    None: None,
}


class Flag:
    """One of three values; there is one object of each.

    Args:
        name: ``"on"``, ``"ON"`` or True; ``"off"``, ``"OFF"`` or False; ``"auto"``, ``"AUTO"`` or
            None; or a flag.

    Raises:
        ValueError: If it is none of these.

    Example:
        >>> import chainer_compat as chainer
        >>> chainer.Flag("on") is chainer.ON
        True
        >>> chainer.OFF == "off", bool(chainer.OFF)
        (True, False)
    """

    _made: ClassVar[dict[bool | None, Flag]] = {}
    value: bool | None

    def __new__(cls, name: Any) -> Flag:
        """Returns the object of a value."""
        if isinstance(name, Flag):
            return name
        if name not in _VALUES:
            raise ValueError(f"a flag, such as volatile, is 'on', 'off' or 'auto'; got {name!r}")
        value = _VALUES[name]
        if value not in cls._made:
            cls._made[value] = super().__new__(cls)
            cls._made[value].value = value
        return cls._made[value]

    def __bool__(self) -> bool:
        if self.value is None:
            raise ValueError("AUTO is neither true nor false")
        return self.value

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Flag):
            return self is other
        return isinstance(other, (str, bool, type(None))) and self is _known(other)

    def __hash__(self) -> int:
        return hash(self.value)

    def __reduce__(self) -> tuple[type[Flag], tuple[bool | None]]:
        return Flag, (self.value,)

    def __repr__(self) -> str:
        return "AUTO" if self.value is None else "ON" if self.value else "OFF"


def _known(name: str | bool | None) -> Flag | None:
    return Flag(name) if name in _VALUES else None


ON = Flag("on")
OFF = Flag("off")
AUTO = Flag("auto")
