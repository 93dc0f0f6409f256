"""The commands, inside the virtual environment. `__main__` has set everything up before."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from runner import checks, cluster, preflight, serve, services, watchdog
from runner.environment import WrongUse, compose, manage
from runner.places import REPOSITORY, Places, find_places, make_places, var_folder
from runner.prepare import Preparation
from runner.programs import application
from runner.steps import StepFailed, say

# These change the schema, which the runtime role may not.
OWNERS_COMMANDS = {"migrate", "flush", "createcachetable"}
# These make sense without tables.
SCHEMALESS_COMMANDS = {
    "check", "collectstatic", "compilemessages", "diffsettings", "help", "makemessages", "makemigrations", "migrate",
    "showmigrations", "sqlmigrate", "--help", "--version",
}  # fmt: skip


def main(arguments: list[str]) -> int:
    """Run one command. Faults that have a name end with one sentence and status 1, wrong use with status 2."""
    command, rest = arguments[0], arguments[1:]
    # Ended from outside is ended in order, too: throw-away servers are stopped and removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        match command:
            case "serve":
                places = _places()
                return serve.serve(compose(places), places)
            case "manage":
                return run_manage(rest)
            case "prepare":
                return prepare()
            case "exec":
                return become(*rest[:1])
            case "test":
                return checks.test(rest)
            case "bench":
                return checks.bench(rest)
            case "watchdog":
                watchdog.main()
    except WrongUse as fault:
        print(fault, file=sys.stderr)
        return 2
    except StepFailed as fault:
        say(f"STOPPED: {fault}\n         ./run doctor looks for known causes.")
        return 1
    except KeyboardInterrupt:
        return 130
    return 2


def _places() -> Places:
    places = find_places(var_folder())
    make_places(places)
    return places


def run_manage(arguments: list[str]) -> int:
    """A Django command where ./run was called, with the private servers running for as long as it needs them."""
    places = _places()
    environment = compose(places)
    name = arguments[0] if arguments else "help"
    with services.borrowed(environment, places):
        if name not in SCHEMALESS_COMMANDS:
            Preparation(environment, places, cluster.find_client()).schema()
        variables = environment.migrating() if name in OWNERS_COMMANDS else environment.variables
        called_from = Path(os.environ.get("RUN_CALLED_FROM") or REPOSITORY)
        return run_foreground(manage(*arguments), variables, called_from)


def prepare() -> int:
    """Everything before the first page, without serving: what a container platform runs once per release."""
    places = _places()
    environment = compose(places)
    preflight.check_settings(environment)
    preflight.check_outside_servers(environment, cluster.find_client())
    with services.borrowed(environment, places):
        Preparation(environment, places, cluster.find_client()).everything()
    return 0


def become(name: str) -> int:
    """Turn into one program of the application: for container platforms, which are their own supervisors."""
    places = _places()
    environment = compose(places)
    commands = {program.name: program.command for program in application(environment, places)}
    if name not in commands:
        raise WrongUse(f"{name!r} is no program; there are {', '.join(commands)}")
    return os.execve(commands[name][0], commands[name], environment.serving())


def run_foreground(command: list[str], variables: dict[str, str], cwd: Path) -> int:
    """Run a command on our own terminal and pass on its status. Ctrl-C is the child's to answer."""
    process = subprocess.Popen(command, env=variables, cwd=cwd)

    def forward(number: int, frame: FrameType | None) -> None:
        process.send_signal(number)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, forward)
    status = process.wait()
    return 128 - status if status < 0 else status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
