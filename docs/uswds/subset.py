"""Cuts the U.S. Web Design System's stylesheet down to what the facade's pages use.

Type: ``npm pack @uswds/uswds@3 && tar xzf uswds-uswds-3*.tgz && python docs/uswds/subset.py package``

A rule stays when every class in its selector stands in one of our templates; rules without a class stay; fonts stay
where they are listed below. The result and its licence are written to ``fhir_facade/web/static``.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

WEB = Path(__file__).resolve().parents[2] / "fhir_facade" / "web"
FONTS = {
    "source-sans-pro/sourcesanspro-regular-webfont.woff2",
    "source-sans-pro/sourcesanspro-bold-webfont.woff2",
}


def blocks(css: str) -> list[tuple[str, str]]:
    """Top-level rules as (prelude, body without braces)."""
    found, depth, start, prelude = [], 0, 0, ""
    for at, sign in enumerate(css):
        if sign == "{":
            if depth == 0:
                prelude, start = css[start:at], at + 1
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0:
                found.append((prelude.strip(), css[start:at]))
                start = at + 1
        elif sign == ";" and depth == 0:
            start = at + 1
    return found


def used_classes() -> set[str]:
    """Every class that a template names."""
    text = " ".join(path.read_text(encoding="utf-8") for path in WEB.glob("templates/*.html"))
    return set(re.findall(r"usa-[\w-]+|grid-[\w-]+", text))


def kept_selectors(prelude: str, used: set[str]) -> str:
    """The selectors of a rule whose classes are all in use."""
    selectors = re.split(r",(?![^(]*\))", prelude)
    wanted = [one for one in selectors if all(name in used for name in classes(one))]
    return ",".join(one.strip() for one in wanted)


def classes(selector: str) -> list[str]:
    """Class names in a selector, those inside ``:not(…)`` apart."""
    outside = re.sub(r":not\([^)]*\)", "", selector)
    return [name.replace("\\", "") for name in re.findall(r"\.((?:[\w-]|\\.)+)", outside)]


def subset(css: str, used: set[str]) -> str:
    """The stylesheet without what nobody uses."""
    kept = []
    for prelude, body in blocks(css):
        if prelude.startswith("@font-face"):
            kept += [f"{prelude}{{{body}}}"] if any(font in body for font in FONTS) else []
        elif prelude.startswith(("@media", "@supports")):
            inner = subset(body, used)
            kept += [f"{prelude}{{{inner}}}"] if inner else []
        elif prelude.startswith("@"):
            kept += [f"{prelude}{{{body}}}"] if "keyframes" not in prelude else []
        elif selectors := kept_selectors(prelude, used):
            kept.append(f"{selectors}{{{body}}}")
    return "".join(kept)


def main(package: Path) -> None:
    """Write the stylesheet, fonts, images and licence."""
    css = re.sub(r"/\*.*?\*/", "", (package / "dist/css/uswds.min.css").read_text(encoding="utf-8"), flags=re.S)
    static = WEB / "static"
    small = subset(css, used_classes())
    small = small.replace("../fonts/", "fonts/").replace("../img/", "img/")
    images = {name for name in re.findall(r"img/([\w./-]+)", small) if (package / "dist/img" / name).is_file()}
    (static / "uswds.css").write_text(small + "\n", encoding="utf-8")
    for kind, names in (("fonts", FONTS), ("img", images)):
        shutil.rmtree(static / kind, ignore_errors=True)
        for name in names:
            (static / kind / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(package / "dist" / kind / name, static / kind / name)
    shutil.copy(package / "LICENSE.md", static / "uswds-LICENSE.md")
    sys.stdout.write(f"{len(small)} bytes of CSS, {len(images)} images\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
