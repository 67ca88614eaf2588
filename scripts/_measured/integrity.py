"""Digests of the files from npm that asv's pages run as scripts: what differs is not used.

npm compares a package with what its registry says of it; the digests here do not come from there.
"""

import base64
import hashlib
from collections.abc import Iterable
from pathlib import Path

# Of each file, as a browser's `integrity` attribute has them. Those of jquery, orderBars, md5 and
# bootstrap are of the same bytes as the attributes in asv's index.html.
DIGESTS = {
    "jquery@3.3.1/dist/jquery.min.js": (
        "sha384-tsQFqpEReu7ZLhBV2VZlAu7zcOV+rXbYlF2cqB8txI/8aZajjp4Bqd+V6D5IgvKT"
    ),
    "flot@0.8.3/jquery.flot.js": (
        "sha384-BEasWKcYLxJSe7Dd+oFIyT92mMKekrrit2ilFCODDydHzd4eReLNz3UYG/TF1b0v"
    ),
    "flot@0.8.3/jquery.flot.time.js": (
        "sha384-KIXIWdEuZIzipZRAGOzqfrwF/z4Euro30f4MWlFxD6A39o51qSaMOGD84i20SMlW"
    ),
    "flot@0.8.3/jquery.flot.selection.js": (
        "sha384-EWb1fTmbkoRXdUSIBGPoXwWsjIrntLRianrZEsrLMLtJcmQ4SyIkY19Ic42ISGKH"
    ),
    "flot@0.8.3/jquery.flot.categories.js": (
        "sha384-yzh2w0jzVQMN+zU78Sn6vQ6Sjlv47t1/SJlLOYTC/BnpfzvDHkVyPmZbL7RD17aA"
    ),
    "flot-orderbars@1.0.0/js/jquery.flot.orderBars.js": (
        "sha384-VhDsPFI7AHKepd+RGBZSOhbPzpyFtL5f/RI1+HfLSdxfSS1MAf5C8hbn+KM1y9N0"
    ),
    "stupid-table-plugin@1.1.3/stupidtable.min.js": (
        "sha384-gGnTJbRKCn6K3iFprK1XL3RoTiYOV5813ZTfrjLPYyF3aCoz8DGPdrwY3Fy3PLNO"
    ),
    "blueimp-md5@2.19.0/js/md5.min.js": (
        "sha384-JmVtRz6RWiXnA14QbIOJzPuU3MidULOpBP66deeLLyyoF4Tr/gZlbkHkL6vTthxH"
    ),
    "bootstrap@3.1.1/dist/js/bootstrap.min.js": (
        "sha384-oFMgcGzKX7GaHtF4hx14KbxdsGjyfHK6m1comHjI1FH6g4m6qYre+4cnZbwaYbHD"
    ),
    "bootstrap@3.1.1/dist/css/bootstrap.min.css": (
        "sha384-7tY7Dc2Q8WQTKGz2Fa0vC4dWQo07N4mJjKvHfIGnxuC4vPqFGFQppd9b3NWpf18/"
    ),
}


def digest(content: bytes, algorithm: str = "sha384") -> str:
    """Digest of a file's content, as an `integrity` attribute has it."""
    raw = hashlib.new(algorithm, content).digest()
    return f"{algorithm}-{base64.b64encode(raw).decode()}"


def altered(folder: Path, files: Iterable[str]) -> list[str]:
    """Those of the files in a folder that are not what their digests say; missing ones too."""
    return [file for file in files if not _is_intact(folder, file)]


def _is_intact(folder: Path, file: str) -> bool:
    path = folder / file
    return path.is_file() and digest(path.read_bytes()) == DIGESTS.get(file)
