"""A process that does nothing but seal, until it is killed: python -m tests.faults.sealer BATCH_SIZE"""

import sys
import time

import django


def main(batch_size: int) -> None:
    """Seal for ever."""
    django.setup()
    from ledger.sealing import seal_once

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        if not seal_once(batch_size).more:
            time.sleep(0.001)


if __name__ == "__main__":
    main(int(sys.argv[1]))
