"""The versions of the gate, in memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from aduan.gate_version import GateInForce, GateRun, GateVersion
from aduan.store.gates import LARGEST_WEIGHTS, MOST_LISTED
from aduan.store.table import OutdatedError
from tests.in_memory.memory import Memory


@dataclass
class InMemoryGateStore:
    """`GateStore` in memory."""

    memory: Memory

    def in_force(self) -> GateInForce:
        """Look up."""
        with self.memory.call():
            return self.memory.gate_in_force

    def weights(self, version: int) -> bytes | None:
        """Look up."""
        with self.memory.call():
            return self.memory.gates[version][1] if version in self.memory.gates else None

    def versions(self) -> list[GateVersion]:
        """Sort by number."""
        with self.memory.call():
            return [self.memory.gates[number][0] for number in sorted(self.memory.gates, reverse=True)][:MOST_LISTED]

    def add(self, version: GateVersion, weights: bytes) -> None:
        """Put unless there."""
        if len(weights) > LARGEST_WEIGHTS:
            raise ValueError(len(weights))
        with self.memory.call(write=True):
            if version.version in self.memory.gates:
                raise OutdatedError(str(version.version))
            self.memory.gates[version.version] = (version, weights)

    def put_in_force(self, chosen: GateInForce, before: GateInForce) -> None:
        """Replace what was read."""
        with self.memory.call(write=True):
            if self.memory.gate_in_force.at != before.at:
                raise OutdatedError("the gate")
            self.memory.gate_in_force = chosen

    def last_run(self) -> GateRun | None:
        """Look up."""
        with self.memory.call():
            return self.memory.gate_run

    def note_run(self, run: GateRun) -> None:
        """Replace the last."""
        with self.memory.call(write=True):
            self.memory.gate_run = run

    def take_sample(self, day: date, most: int) -> bool:
        """Count up to the limit."""
        with self.memory.call(write=True):
            if self.memory.samples[day] >= most:
                return False
            self.memory.samples[day] += 1
            return True
