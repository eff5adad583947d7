"""Accounts, tickets, requests and letters, on SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from fhir_facade.store.developers import Developers
from fhir_facade.store.letters import TAKEN_S, Letters, write_letter
from fhir_facade.store.reviews import Review, Reviews, Step

NOW = 1_790_000_000


def account(account_id: str, email_hash: str = "e") -> dict[str, object]:
    return {
        "account_id": account_id,
        "email_hash": email_hash,
        "sealed": "s",
        "role": "developer",
        "language": "en",
        "created_at": NOW,
    }


def test_an_address_has_one_account(store) -> None:
    developers = Developers(store)
    assert developers.add(account("a"))
    assert not developers.add(account("b"))
    found = developers.by_email("e")
    assert found is not None
    assert found.account_id == "a"


def test_a_ticket_goes_to_one_of_many(store) -> None:
    developers = Developers(store)
    developers.add_ticket("t", "a", "verify", NOW + 10)
    assert developers.take_ticket("t", "recover", NOW) is None
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: developers.take_ticket("t", "verify", NOW), range(8)))
    assert sorted(filter(None, taken)) == ["a"]


def test_a_form_counts_once_of_many_sendings(store) -> None:
    developers = Developers(store)
    with ThreadPoolExecutor(8) as pool:
        firsts = list(pool.map(lambda _: developers.spend_form("f", NOW), range(8)))
    assert firsts.count(True) == 1


def test_the_last_wrong_try_locks_and_a_code_is_spent_once(store) -> None:
    developers = Developers(store)
    developers.add(account("a"))
    for _ in range(3):
        developers.failed("a", NOW, 3, 60)
    found = developers.by_id("a")
    assert found is not None
    assert found.locked_until == NOW + 60
    assert [developers.use_code("a", step) for step in (5, 5, 4, 6)] == [True, False, False, True]


def test_what_ended_is_swept_away(store) -> None:
    developers = Developers(store)
    developers.open_session("old", "a", NOW, second_factor=False)
    developers.open_session("new", "a", NOW + 10, second_factor=True)
    developers.sweep(NOW, NOW)
    assert developers.session("old", NOW - 1) is None
    kept = developers.session("new", NOW)
    assert kept is not None
    assert kept.second_factor


def test_of_two_steps_from_one_state_one_is_taken(store) -> None:
    review = Review(
        review_id="r",
        app_id="app",
        owner="a",
        state="submitted",
        asked={"name": "X"},
        production_app_id=None,
        created_at=NOW,
        changed_at=NOW,
    )
    step = Step(state="in-review", actor="b", role="reviewer", why="", at=NOW)
    with store.write() as connection:
        Reviews(connection).add(review, Step(state="submitted", actor="a", role="developer", why="", at=NOW))

    def move(_: int) -> bool:
        with store.write() as connection:
            return Reviews(connection).move(review, step)

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(move, range(6))).count(True) == 1
    with store.read() as connection:
        assert [one.state for one in Reviews(connection).steps("r")] == ["submitted", "in-review"]


def test_a_letter_is_taken_by_one_process_and_offered_again_where_it_was_not_sent(store) -> None:
    letters = Letters(store)
    with store.write() as connection:
        write_letter(connection, "sealed", NOW)
    with ThreadPoolExecutor(6) as pool:
        taken = [one for many in pool.map(lambda _: letters.take(NOW, 10), range(6)) for one in many]
    assert [sealed for _, sealed in taken] == ["sealed"]
    assert len(letters.take(NOW + TAKEN_S, 10)) == 1
    letters.sent(taken[0][0])
    assert letters.waiting() == 0
