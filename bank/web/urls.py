"""The pages and their paths."""

from django.urls import URLPattern, path
from django.views.generic import RedirectView

from bank.web.pages import (
    access_records,
    account,
    account_tasks,
    explanation,
    home,
    language,
    live,
    movement,
    notifications,
    payees,
    receipt,
    security,
    slip,
    staff,
    theme,
    tokens,
)
from bank.web.pages.accounting.paths import PATHS as ACCOUNTING_PATHS
from bank.web.pages.audit.paths import PATHS as AUDIT_PATHS
from bank.web.pages.operations.paths import PATHS as OPERATION_PATHS
from bank.web.pages.reports.paths import PATHS as REPORT_PATHS
from bank.web.pages.system.paths import PATHS as SYSTEM_PATHS
from bank.web.pages.webhooks import PATHS as WEBHOOK_PATHS
from bank.web.styleguide.page import styleguide
from bank.web.tasks.catalogue import ACCOUNT_TASKS

app_name = "web"


def _task_paths() -> list[URLPattern]:
    """Form and check page of each task: /accounts/<id>/withdraw, /accounts/<id>/withdraw/check."""
    paths = []
    for task in ACCOUNT_TASKS:
        route, extra = f"accounts/<uuid:account_id>/{task.slug}", {"task": task}
        paths.append(path(route, account_tasks.task_form, extra, name=task.name))
        paths.append(path(f"{route}/check", account_tasks.task_check, extra, name=f"{task.name}_check"))
    return paths


urlpatterns: list[URLPattern] = [
    # Where browsers look on pages that name no icon, such as the admin's.
    path("favicon.ico", RedirectView.as_view(url="/static/favicon.svg")),
    path("theme", theme.choose_theme, name="theme"),
    path("language", language.choose_language, name="language"),
    path("", home.overview, name="overview"),
    path("notifications", notifications.notifications_page, name="notifications"),
    path("balances", live.balances_now, name="balances_now"),
    *(path(task.slug, home.choose_account, {"task": task}, name=f"choose_{task.name}") for task in home.OWN_TASKS),
    path("iban-hint", account_tasks.show_iban_hint, name="iban_hint"),
    path("accounts/<uuid:account_id>", account.account_page, name="account"),
    path("accounts/<uuid:account_id>/balance", live.balance_now, name="balance_now"),
    path("accounts/<uuid:account_id>/movements.csv", account.movements_csv, name="movements_csv"),
    path("accounts/<uuid:account_id>/movements/<int:stream_position>", movement.movement_page, name="movement"),
    path("accounts/<uuid:account_id>/explained", explanation.balance_explained, name="balance_explained"),
    path(
        "accounts/<uuid:account_id>/movements/<int:stream_position>/explained",
        explanation.movement_explained,
        name="movement_explained",
    ),
    path("accounts/<uuid:account_id>/events/<int:stream_position>", explanation.event_page, name="account_event"),
    *_task_paths(),
    path("receipts/<uuid:command_id>", receipt.receipt, name="receipt"),
    path("receipts/<uuid:command_id>/slip", slip.slip, name="receipt_slip"),
    path("customers", staff.find_customer, name="find_customer"),
    path("customers/register", staff.register, name="register"),
    path("customers/register/check", staff.register_check, name="register_check"),
    path("customers/<uuid:customer_id>", staff.customer_page, name="customer"),
    path("customers/<uuid:customer_id>/invite", staff.invite, name="invite"),
    path("customers/<uuid:customer_id>/open-account", staff.open_account, name="open_account"),
    path("customers/<uuid:customer_id>/open-account/check", staff.open_account_check, name="open_account_check"),
    path("payees", payees.payees_page, name="payees"),
    path("payees/add", payees.add_payee, name="add_payee"),
    path("payees/add/check", payees.add_payee_check, name="add_payee_check"),
    path("payees/<uuid:payee_id>/remove", payees.remove_payee, name="remove_payee"),
    path("payees/<uuid:payee_id>/remove/check", payees.remove_payee_check, name="remove_payee_check"),
    path("security", security.security_page, name="security"),
    path("security/sessions/<int:session_id>/end", security.end, name="end_session"),
    path("security/sessions/end-others", security.end_others, name="end_other_sessions"),
    path("security/tokens/make", tokens.make_token, name="make_token"),
    path("security/tokens/<int:token_id>/revoke", tokens.revoke, name="revoke_token"),
    *WEBHOOK_PATHS,
    *SYSTEM_PATHS,
    path("styleguide", styleguide, name="styleguide"),
    *AUDIT_PATHS,
    path("access-records", access_records.access_records_page, name="access_records"),
    *REPORT_PATHS,
    *ACCOUNTING_PATHS,
    *OPERATION_PATHS,
]
