"""Retention: the files of exports that were made a while ago, and pieces of files that nobody will finish."""

from typing import Final

from django.conf import settings

from ledger.connections import cursor

# One file at a time: a killed worker loses little, and nobody waits long.
_OLD: Final = """
select r.job_id from jobs_run r join readmodels_record_job j using (job_id)
where r.file_deleted_at is null and j.kind = 'export' and j.finished_at < now() - make_interval(days => 0, secs => %s)
order by j.finished_at
"""
_DELETE: Final = """
with noted as (update jobs_run set file_deleted_at = now() where job_id = %(job)s and file_deleted_at is null)
delete from jobs_exportpart where job_id = %(job)s
"""
_ORPHANS: Final = """
delete from jobs_exportpart p where not exists (
    select 1 from jobs_run r where r.job_id = p.job_id and r.claim = p.claim and r.status <> 'failed')
"""


def clean() -> int:
    """Delete what nobody needs any more; how many files were deleted. Run twice at once it does the same once."""
    with cursor() as cur:
        cur.execute(_OLD, (settings.EXPORTS_KEEP_DAYS * 86_400,))
        old = [row[0] for row in cur.fetchall()]
        for job_id in old:
            cur.execute(_DELETE, {"job": job_id})
        cur.execute(_ORPHANS)
    return len(old)
