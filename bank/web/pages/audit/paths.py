"""The auditors' pages and their paths."""

from django.urls import URLPattern, path

from bank.web.pages.audit import event, events, index

PATHS: list[URLPattern] = [
    path("audit", index.audit_index, name="audit"),
    path("audit/events", events.events_page, name="audit_events"),
    path("audit/events/<int:position>", event.event_page, name="audit_event"),
    path("audit/events/<int:position>/proof.json", event.proof_file, name="audit_event_proof"),
]
