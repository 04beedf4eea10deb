"""Everything a page loads: under paths that name the content, so kept for ever; packed once, served to all.

Ours from `static`, plotly.js from the package plotly, Swagger UI from the package fastapi-offline: nothing of another
hand lies in this repository, and no page asks another host.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from fastapi import APIRouter, Request, Response

from service.errors import NotFound
from service.figures.look import DARK, LIGHT, Look

router = APIRouter(prefix="/assets", include_in_schema=False)

HERE = Path(__file__).parent / "static"
MEDIA = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png"}
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """One file as it is sent."""

    content: bytes
    media: str

    @cached_property
    def packed(self) -> bytes:
        """Its content under gzip; packed when it is first asked for."""
        return gzip.compress(self.content, 6, mtime=0)


@dataclass(frozen=True)
class Bundle:
    """Files that name each other, under one digest of all."""

    files: dict[str, Asset]

    @cached_property
    def digest(self) -> str:
        """Names their contents."""
        known = b"".join(name.encode() + asset.content for name, asset in sorted(self.files.items()))
        return hashlib.sha256(known).hexdigest()[:16]


@cache
def bundles() -> dict[str, Bundle]:
    """Ours, plotly's and Swagger's, by name."""
    ours = {path.name: _read(path) for path in sorted(HERE.iterdir())}
    ours["look.css"] = Asset(look_css().encode(), MEDIA[".css"])
    swagger = _package("fastapi_offline") / "static"
    return {
        "ontogeny": Bundle(ours),
        "plotly": Bundle({"plotly.min.js": _read(_package("plotly") / "package_data" / "plotly.min.js")}),
        "swagger": Bundle({name: _read(swagger / name) for name in ("swagger-ui-bundle.js", "swagger-ui.css")}),
    }


def asset_url(bundle: str, name: str) -> str:
    """Where a file is found, for as long as it is what it is; KeyError if there is none of this name."""
    found = bundles()[bundle]
    return f"/assets/{bundle}-{found.digest}/{name}" if found.files[name] else ""


@router.get("/{bundle}-{digest}/{name}")
def asset(bundle: str, digest: str, name: str, request: Request) -> Response:
    """A file, packed for those who take it so; one of another digest is another file and not here."""
    found = bundles().get(bundle)
    file = found.files.get(name) if found and found.digest == digest else None
    if file is None:
        raise NotFound("there is no such asset; reload the page")
    headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(file.content, headers=headers, media_type=file.media)
    return Response(file.packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=file.media)


def look_css() -> str:
    """The colours of the figures as CSS variables, so that page and figures are of one paper."""
    dark = f"@media (prefers-color-scheme: dark) {{ {_variables(DARK)} }}"
    return f"{_variables(LIGHT)}\n{dark}\n"


def _variables(look: Look) -> str:
    plain = {name: getattr(look, name) for name in ("paper", "ink", "soft", "grid", "quiet", "alarm")}
    numbered = {f"c{number}": colour for number, colour in enumerate(look.colours)}
    declared = " ".join(f"--{name}: {value};" for name, value in {**plain, **numbered}.items())
    return f":root {{ color-scheme: {look.name}; {declared} }}"


def _package(name: str) -> Path:
    """The folder of an installed package, found without loading it."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"{name} is one of our dependencies; install the package again")
    return Path(found.origin).parent


def _read(path: Path) -> Asset:
    return Asset(path.read_bytes(), MEDIA[path.suffix])
