"""The pages of the catalogue and their paths."""

from typing import Final

from django.urls import URLPattern, path

from bank.web.pages.system import index, things

PATHS: Final[list[URLPattern]] = [
    path("system", index.system, name="system"),
    path("system/commands/<str:name>", things.command, name="system_command"),
    path("system/deciders/<str:name>", things.decider, name="system_decider"),
    path("system/events/<str:name>", things.event, name="system_event"),
    path("system/projections/<str:name>", things.projection, name="system_projection"),
    path("system/screens/<str:area>", things.screens, name="system_screens"),
    path("system/calls", things.calls, name="system_calls"),
    path("system/words", things.words, name="system_words"),
]
