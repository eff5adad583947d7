"""Whatever happens to a file on its way, reading it ends in records and named rejects."""

from __future__ import annotations

import random

import pytest

from fhir_facade.contracts.claims import Checkpoint
from fhir_facade.fhir.mapper import Mapped, Mapper, Rejection

from .interchanges import Loaded, interchange, office, paid, payment, source, subscriber
from .test_joined_claims import institutional
from .test_more_claims import ANA, ANA_AT, DENTAL, DENTAL_PAID, enrolment

FILES = {
    "a.837": interchange("837P", [*subscriber(), *office()]),
    "b.835": interchange("835", payment(paid(), DENTAL_PAID)),
    "c.837": interchange("837D", DENTAL),
    "d.837": interchange("837I", institutional("11", admitted=True)),
    "e.834": enrolment(*ANA, *ANA_AT, "HD*021**HLT*STANDARD", "DTP*348*D8*20250101"),
}
MARKS = "*:~^>0123456789ABCZ -.\n\x00ñ"


def damaged(text: str, chance: random.Random) -> str:
    """The text with a few places changed: characters, elements, whole segments lost, doubled or swapped."""
    segments = text.split("~")
    for _ in range(chance.randrange(1, 4)):
        place = chance.randrange(1, len(segments) - 1)
        elements = segments[place].split("*")
        spot = chance.randrange(len(elements))
        deed = chance.randrange(6)
        if deed == 0:
            elements[spot] = "".join(chance.choice(MARKS) for _ in range(chance.randrange(0, 12)))
        elif deed == 1:
            del elements[spot]
        elif deed == 2:
            elements.insert(spot, chance.choice(["", "X", "-1", "99999999", "1e5", "20259999"]))
        segments[place] = "*".join(elements)
        if deed == 3:
            del segments[place]
        elif deed == 4:
            segments.insert(place, segments[chance.randrange(len(segments))])
    return recounted("~".join(segments)) if chance.random() < 0.8 else "~".join(segments)


def recounted(text: str) -> str:
    """The text with a right segment count, so that damage is not found by counting alone."""
    segments = text.split("~")
    names = [each.strip().split("*")[0] for each in segments]
    if "ST" in names and "SE" in names:
        count = names.index("SE") - names.index("ST") + 1
        segments[names.index("SE")] = f"\nSE*{count}*0001"
    return "~".join(segments)


@pytest.mark.parametrize("seed", range(8))
def test_damaged_files_end_in_records_and_named_rejects(tmp_path, seed, full_counts):
    chance = random.Random(seed)
    folder = tmp_path / "in"
    folder.mkdir()
    mapper = Mapper("x12", "2.2.0", False)
    for _ in range(1000 if full_counts else 40):
        hit = chance.choice(list(FILES))
        for name, text in FILES.items():
            written = damaged(text, chance) if name == hit else text
            (folder / name).write_text(written, encoding="utf-8", newline="")
        loaded = Loaded(source(folder, network="innetwork").changes(None))
        assert isinstance(loaded.changes[-1], Checkpoint)
        for records in loaded.records:
            assert all(isinstance(each, Mapped | Rejection) for each in mapper.resources(records))
