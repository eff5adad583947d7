"""The must-support elements and slices of CARIN Blue Button 2.0.0, and which of them a pool of resources shows.

``must_support.json`` holds the facts; ``python -m tests.conformance.must_support <metadata file>`` writes it anew from
the metadata of the public test kit for CARIN Blue Button 2.0.0.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Json = dict[str, Any]

_FACTS = Path(__file__).with_name("must_support.json")


def profiles() -> dict[str, Json]:
    """The facts by profile name (``C4BB-Patient`` …)."""
    facts: dict[str, Json] = json.loads(_FACTS.read_text(encoding="utf-8"))
    return facts


def missing(facts: Json, pool: Iterable[Json]) -> list[str]:
    """The must-support elements, slices and extensions of one profile that no resource of the pool shows."""
    resources = [each for each in pool if each["resourceType"] == facts["type"]]
    lacking = [path for path in facts["elements"] if not any(_found(facts, each, path) for each in resources)]
    lacking += [name for name in facts["slices"] if not any(_found(facts, each, name) for each in resources)]
    for url in facts["extensions"]:
        if not any(extension["url"] == url for each in resources for extension in each.get("extension", [])):
            lacking.append(url)
    return lacking


def _found(facts: Json, resource: Json, path: str) -> bool:
    values = _values(facts["slices"], resource, path)
    if path in facts["fixed"]:
        return facts["fixed"][path] in values
    if types := facts["references"].get(path):
        return any(value.get("reference", "").split("/")[0] in types for value in values)
    return bool(values)


def _values(slices: Json, resource: Json, path: str) -> list[Any]:
    """Values at a path such as ``item.adjudication:allowedunits.category`` or ``item.serviced[x]:servicedDate``."""
    values: list[Any] = [resource]
    walked = ""
    for step in path.split("."):
        walked = f"{walked}.{step}" if walked else step
        name, _, slice_name = step.partition(":")
        if name.endswith("[x]") and slice_name:
            name, slice_name = slice_name, ""
        values = [child for value in values for child in _children(value, name)]
        if slice_name:
            values = [value for value in values if _in_slice(value, slices[walked])]
    return values


def _children(value: Json, name: str) -> list[Any]:
    if name.endswith("[x]"):
        stem = name.removesuffix("[x]")
        return [child for key, child in value.items() if key.startswith(stem) and key[len(stem) :][:1].isupper()]
    child = value.get(name)
    if child is None:
        return []
    return child if isinstance(child, list) else [child]


def _in_slice(value: Json, rule: Json) -> bool:
    if not rule["by"]:
        return value.get("system") in rule["is"]
    codings = value.get(rule["by"], {}).get("coding", [])
    return any(f"{coding.get('system')}|{coding.get('code')}" in rule["is"] for coding in codings)


def _facts(profile: Json) -> Json:
    """One profile of the kit's metadata in our own form."""
    demands = profile["must_support"]
    own_id = f"{profile['resource']}."
    elements = [each if isinstance(each, dict) else {"path": each} for each in demands["elements"]]
    slices = {each["id"].removeprefix(own_id): each["discriminator"] for each in demands["slices"]}
    paths = [each["id"].removeprefix(own_id) if "id" in each else each["path"] for each in elements]
    return {
        "type": profile["resource"],
        "extensions": [each["url"] for each in demands["extensions"]],
        "slices": {name: _rule(each) for name, each in slices.items() if each["type"] != "type"},
        "elements": paths,
        "fixed": {each["path"]: each["fixed_value"] for each in elements if "fixed_value" in each},
        "references": {
            each["path"]: sorted({url.rsplit("/", 1)[1].removeprefix("C4BB-") for url in each["target_profiles"]})
            for each in elements
            if "target_profiles" in each
        },
    }


def _rule(discriminator: Json) -> Json:
    if discriminator["type"] == "patternIdentifier":
        return {"by": "", "is": [discriminator["system"]]}
    codes = discriminator.get("values") or [discriminator]
    return {"by": discriminator["path"], "is": [f"{code['system']}|{code['code']}" for code in codes]}


def _write(metadata: Path) -> None:
    kit = json.loads(metadata.read_text(encoding="utf-8"))["profiles"]
    facts = {profile["profile_url"].rsplit("/", 1)[1]: _facts(profile) for profile in kit.values()}
    _FACTS.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _write(Path(sys.argv[1]))
