"""Metrics for Prometheus: what is counted, where the counts of many processes meet, and who may read them."""

import os
from typing import Final

from bank.ops import places

# Each process counts in files of its own below this folder; a scrape adds them up.
FOLDER: Final = places.home() / "run" / "metrics"
# prometheus_client looks at this when it is imported, which every module that does so does after this line.
os.environ.update(PROMETHEUS_MULTIPROC_DIR=str(FOLDER))
