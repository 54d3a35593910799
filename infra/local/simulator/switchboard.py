"""The faults that are on: read from JSON, kept in order, counted down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from infra.local.simulator import errors
from infra.local.simulator.exchange import Answer
from infra.local.simulator.faults import FAULTS
from infra.local.simulator.platform import Call, Settings
from infra.local.simulator.platforms import EDGES
from infra.local.simulator.world import Kind


class FaultError(ValueError):
    """A fault's description is wrong."""


_THROTTLE_CODES = (0, errors.APP_LIMIT, errors.PAGE_LIMIT, errors.INSTAGRAM_LIMIT)


@dataclass
class Fault:
    """A fault that is switched on: where it strikes, after how many calls, and how often."""

    name: str
    edge: str | None = None
    kind: Kind | None = None
    object: str | None = None
    after: int = 0
    times: int | None = None
    settings: Settings = field(default_factory=dict)
    met: Counter[str] = field(default_factory=Counter)

    def takes(self, call: Call) -> bool:
        """Return whether the fault strikes this call; every call it is asked about is counted."""
        if self.times == 0 or not self._concerns(call):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def strike(self, call: Call) -> Answer:
        """Return the spoilt answer."""
        account = call.route.account.account if call.route.account else ""
        number = self.met[account]
        self.met[account] += 1
        return FAULTS[self.name].effect(replace(call, number=number), self.settings)

    def described(self) -> dict[str, Any]:
        """Return the description with which the fault can be switched on again."""
        places = {"edge": self.edge, "kind": self.kind, "object": self.object, "times": self.times}
        given = {name: value for name, value in places.items() if value is not None}
        return {"fault": self.name, **given, "after": self.after, **self.settings}

    def _concerns(self, call: Call) -> bool:
        route = call.route
        if self.edge not in (None, route.edge):
            return False
        if self.kind and (route.account is None or route.account.kind is not self.kind):
            return False
        account = route.account.account if route.account else None
        if self.object and self.object not in {account, *call.request.parts}:
            return False
        return FAULTS[self.name].concerns(call, self.settings)


class Faults:
    """The faults that are switched on, in the order they were; the first is the outermost."""

    def __init__(self) -> None:
        self._active: list[Fault] = []

    def switch_on(self, described: Mapping[str, Any]) -> None:
        """Add a fault.

        Raises:
            FaultError: Its description is not as `fault_from` wants it.
        """
        self._active.append(fault_from(described))

    def clear(self) -> None:
        """Switch all faults off."""
        self._active.clear()

    def described(self) -> list[dict[str, Any]]:
        """Describe the faults that may still strike."""
        return [fault.described() for fault in self._active if fault.times != 0]

    def answer(self, call: Call) -> Answer:
        """Answer a call with all the faults that strike it."""
        return _through(call, self._active)


def fault_from(described: Mapping[str, Any]) -> Fault:
    """Read a fault as `POST /_simulator/faults` receives it.

    Raises:
        FaultError: A name, place or setting is unknown, or a value has the wrong type.
    """
    rest = dict(described)
    name = rest.pop("fault", None)
    if name not in FAULTS:
        raise FaultError(f"there is no fault {name!r}; there are: {', '.join(FAULTS)}")
    fault = Fault(
        name,
        edge=_one_of("edge", rest.pop("edge", None), sorted(EDGES)),
        kind=Kind(kind) if (kind := _one_of("kind", rest.pop("kind", None), list(Kind))) else None,
        object=rest.pop("object", None),
        after=_count("after", rest.pop("after", 0)),
        times=_count("times", rest.pop("times")) if rest.get("times") is not None else None,
    )
    rest.pop("times", None)
    usual = FAULTS[name].settings
    for setting, value in rest.items():
        if setting not in usual:
            raise FaultError(f"{name} has no setting {setting!r}; it has: {', '.join(usual) or 'none'}")
        _check_type(setting, value, usual[setting])
    fault.settings = {**usual, **rest}
    _check_words(name, fault.settings)
    return fault


def _check_words(name: str, settings: Settings) -> None:
    if name == "throttled" and settings["code"] not in _THROTTLE_CODES:
        raise FaultError(f"code must be one of {', '.join(map(str, _THROTTLE_CODES[1:]))}")
    if name == "random":
        unknown = {each.strip() for each in settings["among"].split(",")} - (FAULTS.keys() - {"random"})
        if unknown:
            raise FaultError(f"among names no faults: {', '.join(sorted(unknown))}")
        if not 0 <= settings["rate"] <= 1:
            raise FaultError("rate must lie between 0 and 1")


def _through(call: Call, faults: Sequence[Fault]) -> Answer:
    if not faults:
        return call.proceed(call.request)
    first, rest = faults[0], faults[1:]
    if not first.takes(call):
        return _through(call, rest)
    return first.strike(replace(call, proceed=lambda request: _through(replace(call, request=request), rest)))


def _one_of(what: str, value: Any, known: Sequence[str]) -> str | None:
    if value is not None and value not in known:
        raise FaultError(f"{what} must be one of {', '.join(known)}, not {value!r}")
    return None if value is None else str(value)


def _count(what: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise FaultError(f"{what} must be a whole number, not {value!r}")
    return value


def _check_type(setting: str, value: Any, usual: Any) -> None:
    wanted: type | tuple[type, ...] = (int, float) if isinstance(usual, float) else type(usual)
    if not isinstance(value, wanted) or (isinstance(value, bool) and not isinstance(usual, bool)):
        raise FaultError(f"{setting} must be like {usual!r}, not {value!r}")
