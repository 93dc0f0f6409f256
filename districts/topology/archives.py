"""From the bytes of an upload to the vector files in it. Archives are unpacked in memory, by suspicious hands."""

import io
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath

from districts.topology.defects import Refused

MOST_ENTRIES = 1000
MOST_UNPACKED = 1024 * 1024 * 1024
# Text packs to a tenth, a shapefile to a half; a thousandth is a bomb.
MOST_RATIO = 250
SMALL = 20_000_000

GEOJSON, GEOPACKAGE, SHAPEFILE, FLATGEOBUF, KML = "GeoJSON", "GeoPackage", "Shapefile", "FlatGeobuf", "KML"

_SHAPEFILE_PARTS = {".shp", ".shx", ".dbf", ".prj", ".cpg", ".cst"}
_ARCHIVES = {".zip", ".kmz", ".7z", ".rar", ".gz", ".tgz", ".tar", ".bz2", ".xz"}
_ARCHIVE_HEADS = (b"PK\x03\x04", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")


@dataclass(frozen=True)
class Source:
    """One vector file: its name, its format, and its bytes by lower-case ending (a shapefile has several)."""

    name: str
    format: str
    parts: dict[str, bytes]

    @property
    def data(self) -> bytes:
        """The file's bytes; of a shapefile a clean, uncompressed archive that GDAL reads."""
        if self.format != SHAPEFILE:
            return next(iter(self.parts.values()))
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
            for ending, content in self.parts.items():
                archive.writestr(f"layer{ending}", content)
        return packed.getvalue()


@dataclass(frozen=True)
class Opened:
    sources: list[Source]
    # Archives inside the archive: never opened.
    ignored: list[str]


def open_upload(data: bytes, name: str) -> Opened:
    """The vector files in an upload, by content, whatever its name says. Raises Refused."""
    if not data.strip(b"\0 \t\r\n"):
        raise Refused("empty_file", file=name)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _unpack(data, name)
    return Opened([_single(data, PurePosixPath(name).name or "file")], [])


def _single(data: bytes, name: str) -> Source:
    found = sniff(data)
    if found == SHAPEFILE:
        raise Refused("missing_part", file=name, part=f"{PurePosixPath(name).stem}.dbf")
    if found is None:
        raise Refused("unknown_format", file=name)
    return Source(PurePosixPath(name).stem, found, {PurePosixPath(name).suffix.lower(): data})


def sniff(data: bytes) -> str | None:
    """The format of a file by its content; None for what is not read here."""
    if data.startswith(b"fgb\x03"):
        return FLATGEOBUF
    if data.startswith(b"SQLite format 3\0"):
        return GEOPACKAGE if data[68:72] in (b"GPKG", b"GP10", b"GP11") else None
    if data.startswith(b"\x00\x00\x27\x0a"):
        return SHAPEFILE
    head = _text_head(data)
    if head.startswith(("{", "[")):
        return GEOJSON
    root = re.match(r"(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*>|\s)*<(?:\w+:)?(\w+)", head, re.DOTALL)
    return KML if root and root[1].lower() == "kml" else None


def _text_head(data: bytes) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    return data[:4096].decode(encoding, "replace").lstrip("\x1e \t\r\n")


def _unpack(data: bytes, name: str) -> Opened:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise Refused("archive_broken", file=name, reason=str(error)) from None
    _check_size(entries, len(data), name)
    files: dict[str, bytes] = {}
    ignored: list[str] = []
    for entry in entries:
        path = _safe_path(entry)
        if entry.is_dir() or path.name.startswith("._") or "__MACOSX" in path.parts:
            continue
        content = _read(archive, entry)
        if path.suffix.lower() in _ARCHIVES or content.startswith(_ARCHIVE_HEADS):
            ignored.append(str(path))
        else:
            files[str(path)] = content
    sources = _sources(files)
    if not sources and ignored:
        raise Refused("archive_nested", file=name, entry=ignored[0])
    if not sources:
        raise Refused("archive_without_layer", file=name, entries=sorted(files)[:10])
    return Opened(sources, ignored)


def _check_size(entries: list[zipfile.ZipInfo], packed: int, name: str) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_ENTRIES:
        raise Refused("archive_bomb", file=name, bytes=unpacked)
    if unpacked > MOST_UNPACKED or (unpacked > SMALL and unpacked > MOST_RATIO * packed):
        raise Refused("archive_bomb", file=name, bytes=unpacked)


def _safe_path(entry: zipfile.ZipInfo) -> PurePosixPath:
    """The entry's path, if it stays inside and is a plain file or folder."""
    given = entry.orig_filename.replace("\\", "/")
    path = PurePosixPath(given)
    if "\0" in given or path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", given):
        raise Refused("archive_path", entry=given)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise Refused("archive_link", entry=given)
    if entry.flag_bits & 0x1:
        raise Refused("archive_encrypted", entry=given)
    return path


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """An entry's content, at most as long as it claims: the sum of claims was checked."""
    try:
        with archive.open(entry) as stream:
            content = stream.read(entry.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError, EOFError, RuntimeError) as error:
        raise Refused("archive_broken", file=entry.filename, reason=str(error)) from None
    if len(content) > entry.file_size:
        raise Refused("archive_bomb", file=entry.filename, bytes=len(content))
    return content


def _sources(files: dict[str, bytes]) -> list[Source]:
    """Vector files among the entries; the parts of a shapefile belong together by path and stem."""
    groups: dict[str, dict[str, bytes]] = {}
    sources = []
    for path, content in sorted(files.items()):
        pure = PurePosixPath(path)
        ending = pure.suffix.lower()
        if ending in _SHAPEFILE_PARTS:
            groups.setdefault(str(pure.with_suffix("")), {})[ending] = content
        elif content and (found := sniff(content)) and found != SHAPEFILE:
            sources.append(Source(str(pure.with_suffix("")), found, {ending: content}))
    for stem, parts in groups.items():
        if ".shp" not in parts:
            continue
        for needed in (".dbf", ".shx"):
            if not parts.get(needed):
                raise Refused("missing_part", file=f"{stem}.shp", part=f"{stem}{needed}")
        sources.append(Source(stem, SHAPEFILE, parts))
    return sorted(sources, key=lambda source: source.name)
