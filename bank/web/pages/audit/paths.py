"""The auditors' pages and their paths."""

from django.urls import URLPattern, path

from bank.web.pages.audit import (
    actor,
    command,
    commands,
    correlation,
    difference,
    event,
    events,
    find,
    index,
    refusals,
    running_balance,
    stream,
)
from bank.web.pages.audit.exports import PATHS as EXPORT_PATHS
from bank.web.pages.audit.verification import PATHS as VERIFICATION_PATHS

PATHS: list[URLPattern] = [
    *VERIFICATION_PATHS,
    *EXPORT_PATHS,
    path("audit", index.audit_index, name="audit"),
    path("audit/events", events.events_page, name="audit_events"),
    path("audit/events/<int:position>", event.event_page, name="audit_event"),
    path("audit/events/<int:position>/proof.json", event.proof_file, name="audit_event_proof"),
    path("audit/streams", find.find_page, name="audit_streams"),
    path("audit/streams/<uuid:stream_id>", stream.stream_page, name="audit_stream"),
    path("audit/streams/<uuid:stream_id>/difference", difference.difference_page, name="audit_difference"),
    path("audit/streams/<uuid:stream_id>/balance", running_balance.balance_page, name="audit_balance"),
    path("audit/correlations/<uuid:correlation_id>", correlation.correlation_page, name="audit_correlation"),
    path("audit/commands", commands.commands_page, name="audit_commands"),
    path("audit/commands/<uuid:command_id>", command.command_page, name="audit_command"),
    path("audit/refusals", refusals.refusals_page, name="audit_refusals"),
    path("audit/refusals.csv", refusals.refusals_csv, name="audit_refusals_csv"),
    path("audit/actors", actor.actors_page, name="audit_actors"),
    path("audit/actors/<path:actor>", actor.actor_page, name="audit_actor"),
]
