"""What Prometheus sees: scrapes, parsed, and what changed between two of them."""

import http.client
import re
from dataclasses import dataclass
from typing import Self

from prometheus_client.parser import text_string_to_metric_families

Key = tuple[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Scrape:
    """Values by name and labels; `text` as it came."""

    text: str
    values: dict[Key, float]

    @classmethod
    def of(cls, text: str) -> Self:
        """Parsed as Prometheus parses it."""
        families = text_string_to_metric_families(text)
        return cls(text, {_key(s.name, **s.labels): s.value for f in families for s in f.samples})

    def value(self, name: str, /, **labels: str) -> float | None:
        """Of one series; None where there is none."""
        return self.values.get(_key(name, **labels))

    def since(self, earlier: "Scrape", name: str, /, **labels: str) -> float:
        """By how much a series rose."""
        return (self.value(name, **labels) or 0.0) - (earlier.value(name, **labels) or 0.0)

    def labels_of(self, name: str) -> list[dict[str, str]]:
        """The labels of every series of this name."""
        return [dict(labels) for (own, labels) in self.values if own == name]


def scrape(address: str, token: str = "") -> Scrape:
    """Over HTTP, as Prometheus does; `address` is HOST:PORT."""
    status, content_type, text = ask(address, {"Authorization": f"Bearer {token}"} if token else {})
    assert (status, content_type.partition(";")[0]) == (200, "text/plain"), text
    return Scrape.of(text)


def ask(address: str, headers: dict[str, str]) -> tuple[int, str, str]:
    """Status, content type and body of /metrics."""
    connection = http.client.HTTPConnection(address, timeout=15)
    try:
        connection.request("GET", "/metrics", headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type", ""), answer.read().decode()
    finally:
        connection.close()


def looks_personal(text: str) -> list[str]:
    """Ids, emails and IBANs in a text: none of them has any business in a label."""
    return re.findall(r"[0-9a-f]{8}-[0-9a-f]{4}-\S+|\S+@\S+\.\w+|\b[A-Z]{2}\d{2}[A-Z0-9]{10,}", text)


def _key(name: str, /, **labels: str) -> Key:
    return name, frozenset(labels.items())
