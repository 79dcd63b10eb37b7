"""Walks at the door: before it, at the second one, and one's own keys behind it."""

from collections.abc import Iterator

from tests.journeys.conftest import PASSWORD
from tests.journeys.person import Person
from tests.journeys.walks import Cast, walk
from tests.web.codes import code_of

Stops = Iterator[tuple[str, Person]]


@walk(
    "account_login",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "invitation",
)
def before_the_door(cast: Cast) -> Stops:
    stranger = cast.somebody()
    for path in ("/sign-in", "/password/forgotten", "/password/forgotten/sent", "/password/new", "/invitations/x"):
        stranger.open(path)
        yield path, stranger
    stranger.open("/sign-in")
    stranger.press("Sign in")
    yield "sign in, nothing typed", stranger
    stranger.open("/password/new/1-c1x-abcdef")
    yield "link that cannot be used", stranger
    stranger.open("/password/forgotten")
    stranger.press("Send the link")
    yield "forgotten password, nothing typed", stranger


@walk(
    "web:security",
    "account_change_password",
    "account_reauthenticate",
    "mfa_activate_totp",
    "mfa_view_recovery_codes",
    "mfa_deactivate_totp",
    "mfa_generate_recovery_codes",
    "mfa_add_webauthn",
    "mfa_authenticate",
)
def ones_own_keys(cast: Cast) -> Stops:
    """Security, empty, full and with something wrong; and the second door."""
    person = cast.somebody(signed_in=cast.ada.user)
    person.open("/security")
    yield "security, nothing there", person
    person.open("/security/password")
    person.press("Change password")
    yield "change password, nothing typed", person
    person.open("/security/app/add")
    yield "confirm", person
    person.fill("Your password", PASSWORD)
    person.press("Continue")
    person.press("Add app")
    yield "add app, nothing typed", person
    secret = person.page.locator(".secret").inner_text()
    person.fill("Code", code_of(secret))
    person.press("Add app")
    yield "recovery codes", person
    for path in ("app/remove", "recovery-codes/new", "passkeys/add", ""):
        person.open(f"/security/{path}".rstrip("/"))
        yield f"security/{path}", person
    person.press("Sign out")
    person.sign_in("ada", PASSWORD)
    yield "second factor", person
    person.press("Sign in")
    yield "second factor, nothing typed", person


@walk("mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_remove_webauthn", "web:security")
def with_a_passkey(cast: Cast) -> Stops:
    person = cast.somebody(base_url=cast.address.replace("127.0.0.1", "localhost"))
    person.keeps_passkeys()
    person.sign_in("ada", PASSWORD)
    person.open("/security/passkeys/add")
    person.fill("Your password", PASSWORD)
    person.press("Continue")
    person.fill("Name of the passkey (optional)", "Phone")
    person.press("Add passkey")
    person.page.wait_for_url("**/security/recovery-codes")
    person.open("/security")
    yield "security, with a passkey", person
    person.page.get_by_role("link", name="Remove Phone").click()
    yield "remove passkey", person
    for path in ("/sign-in/again/code", "/sign-in/again/passkey"):
        person.open(path)
        yield f"confirm: {path}", person


@walk("web:styleguide")
def problems_and_pieces(cast: Cast) -> Stops:
    stranger = cast.somebody()
    stranger.open("/nowhere")
    yield "not found", stranger
    cast.settings.DEBUG = True
    stranger.open("/styleguide")
    cast.settings.DEBUG = False
    yield "style guide", stranger
