"""Every scheduled task, again and again, in a process that is there to be killed."""

import sys

import django

django.setup()

from django.conf import settings  # noqa: E402 - Django first

from bank.celery import app  # noqa: E402
from bank.jobs.scheduled import HEADER  # noqa: E402
from tests.chance import chances  # noqa: E402

app.finalize()
app.loader.import_default_modules()


def main() -> None:
    """Says of each run that it began; what a task raises is said as well, and ends the process."""
    chance = chances(int(sys.argv[1]))("order")
    names = list(settings.CELERY_BEAT_SCHEDULE)
    while True:
        chance.shuffle(names)
        for name in names:
            sys.stdout.write(f"begun {name}\n")
            sys.stdout.flush()
            task = app.tasks[settings.CELERY_BEAT_SCHEDULE[name]["task"]]
            task.apply(headers={HEADER: name}, throw=True)


if __name__ == "__main__":
    main()
