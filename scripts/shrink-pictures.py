"""Keep the pictures of docs/images small: 256 colours each, which for figures is as good as all. Run it on pictures that were drawn again.

    python3 scripts/shrink-pictures.py docs/images/*.png
"""

import io
import sys
from pathlib import Path

from PIL import Image

for path in map(Path, sys.argv[1:]):
    picture = Image.open(path)
    if picture.mode == "P":
        continue
    small = io.BytesIO()
    picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    print(f"{path}: {path.stat().st_size:,} bytes, now {small.tell():,}")
    path.write_bytes(small.getvalue())
