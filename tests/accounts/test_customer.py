"""The rules of a customer."""

from typing import Any

import pytest

from accounts.customer import Customer, ErasePersonalData, PersonalDataErased, RegisterCustomer
from accounts.invalid import InvalidCommand
from accounts.refusals import CustomerAlreadyRegistered, CustomerIsErased, CustomerNotFound
from tests.spec import AT, CUSTOMER_ID, REGISTERED, Given, envelope
from tests.steps import open_for


def register(**fields: Any) -> RegisterCustomer:
    asked = {"customer_id": CUSTOMER_ID, "name": "Ada Lovelace", "email": "ada@example.org"}
    return RegisterCustomer(**{**asked, **envelope(), **fields})


def test_a_person_becomes_a_customer() -> None:
    after = Given().when(register()).then(REGISTERED)
    assert after.states[CUSTOMER_ID] == Customer(customer_id=CUSTOMER_ID, registered_at=AT)


def test_a_customer_is_registered_once() -> None:
    Given().and_customer(REGISTERED).when(register()).then_refused(CustomerAlreadyRegistered)


def test_a_customer_is_erased_once_and_holds_no_new_account() -> None:
    erased = PersonalDataErased(reason="asked", occurred_at=AT)
    erase = ErasePersonalData(customer_id=CUSTOMER_ID, reason=" asked ", **envelope())
    Given().when(erase).then_refused(CustomerNotFound)
    after = Given().and_customer(REGISTERED).when(erase).then(erased)
    after.when(erase).then_refused(CustomerIsErased)
    Given().and_customer(REGISTERED, erased).when(register()).then_refused(CustomerAlreadyRegistered)
    Given().and_customer(REGISTERED, erased).when(open_for(CUSTOMER_ID)).then_refused(CustomerIsErased)


def test_a_customer_whose_email_the_bank_does_not_know_has_none() -> None:
    assert register(email="").email == ""
    assert RegisterCustomer(customer_id=CUSTOMER_ID, name="Ada", **envelope()).email == ""


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ada@example.org", "ada@example.org"),
        (" ada@example.org ", "ada@example.org"),
        ("a@b", "a@b"),
        ("ěšč@háčky.cz", "ěšč@háčky.cz"),
    ],
)
def test_an_email_has_something_on_both_sides_of_one_at(typed: str, kept: str) -> None:
    assert register(email=typed).email == kept


@pytest.mark.parametrize("typed", ["ada", "@", "ada@", "@example.org", "a@b@c", "a b@c.d", "a@c d", "a@\u00a0b"])
def test_what_is_no_email_is_no_command(typed: str) -> None:
    with pytest.raises(InvalidCommand) as refused:
        register(email=typed)
    assert (refused.value.field, refused.value.code) == ("email", "invalid_email")


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "", "required"),
        ("name", "  ", "required"),
        ("name", "x" * 101, "too_long"),
        ("name", "a\x00b", "invalid_text"),
        ("name", None, "invalid_text"),
        ("email", "x" * 243 + "@example.org", "too_long"),
        ("email", None, "invalid_text"),
    ],
)
def test_a_registration_with_a_wrong_field_is_no_command(field: str, value: Any, code: str) -> None:
    with pytest.raises(InvalidCommand) as refused:
        register(**{field: value})
    assert (refused.value.field, refused.value.code) == (field, code)


def test_the_longest_name_and_email_are_taken() -> None:
    assert len(register(name="x" * 100).name) == 100
    assert len(register(email="x" * 242 + "@example.org").email) == 254
