"""Where GDAL and GEOS come from: an explicit variable, else the libraries inside the pyogrio and shapely wheels, else the system.

The wheels carry newer builds than Debian (Django's security check gis.W001 wants GDAL 3.9 or later).
"""

import os
from importlib.util import find_spec
from pathlib import Path


def library_path(variable: str, package: str, pattern: str) -> str | None:
    """Path of a native library; None lets Django search the system. The wheel's file name carries a hash, hence the glob."""
    explicit = os.environ.get(variable, "").strip()
    if explicit:
        return explicit
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    for candidates in (folder.with_name(f"{package}.libs"), folder / ".dylibs"):
        found = sorted(candidates.glob(pattern))
        if found:
            return str(found[0])
    return None
