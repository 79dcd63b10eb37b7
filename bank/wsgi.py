"""The WSGI entry point of the web process."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from bank.ops import stopping
from bank.ops.whole_bodies import WholeBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bank.settings")
stopping.listen()
application = WholeBodies(get_wsgi_application())

# What is loaded by now lives as long as the process: no use in looking through it for garbage again and again.
gc.collect()
gc.freeze()
