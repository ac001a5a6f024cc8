"""Open every built page in headless Chromium on a narrow screen: links, images, scripts that complain, things too wide.

python docs/check_site.py docs/_build/html      (after `make docs`; needs Chromium)

Exit status 1, and one line for each fault. Addresses outside the site are not followed, but nothing may be loaded from
there.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

#: A usual phone, CSS pixels.
WIDTH = 390
PROBE = """<script>
const faults = [];
window.addEventListener("error", (e) => faults.push("script: " + e.message));
window.addEventListener("load", () => setTimeout(() => {
  for (const image of document.images) if (!image.complete || !image.naturalWidth) faults.push("image: " + image.src);
  const width = document.documentElement.scrollWidth;
  if (width > window.innerWidth + 1) faults.push("wider than the screen: " + width + " > " + window.innerWidth);
  document.title = JSON.stringify(faults);
}, 50));
</script>"""


def main(site: Path) -> int:
    """Print the faults; how many there are."""
    browser = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
    )
    if not browser:
        sys.exit("check_site: no Chromium on the PATH")
    pages = sorted(site.rglob("*.html"))
    if not pages:
        sys.exit(f"check_site: no pages in {site}; run `make docs` first")
    faults = [f"{page.relative_to(site)}: {text}" for page in pages for text in _links(page)]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "site"
        shutil.copytree(site, copy)
        for page in pages:
            within = copy / page.relative_to(site)
            faults += [
                f"{page.relative_to(site)}: {text}" for text in _opened(browser, within, Path(folder) / "profile")
            ]
    sys.stdout.write("\n".join([*faults, f"{len(pages)} pages, {len(faults)} faults\n"]))
    return len(faults)


def _links(page: Path) -> Iterator[str]:
    """Links to files and places that are not there, and anything loaded from another site."""
    text = page.read_text(encoding="utf-8")
    yield from (f"loads {address}" for address in re.findall(r"""\bsrc=["'](https?://[^"']+)""", text))
    for link in re.findall(r"""<link[^>]+href=["'](https?://[^"']+)""", text):
        yield f"loads {link}"
    for target in set(re.findall(r"""<a [^>]*href=["']([^"']+)["']""", text)):
        path, _, place = html.unescape(target).partition("#")
        if re.match(r"[a-z]+:", path):
            continue
        file = (page.parent / unquote(path)).resolve() if path else page
        if not file.exists():
            yield f"dead link {target}"
        elif place and file.suffix == ".html" and f'id="{unquote(place)}"' not in file.read_text(encoding="utf-8"):
            yield f"dead place {target}"


def _opened(browser: str, page: Path, profile: Path) -> list[str]:
    """What the browser says of one page on a narrow screen."""
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("<head>", "<head>" + PROBE, 1), encoding="utf-8")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--dump-dom"]
    # a window cannot be narrower than some 500 pixels, but a frame in it can
    frame = page.with_name(page.stem + ".frame.html")
    frame.write_text(
        f'<!doctype html><title>none</title><iframe src="{page.name}" width="{WIDTH}" height="800" '
        'onload="setTimeout(() => document.title = this.contentDocument.title, 400)"></iframe>',
        encoding="utf-8",
    )
    extra = ["--allow-file-access-from-files", "--virtual-time-budget=4000", frame.as_uri()]
    done = subprocess.run([*command, *extra], capture_output=True, text=True, timeout=120, check=False)
    frame.unlink()
    found = re.search(r"<title>(.*?)</title>", done.stdout, re.DOTALL)
    try:
        return [str(fault) for fault in json.loads(html.unescape(found[1] if found else ""))]
    except json.JSONDecodeError:
        return ["did not load"]


if __name__ == "__main__":
    sys.exit(min(1, main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/_build/html"))))
