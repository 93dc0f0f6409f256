"""Whether a web server answers, asked without following it anywhere: in production it sends everybody to https."""

import http.client

TIMEOUT_SECONDS = 5


def status_of(host: str, port: int, path: str = "/health/live") -> int | None:
    """The status of the answer, whatever it is; None if none came in time."""
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return response.status
