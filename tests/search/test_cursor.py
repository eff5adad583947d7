"""Page cursors."""

from __future__ import annotations

import base64

import pytest

from fhir_facade.search.cursor import Caller, Cursors, Mark, search_text
from fhir_facade.search.faults import BadCursor, ExpiredCursor, ForeignCursor
from fhir_facade.search.parse import parse

SECRET = b"k" * 32
ALICE = Caller("medical-alice", "app-1", "all")
MARK = Mark((1_700_000_000_000_000, None), "medical-claim-77", backwards=True, phase=2)


def test_a_cursor_opens_in_another_process_with_the_same_secret():
    text = Cursors(SECRET).seal(MARK, ALICE, "s")
    assert Cursors(SECRET).open(text, ALICE, "s") == MARK


def test_nothing_of_the_member_or_the_position_can_be_read():
    text = Cursors(SECRET).seal(MARK, ALICE, "s")
    plain = base64.urlsafe_b64decode(text + "==")
    assert all(word not in plain for word in (b"alice", b"claim-77", b"app-1", b"medical"))
    assert text != Cursors(SECRET).seal(MARK, ALICE, "s")


def test_every_changed_character_is_noticed():
    text = Cursors(SECRET).seal(MARK, ALICE, "s")
    for at in range(len(text)):
        changed = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        with pytest.raises(BadCursor):
            Cursors(SECRET).open(changed, ALICE, "s")


@pytest.mark.parametrize("text", ["", "x", "é", "A" * 40, "!!!!", "A" * 5000])
def test_garbage_is_refused(text):
    with pytest.raises(BadCursor):
        Cursors(SECRET).open(text, ALICE, "s")


def test_added_characters_are_noticed():
    with pytest.raises(BadCursor):
        Cursors(SECRET).open(Cursors(SECRET).seal(MARK, ALICE, "s") + "!", ALICE, "s")


@pytest.mark.parametrize("other", [("bob", "app-1", "all"), ("medical-alice", "app-2", "all"), (*ALICE[:2], "some")])
def test_another_member_app_or_source_is_foreign(other):
    with pytest.raises(ForeignCursor):
        Cursors(SECRET).open(Cursors(SECRET).seal(MARK, ALICE, "s"), Caller(*other), "s")


def test_a_cursor_of_another_search_is_refused():
    with pytest.raises(BadCursor):
        Cursors(SECRET).open(Cursors(SECRET).seal(MARK, ALICE, "s"), ALICE, "t")


def test_a_cursor_of_another_secret_is_refused():
    with pytest.raises(BadCursor):
        Cursors(b"o" * 32).open(Cursors(SECRET).seal(MARK, ALICE, "s"), ALICE, "s")


def test_an_old_cursor_has_expired():
    text = Cursors(SECRET, lifetime_s=60, clock=lambda: 1000.0).seal(MARK, ALICE, "s")
    assert Cursors(SECRET, clock=lambda: 1059.0).open(text, ALICE, "s") == MARK
    with pytest.raises(ExpiredCursor):
        Cursors(SECRET, clock=lambda: 1060.0).open(text, ALICE, "s")


def test_a_cursor_is_bound_to_filters_and_order_but_not_to_the_page_size():
    def text(*pairs):
        return search_text(parse("ExplanationOfBenefit", pairs, base="http://x/fhir").query)

    assert text(("type", "oral"), ("_count", "5")) == text(("_count", "9"), ("type", "oral"))
    assert text(("type", "oral")) != text(("type", "vision"))
    assert text(("type", "oral")) != text(("type:not", "oral"))
    assert text(("_sort", "_id")) != text(("_sort", "-_id"))
