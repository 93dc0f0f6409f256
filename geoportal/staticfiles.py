"""Serves the few browser files that come from the npm lock file, under `vendor/`, and nothing else of node_modules."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

# Source maps are named by the scripts themselves: hashed storage stops when one is missing.
FILES = (
    "leaflet/dist/leaflet.js",
    "leaflet/dist/leaflet.js.map",
    "leaflet/dist/leaflet.css",
    "leaflet/dist/images/layers.png",
    "leaflet/dist/images/layers-2x.png",
    "leaflet/dist/images/marker-icon.png",
    "leaflet/dist/images/marker-icon-2x.png",
    "leaflet/dist/images/marker-shadow.png",
    "protomaps-leaflet/dist/protomaps-leaflet.js",
    "protomaps-leaflet/dist/protomaps-leaflet.js.map",
    "leaflet.heat/dist/leaflet-heat.js",
    "@mapbox/point-geometry/index.js",
    "@mapbox/vector-tile/index.js",
    "pbf/index.js",
)
PREFIX = "vendor"


class BrowserPackagesFinder(BaseFinder):
    """Finds `vendor/<package>/…` in node_modules, for the names in FILES only."""

    def __init__(self, app_names: Iterable[str] | None = None, *args: Any, **kwargs: Any) -> None:
        self.storage = FileSystemStorage(location=Path(settings.BASE_DIR) / "node_modules")
        # collectstatic puts files under this folder
        self.storage.prefix = PREFIX  # type: ignore[attr-defined]

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> str | list[str]:  # type: ignore[override]
        """Path on disk of a listed file; an empty list when the path is not ours or the package is not installed."""
        folder, _, name = path.replace("\\", "/").partition("/")
        if folder != PREFIX or name not in FILES or not self.storage.exists(name):
            return []
        found = self.storage.path(name)
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        for name in FILES:
            if self.storage.exists(name):
                yield name, self.storage
