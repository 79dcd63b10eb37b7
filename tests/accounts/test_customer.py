"""The rules of a customer."""

from typing import Any
from uuid import UUID

import pytest

from accounts.customer import (
    PAYEES_AT_MOST,
    AddPayee,
    Customer,
    ErasePersonalData,
    PayeeAdded,
    PayeeRemoved,
    PersonalDataErased,
    RegisterCustomer,
    RemovePayee,
    payee_id_for,
)
from accounts.invalid import InvalidCommand
from accounts.refusals import (
    CustomerAlreadyRegistered,
    CustomerIsErased,
    CustomerNotFound,
    PayeeAlreadyAdded,
    PayeeNotFound,
    TooManyPayees,
)
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


IBAN = "LU280019400644750000"
PAYEE_ID = payee_id_for(CUSTOMER_ID, IBAN)
ADDED = PayeeAdded(payee_id=PAYEE_ID, name="Grace Hopper", iban=IBAN, occurred_at=AT)
REMOVED = PayeeRemoved(payee_id=PAYEE_ID, occurred_at=AT)
ERASED = PersonalDataErased(reason="asked", occurred_at=AT)


def add(**fields: Any) -> AddPayee:
    asked = {"customer_id": CUSTOMER_ID, "payee_id": PAYEE_ID, "name": " Grace Hopper ", "iban": IBAN}
    return AddPayee(**{**asked, **envelope(), **fields})


def remove() -> RemovePayee:
    return RemovePayee(customer_id=CUSTOMER_ID, payee_id=PAYEE_ID, **envelope())


def test_a_payee_is_kept_once_and_can_be_kept_again_after_it_was_removed() -> None:
    Given().and_customer(REGISTERED).when(add()).then(ADDED)
    Given().and_customer(REGISTERED, ADDED).when(add(name="Other")).then_refused(PayeeAlreadyAdded)
    Given().and_customer(REGISTERED, ADDED).when(remove()).then(REMOVED)
    Given().and_customer(REGISTERED, ADDED, REMOVED).when(remove()).then_refused(PayeeNotFound)
    Given().and_customer(REGISTERED, ADDED, REMOVED).when(add()).then(ADDED)


def test_only_so_many_payees_are_kept() -> None:
    others = [PayeeAdded(payee_id=UUID(int=n), name="x", iban=IBAN, occurred_at=AT) for n in range(PAYEES_AT_MOST)]
    Given().and_customer(REGISTERED, *others[1:]).when(add()).then(ADDED)
    Given().and_customer(REGISTERED, *others).when(add()).then_refused(TooManyPayees)


def test_who_is_unknown_or_erased_keeps_no_payees() -> None:
    for command in (add(), remove()):
        Given().when(command).then_refused(CustomerNotFound)
        Given().and_customer(REGISTERED, ADDED, ERASED).when(command).then_refused(CustomerIsErased)


@pytest.mark.parametrize(("field", "value"), [("name", ""), ("name", "x" * 101), ("iban", "LU29"), ("iban", "")])
def test_a_payee_has_a_name_and_an_iban(field: str, value: str) -> None:
    with pytest.raises(InvalidCommand) as raised:
        add(**{field: value})
    assert raised.value.field == field


def test_the_id_of_a_payee_tells_nothing_about_the_iban_but_that_it_is_the_same() -> None:
    assert payee_id_for(CUSTOMER_ID, IBAN) == PAYEE_ID
    assert payee_id_for(UUID(int=1), IBAN) != PAYEE_ID
    assert payee_id_for(CUSTOMER_ID, IBAN[:-1] + "1") != PAYEE_ID
