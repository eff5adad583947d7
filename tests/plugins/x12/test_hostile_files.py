"""Files that are broken, foreign or cut: a named reject with its place, and the rest loaded."""

from __future__ import annotations

import dataclasses
import gzip
import os

import pytest

from fhir_facade.contracts.claims import Checkpoint, MemberRecords
from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade_claims_x12 import X12Settings

from .interchanges import Loaded, interchange, load, negated, office, paid, payment, source, subscriber

CLAIM = interchange("837P", [*subscriber(), *office()])
PAID = interchange("835", payment(paid()))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "in"


def with_good(folder, name: str, text: str) -> Loaded:
    """The good pair and one more file: the good claim must always come through."""
    loaded = load(folder, {"a.837": CLAIM, "b.835": PAID, name: text})
    assert "ICN1" in [claim.claim_number.value for claim in loaded.claims]
    return loaded


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hello", "does not begin with an ISA"),
        ("ISA*00*", "does not begin with an ISA"),
        ("X" * 500, "does not begin with an ISA"),
        ("ISA" + "*" * 500, "does not begin with an ISA"),
        (CLAIM.replace("SENDER         ", "SENDER"), "does not begin with an ISA segment: 106 characters"),
        (CLAIM.lower(), "in capitals"),
        (CLAIM.replace("*", "|", 20), "holds no transaction; look whether its separators"),
        (CLAIM.replace("IEA*1*000000001~", ""), "has no end (IEA)"),
        (CLAIM[: CLAIM.index("ST*")], "holds no transaction"),
        (CLAIM.replace("GE*1*1", "GE*3*1"), "the group says it has 3 transactions and has 1"),
        (CLAIM.replace("IEA*1*", "IEA*2*"), "the interchange says it has 2 groups and has 1"),
        (CLAIM.replace("005010X222A1", "004010X098A1"), "5010 834, 835 and 837 are read"),
        (CLAIM.replace("005010X222A1", "005010X217"), "5010 834, 835 and 837 are read"),
        (CLAIM[: CLAIM.index("LX*2")], "has no end"),
        (CLAIM[: CLAIM.index("SV1*HC:G0008") + 6], "ends within a segment"),
        (CLAIM.replace("HI*ABK:E119*ABF:I10~", ""), "segments and has"),
        (CLAIM.replace("150.10", "abc"), "the claim's charge is no number"),
        (CLAIM.replace("150.10", "1e9999"), "the claim's charge is no number"),
        (CLAIM.replace("150.10", "NaN"), "the claim's charge is no number"),
        (CLAIM.replace("150.10", "150.105"), "fractions of a cent"),
        (CLAIM.replace("D8*20251201", "D8*20250230"), "no day written CCYYMMDD"),
        (CLAIM.replace("D8*20251201", "D8*2025"), "no day written CCYYMMDD"),
        (CLAIM.replace("CLM*PCN1", "CLM*"), "no patient control number"),
        (CLAIM.replace("MI*M1", "34*123456789"), "no member number"),
        (CLAIM.replace("SV1*HC:G0008", "ZZ*HC:G0008"), "service line 2 has no service"),
        (CLAIM.replace("NM1*85*2*HILLTOP CLINIC*****XX*1234567893", "NM1*85*2"), "neither NPI nor name"),
        (PAID.replace("*90.00*", "*x*"), "the claim's payment is no number"),
        (PAID.replace("CAS*CO*45*15.00", "CAS*CO*45*x"), "an adjustment is no number"),
        (PAID.replace("PCN1", "PCN8"), "in no 837 file"),
        (interchange("835", payment(paid(status="25", number="ICN7"))), "nothing was adjudicated"),
        (interchange("834", ["BGN*00*1*20250102", "INS*Y*18*021", "NM1*IL*1*ORTIZ*ANA"]), "no subscriber number"),
        (interchange("834", ["BGN*00*1*20250102", "INS*Y*18*021", "REF*0F*M5", "NM1*IL*1"]), "the member has no name"),
    ],
)
def test_a_broken_file_is_named_with_its_place_and_the_rest_is_loaded(folder, text, reason):
    loaded = with_good(folder, "x.edi", text)
    found = [(file, place, why) for file, place, why in loaded.rejects if reason in why]
    assert found, loaded.rejects
    assert all(place.startswith("segment ") for _, place, _ in loaded.rejects)


def test_reasons_name_nobody(folder):
    for text in (PAID.replace("PCN1", "PCN8"), CLAIM.replace("150.10", "abc"), CLAIM[: CLAIM.index("LX*2")]):
        loaded = with_good(folder, "x.edi", text)
        for _, _, reason in loaded.rejects:
            assert not any(private in reason for private in ("ORTIZ", "ANA", "M1", "PCN"))


def test_claims_before_the_cut_are_loaded(folder):
    both = interchange("837P", [*subscriber(), *office(), *office("PCN2")])
    cut = both[: both.index("CLM*PCN2") + 40]
    loaded = load(folder, {"a": cut, "b": PAID})
    assert [claim.claim_number.value for claim in loaded.claims] == ["ICN1"]
    assert len(loaded.rejects) == 1


def test_a_transaction_with_a_wrong_count_is_refused_whole(folder):
    wrong = CLAIM.replace("REF*EA*MRN7~\n", "")
    loaded = load(folder, {"a": wrong, "b": PAID})
    assert loaded.claims == []
    assert any("it was not read" in reason for _, _, reason in loaded.rejects)


def test_the_same_file_twice_gives_the_claim_once(folder):
    loaded = load(folder, {"a": CLAIM, "b": PAID, "c": PAID, "d": CLAIM})
    assert len(loaded.claims) == 1
    assert [reason for _, _, reason in loaded.rejects] == ["the same payment is there twice; the first stays"]


def test_a_payment_date_that_does_not_exist_is_left_out_by_name(folder):
    loaded = load(folder, {"a": CLAIM, "b": PAID.replace("************20260110", "************20261310")})
    (claim,) = loaded.claims
    assert claim.paid_on is None
    assert [reason for _, _, reason in loaded.rejects] == [
        "the payment date (BPR) is no day written CCYYMMDD; it was left out"
    ]


def test_a_reversal_of_nothing_is_named(folder):
    loaded = load(folder, {"a": CLAIM, "b": interchange("835", payment(negated(paid())))})
    assert loaded.claims == []
    assert [reason for _, _, reason in loaded.rejects] == ["it reverses a payment that is in no file"]


@pytest.mark.parametrize("marks", ["*:~", "|>~", "%:\n", "+:'", "*:\x1c"])
@pytest.mark.parametrize("newline", ["", "\n", "\r\n"])
def test_every_choice_of_separators_gives_the_same_claim(folder, marks, newline):
    if marks.endswith("\n"):
        newline = ""
    files = {
        "a": interchange("837P", [*subscriber(), *office()], marks=marks, newline=newline),
        "b": interchange("835", payment(paid()), marks=marks, newline=newline),
    }
    (claim,) = load(folder, files).claims
    assert claim.lines[0].procedure.value == "99213"
    assert claim.totals == load(folder, {"a": CLAIM, "b": PAID}).claims[0].totals


def test_composites_cut_otherwise_than_the_header_says_are_read(folder):
    files = {"a": CLAIM.replace("HC:", "HC>").replace("B:1", "B>1").replace(":25", ">25"), "b": PAID}
    files["a"] = files["a"].replace("11:B", "11>B").replace("ABK:", "ABK>").replace("ABF:", "ABF>")
    (claim,) = load(folder, files).claims
    assert claim.lines[0].procedure.value == "99213"
    assert claim.lines[0].place_of_service == "11"
    assert claim.diagnoses[0].code.value == "E119"


def test_several_interchanges_in_one_file_are_read(folder):
    assert len(load(folder, {"all": CLAIM + "\r\n" + PAID}).claims) == 1
    otherwise = interchange("835", payment(paid()), marks="|>'", newline="")
    assert len(load(folder, {"all": CLAIM + otherwise}).claims) == 1


def test_an_interchange_without_end_is_told_before_the_next_one(folder):
    loaded = load(folder, {"all": CLAIM.replace("IEA*1*000000001~", "") + PAID})
    assert len(loaded.claims) == 1
    assert [reason for _, _, reason in loaded.rejects] == [
        "the interchange has no end (IEA); what would follow may be missing"
    ]


def test_segment_names_in_small_letters_are_read(folder):
    small = CLAIM.replace("CLM*", "clm*").replace("NM1*", "nm1*").replace("\nSE*", "\nse*")
    assert load(folder, {"a": small, "b": PAID}).claims == load(folder, {"a": CLAIM, "b": PAID}).claims


def test_members_and_cover_say_where_they_were_read(folder):
    (records,) = load(folder, {"a": CLAIM, "b": PAID}).records
    for each in (records.member, *records.coverages, *records.claims):
        assert each.position.file in ("a", "b")
        assert each.position.line.startswith("segment ")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_names_in_the_usual_encodings_are_read(folder, encoding):
    folder.mkdir()
    (folder / "a").write_bytes(CLAIM.replace("ORTIZ", "MUÑOZ").encode(encoding))
    (folder / "b").write_bytes(PAID.encode())
    (records,) = Loaded(source(folder).changes(None)).records
    assert records.member.names[0].family == "MUÑOZ"


def test_a_file_that_is_no_text_is_refused(folder):
    folder.mkdir()
    (folder / "x").write_bytes(CLAIM.encode("utf-16"))
    (folder / "y").write_bytes(os.urandom(4096))
    (folder / "z").write_bytes(b"")
    (folder / "zip").write_bytes(gzip.compress(CLAIM.encode()))
    loaded = load(folder, {"a": CLAIM, "b": PAID})
    assert len(loaded.claims) == 1
    told = {file: reason for file, _, reason in loaded.rejects}
    assert told.keys() == {"x", "y", "z", "zip"}
    assert told["x"] == "the file is UTF-16; write it as UTF-8"
    assert told["z"] == "the file is empty"
    assert told["zip"] == "the file is compressed (gzip); unpack it"


def test_a_file_without_segment_ends_is_not_read_into_memory(folder):
    loaded = with_good(folder, "x", CLAIM[:106] + "GS*" + "A" * 400_000)
    assert ("x", "segment 2", "a segment does not end") in loaded.rejects


def test_a_claim_with_a_million_lines_is_refused(folder):
    lines = [f"LX*{number}" for number in range(1, 25_000)]
    loaded = with_good(folder, "x", interchange("837P", [*subscriber("M7"), "CLM*BIG*1.00***11:B:1", *lines]))
    assert any("more than 20000 segments" in reason for _, _, reason in loaded.rejects)


def test_a_run_that_was_stopped_goes_on_and_a_finished_one_reads_nothing(folder, monkeypatch):
    monkeypatch.setattr("fhir_facade_claims_x12.source.MEMBERS_PER_CHECKPOINT", 1)
    claims = [interchange("837P", [*subscriber(f"M{n}"), *office()]) for n in range(5)]
    payments = [interchange("835", payment(paid(number=f"ICN{n}", member=f"M{n}"))) for n in range(5)]
    files = {f"{n}.837": text for n, text in enumerate(claims)} | {f"{n}.835": text for n, text in enumerate(payments)}
    whole = load(folder, files)
    marks = [each for each in whole.changes if isinstance(each, Checkpoint)]
    rest = list(source(folder).changes(marks[1].watermark))
    assert rest == whole.changes[whole.changes.index(marks[1]) + 1 :]
    assert list(source(folder).changes(marks[-1].watermark)) == [marks[-1]]


def test_a_new_file_makes_everything_be_told_again(folder):
    finished = load(folder, {"a": CLAIM, "b": PAID}).marks[-1]
    (folder / "c").write_text(interchange("837P", [*subscriber("M3"), *office()]), encoding="utf-8")
    again = list(source(folder).changes(finished.watermark))
    assert sum(isinstance(each, MemberRecords) for each in again) == 2


@pytest.mark.parametrize("bad", [{"x": "hello"}, {"x": PAID.replace("PCN1", "PCN7")}, {"x": PAID}])
def test_what_cannot_be_read_is_told_in_every_run_until_it_is_mended(folder, bad):
    first = load(folder, {"a": CLAIM, "b": PAID, **bad})
    assert first.rejects
    assert first.marks[-1].watermark == ""
    assert Loaded(source(folder).changes(None)).rejects == first.rejects
    (folder / "x").unlink()
    assert Loaded(source(folder).changes(None)).rejects == []


def test_files_in_subfolders_are_read_and_told_by_their_place(folder):
    (folder / "june" / "late").mkdir(parents=True)
    (folder / "june" / "a.837").write_text(CLAIM, encoding="utf-8")
    (folder / "june" / "late" / "b.835").write_text(PAID, encoding="utf-8")
    (folder / ".c.835.part").write_text(PAID[:200], encoding="utf-8")
    loaded = load(folder, {"x": "hello"})
    assert [claim.position.file for claim in loaded.claims] == ["june/late/b.835"]
    assert [file for file, _, _ in loaded.rejects] == ["x"]


def test_a_group_whose_date_cannot_be_read_is_called_that(folder):
    told = load(folder, {"a": CLAIM.replace("*RECEIVER*20260105*", "*RECEIVER*20261305*")})
    assert [reason for _, _, reason in told.rejects] == ["its functional group has no date that can be read"]


def test_a_claim_without_a_payment_waits_in_silence_unless_asked(folder):
    assert load(folder, {"a": CLAIM}).rejects == []
    asked = load(folder, {"a": CLAIM}, report_waiting=True)
    assert [reason for _, _, reason in asked.rejects] == ["no remittance has come for this claim yet"]


def test_check_says_what_is_wrong_with_the_folder(folder, tmp_path):
    assert "is no folder" in source(folder).check()[0]
    folder.mkdir()
    assert "holds no files" in source(folder).check()[0]
    (folder / "a").write_text(CLAIM, encoding="utf-8")
    assert source(folder).check() == ()
    source(folder).close()


def test_a_missing_folder_is_an_unavailable_source(folder):
    with pytest.raises(ClaimsUnavailable, match="cannot be read"):
        list(source(folder).changes(None))


def test_every_setting_says_what_it_is():
    assert all(each.metadata["help"] for each in dataclasses.fields(X12Settings))


def test_claims_in_the_staging_file_are_private_and_gone_after_the_run(folder) -> None:
    load(folder, {"a.837": CLAIM, "b.835": PAID})
    scratch = folder.parent / "scratch"
    assert not list(scratch.iterdir())
    run = source(folder).changes(None)
    next(run)
    assert (scratch / "x12.sqlite").stat().st_mode & 0o077 == 0
    run.close()
    assert not list(scratch.iterdir())
