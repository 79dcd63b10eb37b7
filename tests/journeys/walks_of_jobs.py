"""Walks past verifications, exports and scheduled jobs: nothing yet, waiting, running, done, broken, gone."""

from collections.abc import Iterator
from uuid import UUID

from bank.identity.models import Role
from bank.jobs import files, runs, working
from ledger.sealing import seal_all
from ledger.signing import sign_head
from tests.journeys.person import Person
from tests.journeys.walks import Cast, somebody_new, walk

Stops = Iterator[tuple[str, Person]]


@walk("web:audit_verification", "web:audit_verification_job")
def verifications(cast: Cast) -> Stops:
    seal_all()
    auditor = cast.somebody(signed_in=somebody_new("auditor", Role.AUDITOR))
    auditor.open("/audit/verification")
    yield "verification, none yet", auditor
    auditor.fill("First position", "zero")
    auditor.press("Verify")
    yield "verification, wrong", auditor
    auditor.fill("First position", "")
    auditor.press("Verify")
    yield "verification, waiting", auditor
    job = auditor.page.url
    claimed = runs.claim_next()
    assert claimed is not None
    pulse = runs.Pulse(claimed)
    pulse.show(25, 60)
    pulse.beat()
    auditor.open(job)
    yield "verification, running", auditor
    sign_head()
    working._run(claimed)
    auditor.open(job)
    yield "verification, right", auditor
    auditor.open("/audit/verification")
    auditor.fill("First position", "100000")
    auditor.press("Verify")
    working.run_all()
    auditor.open(auditor.page.url)
    yield "verification, failed", auditor
    auditor.open("/audit/verification")
    yield "verifications", auditor
    auditor.open("/audit/verification?before=nonsense")
    yield "verification, nonsense in the address", auditor


@walk("web:audit_exports", "web:audit_export", "web:audit_export_download")
def exports(cast: Cast) -> Stops:
    seal_all()
    sign_head()
    auditor = cast.somebody(signed_in=somebody_new("auditor", Role.AUDITOR))
    auditor.open("/audit/exports")
    yield "exports, none yet", auditor
    auditor.open(f"/audit/exports?streams={cast.ada.account_id}&types=DepositMade&types=WithdrawalMade&from=2020-01-01")
    yield "exports, filled in", auditor
    auditor.press("Make the export")
    yield "export, waiting", auditor
    export = auditor.page.url
    working.run_all()
    auditor.open(export)
    yield "export, made", auditor
    with auditor.page.expect_download():
        auditor.page.get_by_role("button", name="Download").click()
    auditor.open(export)
    yield "export, taken along", auditor
    files.delete(UUID(export.rsplit("/", 1)[1]))
    auditor.page.get_by_role("button", name="Download").click()
    auditor.page.get_by_role("heading", name="There is no file").wait_for()
    yield "export, gone while one looked", auditor
    auditor.open(export)
    yield "export, gone", auditor
    auditor.open("/audit/exports")
    yield "exports", auditor
