"""Which city an installation serves: a folder of data, named by GEOPORTAL_CITY, else the one that ships."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.places import REPOSITORY, given_path

DEFAULT_PACK = REPOSITORY / "fixtures" / "tetouan"


class NoCity(Exception):
    """GEOPORTAL_CITY names no city pack; the message says why."""


@dataclass(frozen=True)
class CityPack:
    """A city pack's folder, and what its city.toml says of it. Whether the rest holds together `load_city` will say."""

    folder: Path
    code: str
    name: str
    # Where its drawing comes from, in its first language.
    source: str = ""

    @property
    def streets(self) -> Path | None:
        """The streets of its drawing, if it has any."""
        file = self.folder / "basemap" / "roads.geojson"
        return file if file.is_file() else None

    @property
    def has_basemap(self) -> bool:
        return (self.folder / "basemap").is_dir()


def find_city(given: Mapping[str, str]) -> CityPack:
    """The pack that GEOPORTAL_CITY names, relative to where ./run was called. Raises NoCity."""
    folder = given_path(given, "GEOPORTAL_CITY") or DEFAULT_PACK
    file = folder / "city.toml"
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise NoCity(f"GEOPORTAL_CITY must name a folder with a city.toml: {error.strerror} ({file})") from None
    except ValueError as error:
        raise NoCity(f"{file} cannot be read: {error}") from None
    code = values.get("code")
    if not isinstance(code, str) or not re.fullmatch(r"[a-z0-9-]+", code):
        raise NoCity(f"{file} must give the city a code of a-z, 0-9 and hyphens")
    first, source = (_first(values.get(key)) for key in ("name", "source"))
    return CityPack(folder, code, first or code, source)


def _first(text: object) -> str:
    """Of texts by language the city's first one; an only text itself."""
    return str(next(iter(text.values()), "")) if isinstance(text, dict) else str(text or "")
