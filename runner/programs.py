"""The command lines of everything that the supervisor keeps alive. Nowhere else."""

import os
import shlex
from dataclasses import dataclass

from runner import broker
from runner.cluster import Cluster
from runner.environment import PYTHON, VENV, Environment
from runner.places import REPOSITORY, Places

WEB_WORKERS = 2
# Quick work and work of minutes have processes of their own: a mail never waits for a paper (settings.CELERY_TASK_ROUTES).
TASK_WORKERS = {"worker": ("quick", 2), "long-worker": ("long", 2)}


@dataclass(frozen=True)
class Program:
    """One supervised program. Smaller `priority` starts first and stops last; servers start by themselves."""

    name: str
    command: list[str]
    priority: int
    server: bool = False
    user: str | None = None
    stop_signal: str = "TERM"
    stop_seconds: int = 15


def all_programs(environment: Environment, cluster: Cluster | None, places: Places) -> list[Program]:
    """Private servers (where they are ours) and the application."""
    programs: list[Program] = []
    if cluster is not None:
        # SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every session to end by itself.
        programs.append(
            Program("postgres", cluster.command(), 10, True, places.server_user, stop_signal="INT", stop_seconds=60)
        )
    if environment.private_broker:
        programs.append(Program("redis", broker.command(places), 20, True))
    return programs + application(environment, places)


def application(environment: Environment, places: Places) -> list[Program]:
    """Web, workers, beat and the watchdog over them."""
    bin_folder = VENV / "bin"
    celery = [str(bin_folder / "celery"), "-A", "geoportal"]
    schedule = places.run / "beat-schedule"
    return [
        Program("web", web_command(environment.variables["HOST"], environment.variables["PORT"]), 900),
        *(Program(name, [*celery, *work(name, *queue)], 900) for name, queue in TASK_WORKERS.items()),
        Program("beat", [*celery, "beat", "--schedule", str(schedule), "--pidfile=", "--loglevel", "WARNING"], 900),
        Program("watchdog", [str(PYTHON), "-m", "runner.cli", "watchdog"], 900),
    ]


def work(name: str, queue: str, processes: int) -> list[str]:
    """What makes celery serve one queue with so many processes."""
    return ["worker", "-n", f"{name}@%h", "-Q", queue, "-c", str(processes), "--loglevel", "INFO"]


def web_command(host: str, port: str) -> list[str]:
    """granian as WSGI server: one blocking thread a process, kept alive, so that each keeps one database connection."""
    workers = os.environ.get("WEB_WORKERS", "").strip() or str(WEB_WORKERS)
    return [
        str(VENV / "bin" / "granian"), "--interface", "wsgi", "--host", host, "--port", port,
        "--workers", workers, "--blocking-threads", "1", "--blocking-threads-idle-timeout", "600",
        "--respawn-failed-workers", "--workers-kill-timeout", "10", "--no-ws", "--log-level", "warning",
        "geoportal.wsgi:application",
    ]  # fmt: skip


def supervisor_configuration(programs: list[Program], places: Places) -> str:
    """The configuration file of supervisord. Percent signs are doubled: it expands them."""
    application_names = ",".join(program.name for program in programs if not program.server)
    sections = [
        _section("unix_http_server", {"file": str(places.supervisor_socket), "chmod": "0700"}),
        _section(
            "supervisord",
            {
                "nodaemon": "true",
                "silent": "true",
                "logfile": str(places.logs / "supervisor.log"),
                "logfile_maxbytes": "5MB",
                "logfile_backups": "1",
                "pidfile": str(places.run / "supervisor.pid"),
                "directory": str(REPOSITORY),
            }
            | ({"user": "root"} if os.getuid() == 0 else {}),
        ),
        _section(
            "rpcinterface:supervisor",
            {"supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"},
        ),
        # One group, so that its members stop at the same time and before the servers.
        _section("group:application", {"programs": application_names, "priority": "900"}),
    ]
    return "\n".join(sections + [_program_section(program, places) for program in programs])


def _program_section(program: Program, places: Places) -> str:
    values = {
        "command": shlex.join(program.command),
        "priority": str(program.priority),
        "autostart": "true" if program.server else "false",
        "autorestart": "true",
        # Restarted for ever, a second later each time: giving up is not an answer.
        "startretries": "1000000",
        "startsecs": "1",
        "stopsignal": program.stop_signal,
        "stopwaitsecs": str(program.stop_seconds),
        "killasgroup": "true",
        "redirect_stderr": "true",
        # This one value supervisor expands twice.
        "stdout_logfile": str(places.logs / f"{program.name}.log").replace("%", "%%"),
        "stdout_logfile_maxbytes": "10MB",
        "stdout_logfile_backups": "2",
    }
    if program.user:
        values |= {"user": program.user, "directory": "/"}
    return _section(f"program:{program.name}", values)


def _section(name: str, values: dict[str, str]) -> str:
    lines = [f"{key}={value.replace('%', '%%')}" for key, value in values.items()]
    return "\n".join([f"[{name}]", *lines, ""])
