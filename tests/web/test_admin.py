"""The admin: for auditors to read, one door for everybody, and every page of a long record."""

import pytest
from django.test import Client

from bank.identity.models import Role, User
from bank.ops import admin
from ledger.models import Command, Event
from tests.steps import an_account, deposit, do

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bank")]


def signed_in(*roles: Role, is_staff: bool = False) -> Client:
    client = Client()
    user = User.objects.create_user("somebody", password="a long password", roles=list(roles), is_staff=is_staff)
    client.force_login(user)
    return client


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.TELLER, Role.OPERATIONS])
def test_whoever_may_not_see_it_is_told_so_and_not_sent_in_circles(role: Role) -> None:
    client = signed_in(role)
    response = client.get("/admin/", follow=True)
    assert response.status_code == 403
    assert len(response.redirect_chain) == 1


def test_nobody_in_particular_is_led_to_the_one_door_and_back() -> None:
    response = Client().get("/admin/ledger/event/", follow=True)
    assert response.redirect_chain[-1][0] == "/sign-in?next=/admin/ledger/event/"


def test_an_auditor_reads_every_page_and_can_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(Role.AUDITOR, is_staff=True)
    account_id = an_account()
    for minor in range(1, 8):
        do(deposit(account_id, minor))
    monkeypatch.setattr(admin.EstimatingPaginator, "EXACT_UP_TO", 2)
    monkeypatch.setattr(admin.ReadOnlyAdmin, "list_per_page", 2)
    seen = set()
    for page in range(1, 6):
        response = client.get("/admin/ledger/event/", {"p": page})
        assert response.status_code == 200
        seen |= {event.sequence for event in response.context["cl"].result_list}
    assert seen == set(Event.objects.values_list("sequence", flat=True))
    for name, model in (("event", Event), ("command", Command)):
        some = model.objects.first()
        assert some is not None
        assert client.get(f"/admin/ledger/{name}/{some.pk}/change/").status_code == 200
        for act in ("delete/", "change/"):
            assert client.post(f"/admin/ledger/{name}/{some.pk}/{act}", {}).status_code == 403
        assert client.get(f"/admin/ledger/{name}/add/").status_code == 403
