"""What pages load: there, packed, for ever, and of nobody else's host."""

from __future__ import annotations

import gzip
import re

import httpx
import pytest

from service.figures.look import DARK, LIGHT
from service.pages.assets import HERE, asset_url, bundles, look_css

NAMES = [(bundle, name) for bundle, found in bundles().items() for name in found.files]
OURS = [path for path in sorted(HERE.iterdir()) if path.suffix in (".js", ".css", ".svg")]


@pytest.mark.parametrize(("bundle", "name"), NAMES)
def test_every_asset_is_served_packed_and_kept_for_ever(api: httpx.Client, bundle: str, name: str) -> None:
    url = asset_url(bundle, name)
    plain = api.get(url, headers={"Accept-Encoding": "identity"})
    packed = api.get(url, headers={"Accept-Encoding": "gzip"})
    assert (plain.status_code, packed.status_code) == (200, 200)
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert packed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert packed.headers["x-content-type-options"] == "nosniff"
    assert packed.content == plain.content == bundles()[bundle].files[name].content
    kind = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}[name.rpartition(".")[2]]
    assert packed.headers["content-type"].startswith(kind)


def test_plotly_is_packed_to_a_third(api: httpx.Client) -> None:
    (asset,) = bundles()["plotly"].files.values()
    assert len(asset.packed) < len(asset.content) / 3
    assert gzip.decompress(asset.packed) == asset.content


def test_an_asset_of_another_digest_is_not_there(api: httpx.Client) -> None:
    url = asset_url("ontogeny", "page.js")
    assert api.get(url.replace(bundles()["ontogeny"].digest, "0" * 16)).status_code == 404
    assert api.get(url.replace("page.js", "secret.js")).status_code == 404
    assert api.get(url.replace("page.js", "..%2fjobs.py")).status_code == 404


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_own_files_name_no_other_host_and_evaluate_nothing(path: object) -> None:
    text = path.read_text()  # type: ignore[attr-defined]
    assert set(re.findall(r"https?://[^\s\"'`)]+", text)) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\beval\(|new Function\(|document\.write|innerHTML\s*=\s*[^;]*fetch", text)
    assert len(text.splitlines()) <= 400


def test_modules_import_only_what_lies_beside_them() -> None:
    known = {path.name for path in OURS}
    for path in OURS:
        for found in re.findall(r"""from "([^"]+)";""", path.read_text()):
            assert found.startswith("./")
            assert found[2:] in known


def test_the_page_has_the_colours_of_the_figures() -> None:
    css = look_css()
    light, dark = css.split("@media")
    assert f"--paper: {LIGHT.paper};" in light
    assert f"--paper: {DARK.paper};" in dark
    assert all(colour in light for colour in LIGHT.colours)
    used = set(re.findall(r"var\(--([a-z0-9]+)", (HERE / "ontogeny.css").read_text()))
    own = set(re.findall(r"--([a-z0-9]+):", (HERE / "ontogeny.css").read_text()))
    assert used <= own | set(re.findall(r"--([a-z0-9]+):", css))
