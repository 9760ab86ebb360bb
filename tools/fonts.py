"""Cuts the fonts of link pictures to the letters that they need.

    python tools/fonts.py FOLDER

FOLDER holds NotoSansJP_400Regular.ttf and NotoSerifJP_600SemiBold.ttf (SIL Open Font License 1.1),
as the npm packages `@expo-google-fonts/noto-sans-jp` and `noto-serif-jp` 0.4.3 bring them. It needs
`fonttools`, which nothing else here does.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from kiseki.web.cards.letters import COMMON, FONTS, KNOWN

_FONTS = {
    "NotoSansJP_400Regular.ttf": ("NotoSansJP-Regular.ttf", KNOWN),
    "NotoSerifJP_600SemiBold.ttf": ("NotoSerifJP-SemiBold.ttf", COMMON),
}


def main() -> None:
    """Writes the fonts."""
    folder = Path(sys.argv[1])
    for name, (into, letters) in _FONTS.items():
        (found,) = folder.rglob(name)
        listed = ",".join(f"U+{ord(each):04X}" for each in sorted(letters))
        subprocess.run(
            [sys.executable, "-m", "fontTools.subset", found, f"--unicodes={listed}",
             f"--output-file={FONTS / into}", "--layout-features=", "--no-hinting"],
            check=True,
        )  # fmt: skip
        print(FONTS / into, (FONTS / into).stat().st_size)


if __name__ == "__main__":
    main()
