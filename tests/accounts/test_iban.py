"""IBANs: right check digits on ours, and no mistyped one taken."""

import re
from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.iban import format_iban, iban_for, parse_iban
from accounts.invalid import InvalidCommand

# Example IBANs of the SWIFT registry.
EXAMPLES = [
    "LU280019400644750000",
    "DE89370400440532013000",
    "GB29NWBK60161331926819",
    "CZ6508000000192000145399",
    "FR1420041010050500013M02606",
    "MT84MALT011000012345MTLCAST001S",
    "NO9386011117947",
]


def mod_97(iban: str) -> int:
    """ISO 7064, written again: four characters to the end, letters as 10 to 35."""
    return int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97


@given(st.uuids())
def test_every_account_id_gives_an_iban_with_right_check_digits(account_id: UUID) -> None:
    iban = iban_for(account_id)
    assert re.fullmatch(r"LU[0-9]{2}999[0-9]{13}", iban)
    assert mod_97(iban) == 1
    assert parse_iban(iban) == iban


def test_the_same_account_id_gives_the_same_iban_for_ever() -> None:
    assert iban_for(UUID("00000000-0000-0000-0000-000000000001")) == "LU539995631054521211"


@pytest.mark.parametrize("iban", EXAMPLES)
def test_ibans_of_other_countries_are_read(iban: str) -> None:
    assert parse_iban(iban) == iban


@pytest.mark.parametrize("iban", EXAMPLES)
def test_an_iban_is_read_as_people_write_it(iban: str) -> None:
    assert parse_iban(format_iban(iban)) == iban
    assert parse_iban(f"  {iban.lower()} ") == iban


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "LU", "LU28", "XX280019400644750000", "LU290019400644750000", "LU28001940064475000",
        "LU2800194006447500000",
        "LU28001940064475000O", "LU28-0019-4006-4475-0000", "LU\uff1280019400644750000", "LU28001940064475000\x00", "0",
        "\ud800",
    ],
)  # fmt: skip
def test_what_is_no_iban_is_refused(text: str) -> None:
    with pytest.raises(InvalidCommand) as refused:
        parse_iban(text, field="to")
    assert (refused.value.field, refused.value.code) == ("to", "invalid_iban")


@given(st.sampled_from(EXAMPLES), st.data())
def test_one_wrong_digit_is_always_noticed(iban: str, data: st.DataObject) -> None:
    places = [i for i, c in enumerate(iban) if c.isdigit()]
    place = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != iban[place]]))
    with pytest.raises(InvalidCommand):
        parse_iban(iban[:place] + digit + iban[place + 1 :])


@given(st.sampled_from(EXAMPLES), st.data())
def test_two_neighbouring_digits_swapped_are_always_noticed(iban: str, data: st.DataObject) -> None:
    pairs = [i for i in range(len(iban) - 1) if iban[i] != iban[i + 1] and iban[i : i + 2].isdigit()]
    place = data.draw(st.sampled_from(pairs))
    with pytest.raises(InvalidCommand):
        parse_iban(iban[:place] + iban[place + 1] + iban[place] + iban[place + 2 :])


@given(st.text(max_size=40))
def test_whatever_is_typed_is_an_iban_or_refused(text: str) -> None:
    with suppress(InvalidCommand):
        assert mod_97(parse_iban(text)) == 1


def test_an_iban_is_printed_in_groups_of_four() -> None:
    assert format_iban("LU280019400644750000") == "LU28 0019 4006 4475 0000"
    assert format_iban("NO9386011117947") == "NO93 8601 1117 947"
