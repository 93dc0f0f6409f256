"""Typed readers of environment variables. A bad value stops the start with a sentence that names the variable."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host

DatabaseSettings = dict[str, object]


def env_text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def env_bool(name: str, default: bool) -> bool:
    raw = env_text(name)
    if not raw:
        return default
    if raw.lower() in {"1", "true", "yes", "on"}:
        return True
    if raw.lower() in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {raw!r}")


def env_int(name: str, default: int, *, at_least: int = 0) -> int:
    raw = env_text(name)
    if not raw:
        return default
    try:
        value = int(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {raw!r}") from None
    if value < at_least:
        raise ImproperlyConfigured(f"{name} must be at least {at_least}, not {value}")
    return value


def env_float(name: str, default: float) -> float:
    raw = env_text(name)
    if not raw:
        return default
    try:
        value = float(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a number, not {raw!r}") from None
    if not 0 <= value < 1e9:
        raise ImproperlyConfigured(f"{name} must be zero or more, not {raw!r}")
    return value


def env_list(name: str, default: list[str]) -> list[str]:
    raw = env_text(name)
    return [part.strip() for part in raw.split(",") if part.strip()] if raw else default


def env_secret(name: str) -> str:
    """The value of NAME, or the content of the file that NAME_FILE points to (container secrets). Empty if neither."""
    path = env_text(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error}") from None
    return env_text(name)


def public_url(name: str, *, hosts: list[str], https: bool, production: bool) -> str:
    """What links in messages begin with: what was given, else the first host in production and this machine elsewhere."""
    scheme = "https" if https else "http"
    own = f"{scheme}://{hosts[0].lstrip('.')}" if production else f"http://127.0.0.1:{env_int('PORT', 8000)}"
    url = env_text(name, own).rstrip("/")
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or parts.scheme not in {"http", "https"} or parts.query or parts.fragment:
        raise ImproperlyConfigured(f"{name} must look like https://reclamations.example.org, not {url!r}")
    if production and https and parts.scheme != "https":
        raise ImproperlyConfigured(f"{name} must begin with https:// (or HTTPS=0 for a site without it)")
    if production and not validate_host(host, hosts):
        raise ImproperlyConfigured(f"{name} names {host}, which is not among ALLOWED_HOSTS ({', '.join(hosts)})")
    return url


def database_settings(url: str, *, variable: str) -> DatabaseSettings:
    """Django's DATABASES entry from `postgres://user:password@host:port/name?host=/socket/dir` (or `postgis://`)."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql", "postgis"}:
        raise ImproperlyConfigured(f"{variable} must start with postgres:// or postgis://")
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    host = options.pop("host", "") or (parts.hostname or "")
    port = options.pop("port", "") or (str(parts.port) if parts.port else "")
    # A server that does not answer is an error page in seconds, not a browser that waits.
    options.setdefault("connect_timeout", "3")
    return {
        "ENGINE": "django.contrib.gis.db.backends.postgis",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": port,
        "OPTIONS": options,
    }


def mail_settings(url: str) -> dict[str, object]:
    """Django's EMAIL_* settings from `smtp://user:password@host:587?tls=1` or `smtps://…`; empty for an empty URL.

    `tls=1` is STARTTLS; smtps is TLS from the first byte. The password may hold %-escapes.
    """
    if not url:
        return {}
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ImproperlyConfigured("EMAIL_URL must look like smtp://user:password@host:587?tls=1 or smtps://…")
    try:
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured("EMAIL_URL names a port that is no number") from None
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    tls = options.pop("tls", "0")
    if options or tls not in {"0", "1"}:
        raise ImproperlyConfigured("EMAIL_URL takes one option: tls=1 or tls=0")
    direct = parts.scheme == "smtps"
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port or (465 if direct else 587 if tls == "1" else 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": direct,
        "EMAIL_USE_TLS": tls == "1" and not direct,
        # A server that hangs may hold up one sweep, not for longer than this.
        "EMAIL_TIMEOUT": 10,
    }


def imap_settings(url: str) -> dict[str, Any]:
    """How to reach a mailbox, from `imaps://user:password@host:993/INBOX` or `imap://…?tls=1`; empty for an empty URL.

    Plain imap is for a server on the same machine. User and password may hold %-escapes.
    """
    if not url:
        return {}
    parts = urlsplit(url)
    if parts.scheme not in {"imap", "imaps"} or not parts.hostname or not parts.username:
        raise ImproperlyConfigured("IMAP_URL must look like imaps://user:password@host:993/INBOX")
    try:
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured("IMAP_URL names a port that is no number") from None
    direct = parts.scheme == "imaps"
    folder = unquote(parts.path.strip("/")) or "INBOX"
    if '"' in folder or "\\" in folder or not folder.isprintable():
        raise ImproperlyConfigured("IMAP_URL names a folder that cannot be opened")
    return {
        "host": parts.hostname,
        "port": port or (993 if direct else 143),
        "user": unquote(parts.username),
        "password": unquote(parts.password or ""),
        "ssl": direct,
        "tls": not direct and parse_qs(parts.query).get("tls") == ["1"],
        "folder": folder,
    }
