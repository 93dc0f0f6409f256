"""Entry of ./run: sets up what is missing with whatever Python there is, then hands over to `cli` inside .venv."""

import os
import sys

from runner import doctor, machine, toolchain
from runner.environment import PYTHON
from runner.places import REPOSITORY, mend_ownership, var_folder
from runner.steps import StepFailed, say

USAGE = """Usage:
  ./run                        serve the demo: installs what is missing, Ctrl-C stops everything
  ./run test [--all] [ARGS]    every check and every test (--all: the slow ones too); ARGS: pytest alone, with them
  ./run manage COMMAND …       a Django command in the same environment (./run manage help lists them)
  ./run bench NAME             a benchmark; prints JSON
  ./run doctor [--json]        what is missing or wrong here, and the line that mends it

Variables: PORT (8000), HOST (127.0.0.1), GEOPORTAL_VAR (./var), GEOPORTAL_ENV (demo), GEOPORTAL_DEMO (1),
GEOPORTAL_CITY (fixtures/tetouan), DATABASE_URL, DATABASE_OWNER_URL, BROKER_URL, DEFAULT_JURISDICTION,
RATE_LIMIT_SCALE; README.md explains them."""
COMMANDS = {"serve", "test", "manage", "bench"}


def main(arguments: list[str]) -> int:
    command, rest = (arguments[0], arguments[1:]) if arguments else ("serve", [])
    if command in {"-h", "--help", "help"}:
        print(USAGE)
        return 0
    if command == "doctor":
        return doctor.main(rest)
    if command not in COMMANDS:
        print(f"./run knows no command {command!r}.\n\n{USAGE}", file=sys.stderr)
        return 2
    try:
        _set_up(development=command in {"test", "bench"})
    except (StepFailed, OSError) as fault:
        say(f"STOPPED: {fault}\n         ./run doctor looks for known causes.")
        return 1
    except KeyboardInterrupt:
        return 130
    return os.execv(PYTHON, [str(PYTHON), "-m", "runner.cli", command, *rest])


def _set_up(*, development: bool) -> None:
    """System, Python and browser packages: whatever is missing, nothing twice."""
    var = var_folder()
    log = var / "log" / "setup.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.touch()
    except PermissionError as error:
        raise StepFailed(f"{error}. {mend_ownership(var)}") from error
    if not os.access(REPOSITORY, os.W_OK) and not PYTHON.exists():
        raise StepFailed(f"{REPOSITORY} cannot be written by this user. {mend_ownership(REPOSITORY)}")
    machine.install(machine.TO_RUN + (machine.TO_TEST if development else ()), log)
    toolchain.prepare(log, development=development)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
