"""A city's own drawn map, from GeoJSON layers to one PMTiles file that browsers read by ranges.

GDAL does the cutting. It is reached through ctypes, as GeoDjango does: pyogrio writes one layer a file, a map has five.
"""

import os
from ctypes import POINTER, byref, c_char_p, c_int, c_void_p
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import escape, quoteattr

import pyogrio
from django.contrib.gis.gdal import Driver
from django.contrib.gis.gdal.libgdal import lgdal

# Painted from the first to the last; a pack may leave some out.
LAYERS = ("relief", "water", "landuse", "roads", "places")
MAX_ZOOM = 14
_READ_VECTOR = 0x04

_open = lgdal["GDALOpenEx"]
_open.argtypes = [c_char_p, c_int, POINTER(c_char_p), POINTER(c_char_p), POINTER(c_char_p)]
_open.restype = c_void_p
_new_options = lgdal["GDALVectorTranslateOptionsNew"]
_new_options.argtypes = [POINTER(c_char_p), c_void_p]
_new_options.restype = c_void_p
_free_options = lgdal["GDALVectorTranslateOptionsFree"]
_free_options.argtypes = [c_void_p]
_translate = lgdal["GDALVectorTranslate"]
_translate.argtypes = [c_char_p, c_void_p, c_int, POINTER(c_void_p), c_void_p, POINTER(c_int)]
_translate.restype = c_void_p
_close = lgdal["GDALClose"]
_close.argtypes = [c_void_p]


class BasemapRefused(Exception):
    """GDAL could not read a layer or write the map."""


def build_basemap(folder: Path, target: Path) -> int:
    """Cut the GeoJSON layers of `folder` (WGS 84) into `target`, which is replaced at once; returns how many layers.

    Raises BasemapRefused; `target` is then as before.
    """
    found = [(name, folder / f"{name}.geojson") for name in LAYERS if (folder / f"{name}.geojson").exists()]
    # What people search for is what they orient by: the pack's landmarks stand on its map, too.
    landmarks = folder.parent / "layers" / "landmarks.geojson"
    if found and landmarks.exists():
        found.append(("landmarks", landmarks))
    if not found:
        raise BasemapRefused(f"{folder} holds none of {', '.join(LAYERS)}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent, prefix=".basemap-") as workshop:
        made = Path(workshop) / target.name
        _cut(found, made)
        os.replace(made, target)
    return len(found)


def _cut(layers: list[tuple[str, Path]], target: Path) -> None:
    parts = "".join(
        f"<OGRVRTLayer name={quoteattr(name)}><SrcDataSource>{escape(str(path))}</SrcDataSource>"
        f"<SrcLayer>{escape(_own_name(path))}</SrcLayer></OGRVRTLayer>"
        for name, path in layers
    )
    Driver.ensure_registered()
    source = _open(f"<OGRVRTDataSource>{parts}</OGRVRTDataSource>".encode(), _READ_VECTOR, None, None, None)
    if not source:
        raise BasemapRefused(f"a layer cannot be read: {', '.join(str(path) for _name, path in layers)}")
    words = ["-f", "PMTiles", "-dsco", "MINZOOM=0", "-dsco", f"MAXZOOM={MAX_ZOOM}", "-dsco", "NAME=basemap"]
    options = _new_options((c_char_p * (len(words) + 1))(*(word.encode() for word in words), None), None)
    failed = c_int(0)
    try:
        written = _translate(str(target).encode(), None, 1, (c_void_p * 1)(source), options, byref(failed))
        # The file is complete only once it is closed.
        if written:
            _close(written)
        if not written or failed.value or not target.exists():
            raise BasemapRefused(f"the map cannot be written to {target.name}")
    finally:
        _free_options(options)
        _close(source)


def _own_name(path: Path) -> str:
    """The name that GDAL knows a file's one layer by. It would only log what it cannot read, so that is asked first."""
    try:
        return str(pyogrio.read_info(path)["layer_name"])
    except pyogrio.errors.DataSourceError as error:
        raise BasemapRefused(f"{path.name} cannot be read") from error
