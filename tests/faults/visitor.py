"""A browser in a nutshell, for a site behind TLS: keeps cookies, sends forms with their token, follows nothing by itself."""

import http.client
import re
import ssl
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode


class Visitor:
    """Asks `name`, which is found on a port of this machine."""

    def __init__(self, name: str, port: int, certificate: Path) -> None:
        self.name, self.port = name, port
        self.context = ssl.create_default_context(cafile=str(certificate))
        self.cookies: dict[str, str] = {}
        self.set_cookies: dict[str, str] = {}

    def get(self, path: str, **headers: str) -> "Page":
        return self._ask("GET", path, None, headers)

    def send(self, page: "Page", **fields: str) -> "Page":
        """Send the form of a page to its own address."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token, page.text
        body = urlencode({"csrfmiddlewaretoken": token[1]} | fields).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", page.path, body, headers | {"Referer": f"https://{self.name}{page.path}"})

    def post(self, path: str, body: bytes, **headers: str) -> "Page":
        return self._ask("POST", path, body, headers)

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> "Page":
        headers = {"Host": self.name} | {key.replace("_", "-"): value for key, value in headers.items()}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{key}={value}" for key, value in self.cookies.items())
        # Looked up by hand: the name is in no directory.
        connection = _ToThisMachine(self.name, self.port, context=self.context, timeout=30)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        page = Page(path, response.status, response.headers, response.read().decode("utf-8", "replace"))
        connection.close()
        for line in response.headers.get_all("Set-Cookie") or []:
            for key, morsel in SimpleCookie(line).items():
                self.set_cookies[key] = line
                self.cookies.pop(key, None)
                if morsel.value:
                    self.cookies[key] = morsel.value
        return page


class _ToThisMachine(http.client.HTTPSConnection):
    def connect(self) -> None:
        name, self.host = self.host, "127.0.0.1"
        http.client.HTTPConnection.connect(self)
        self.host = name
        self.sock = self._context.wrap_socket(self.sock, server_hostname=name)  # type: ignore[attr-defined]


class Page:
    def __init__(self, path: str, status: int, headers: http.client.HTTPMessage, text: str) -> None:
        self.path, self.status, self.headers, self.text = path, status, headers, text

    @property
    def leads_to(self) -> str:
        return str(self.headers.get("Location", ""))
