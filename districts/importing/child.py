"""Asking the sandboxed child about a file. What it answers is a stranger's word: shapes are data, never code."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from districts.topology.messages import pack, unpack
from sandbox.child import MEBIBYTE, KillReason, SandboxFailed, SandboxKilled, run_limited

_MODULE = "districts.topology.child"
MEMORY_BYTES = 4096 * MEBIBYTE
OUTPUT_BYTES = 1024 * MEBIBYTE
# Seconds of a processor that a worker may spend on one file; a person at a terminal has more patience.
WORKER_SECONDS = 150
COMMAND_SECONDS = 1800
# On the clock it may take longer: the machine does other things too.
WALL_FACTOR = 2
_STEP = re.compile(r"step (\d+)/(\d+)")
_FEATURE = re.compile(r"feature (\d+)")

Progress = Callable[[int, int], None]


class FileRefused(Exception):
    """The file goes no further; `code` and `params` make the sentence (importing.words.refusals)."""

    def __init__(self, code: str, params: dict[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.params = params or {}


@dataclass(frozen=True)
class Answer:
    header: dict[str, Any]
    blobs: Sequence[memoryview]


def ask(
    question: str,
    request: dict[str, Any],
    blobs: Sequence[bytes],
    *,
    seconds: int = WORKER_SECONDS,
    on_step: Progress | None = None,
) -> Answer:
    """Put `question` (inspect, examine or compare) to the child.

    Raises FileRefused where the file is at fault, SandboxKilled where the machine may be (slow, or shutting down), and
    SandboxFailed for a fault of ours.
    """
    last = {"text": ""}

    def heard(text: str) -> None:
        last["text"] = text or last["text"]
        steps = _STEP.findall(text)
        if steps and on_step is not None:
            on_step(int(steps[-1][0]), int(steps[-1][1]))

    try:
        answer = run_limited(
            f"{_MODULE}:{question}",
            pack(request, blobs),
            memory_bytes=MEMORY_BYTES,
            cpu_seconds=seconds,
            wall_seconds=float(seconds * WALL_FACTOR),
            output_bytes=OUTPUT_BYTES,
            on_progress=heard,
        )
        return Answer(*unpack(answer))
    except SandboxFailed as failure:
        if failure.code == "unexpected":
            raise
        raise FileRefused(failure.code, _params(failure.message)) from failure
    except SandboxKilled as killed:
        if killed.reason is KillReason.KILLED:
            raise
        raise FileRefused(_REASONS[killed.reason], _last_seen(last["text"])) from killed
    except ValueError as error:
        raise SandboxFailed("unexpected", f"the child's answer cannot be read: {error}") from error


_REASONS = {
    KillReason.WALL: "took_too_long",
    KillReason.CPU: "took_too_long",
    KillReason.MEMORY: "too_much_memory",
    KillReason.CRASH: "crashed",
}


def _params(message: str) -> dict[str, Any]:
    try:
        found = json.loads(message)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _last_seen(text: str) -> dict[str, Any]:
    """The feature at which the child died, if it said."""
    features = _FEATURE.findall(text)
    return {"feature": int(features[-1])} if features else {}
