"""Write numbered pictures as an animation: animation.py FOLDER FILE, with a description of each picture as JSON on the input."""

import json
from pathlib import Path
import sys
from typing import Any

from PIL import Image, ImageDraw

MARK = "#ff9800"
MARK_RADIUS = 18  # pixels
MARK_WIDTH = 4
QUALITY = 72


def draw(file: Path, clicked: list[float] | None) -> Image.Image:
    """Return a picture, with a mark where it is clicked."""
    image = Image.open(file).convert("RGB")
    if clicked:
        x, y = clicked
        box = (x - MARK_RADIUS, y - MARK_RADIUS, x + MARK_RADIUS, y + MARK_RADIUS)
        ImageDraw.Draw(image).ellipse(box, outline=MARK, width=MARK_WIDTH)
    return image


def main(folder: Path, file: Path) -> None:
    """Write the animation, which repeats forever."""
    frames: list[dict[str, Any]] = json.load(sys.stdin)
    first, *others = (draw(folder / f"{number}.png", frame["clicked"]) for number, frame in enumerate(frames))
    first.save(
        file,
        save_all=True,
        append_images=others,
        duration=[round(frame["seconds"] * 1000) for frame in frames],
        loop=0,
        kmax=1,  # whole frames: differences leave traces of the frame before
        quality=QUALITY,
        method=6,
    )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
