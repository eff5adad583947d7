"""Searches made at random by R4's grammar, and by breaking it."""

from __future__ import annotations

import os
import random
from urllib.parse import quote

from fhir_facade.search.registry import REGISTRY, RESULT_PARAMETERS, Kind

PREFIXES = ("", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
DATES = ("2024", "2024-02", "2024-02-29", "2023-02-29", "2024-02-01T10:00", "2024-02-01T10:00:00.5Z", "9999", "0000")
DATES += ("2024-02-01T10:00:00+14:00", "2024-02-01T10:00:00 05:00", "1-1-1", "2024-2", "２０２４", "2024-02-01T24:00")
NASTY = (
    "",
    " ",
    "|",
    "||",
    ",",
    ",,",
    "\\",
    "\\,",
    "\\x",
    "a|b|c",
    "'",
    '"',
    "<script>",
    "%",
    "\u0000",
    "é",
    "😀",
    "\u202e",
)
NASTY += (
    "../../etc/passwd",
    "' OR '1'='1",
    "{{7*7}}",
    "${jndi:x}",
    "null",
    "-1",
    "1e999",
    "x" * 300,
    "Patient/",
    "/",
    "$",
    "*",
)
METHODS = ("GET", "GET", "GET", "GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS")
ACCEPTS = (
    "*/*",
    "application/fhir+json",
    "application/json",
    "text/xml",
    "text/html",
    "text/turtle",
    "",
    ";;q=x",
    "a/b;q=é",
)
PREFERS = ("", "", "handling=strict", "handling=lenient", "handling=x", "respond-async", ";;;=")
SEED = int(os.environ.get("FHIR_FACADE_SEED", "20261122"))
CASES = 500
MANY = 20_000


class Grammar:
    """A stream of requests, the same for the same seed.

    Args:
        seed: of the random numbers.
        ids: resource ids that may be asked for.
    """

    def __init__(self, seed, ids):
        self.dice = random.Random(seed)
        self.ids = ids

    def request(self):
        """Method, path with query, form body or None, headers."""
        dice = self.dice
        kind = dice.choice(list(REGISTRY))
        path, query = (kind if dice.random() < 0.7 else self.path()), self.query(kind)
        headers = {"Accept": dice.choice(ACCEPTS) if dice.random() < 0.2 else "*/*", "Prefer": dice.choice(PREFERS)}
        if dice.random() < 0.1:
            headers[dice.choice(("If-None-Match", "If-Modified-Since", "X-Request-Id", "Origin"))] = dice.choice(
                ("*", "x", '"a"')
            )
        headers = {name: value.encode("ascii", "ignore").decode() for name, value in headers.items() if value}
        if dice.random() < 0.2:
            content_type = dice.choice(("application/x-www-form-urlencoded", "application/json", "multipart/form-data"))
            return "POST", f"{path}/_search", query, headers | {"Content-Type": content_type}
        method = "GET" if dice.random() < 0.9 else dice.choice(METHODS)
        return method, f"{path}?{query}" if query else path, None, headers

    def path(self):
        dice = self.dice
        kind = dice.choice(list(REGISTRY))
        one = dice.choice(self.ids) if dice.random() < 0.7 else quote(dice.choice(NASTY), safe="")
        forms = (kind, kind, kind, kind, f"{kind}/{one}", f"{kind}/{one}/_history/{quote(dice.choice(NASTY), safe='')}")
        forms += (
            f"Patient/{one}/{kind}",
            f"Patient/{one}/$everything",
            "metadata",
            quote(dice.choice(NASTY)),
            f"{kind}/",
        )
        return dice.choice(forms)

    def query(self, kind):
        pairs = [self.pair(kind) for _ in range(self.dice.choice((0, 1, 1, 1, 2, 2, 3, 5)))]
        text = "&".join(pairs)
        if self.dice.random() < 0.05 and text:
            at = self.dice.randrange(len(text))
            text = text[:at] + self.dice.choice("%&=+#;\\|:?") + text[at + 1 :]
        return text

    def pair(self, kind):
        dice = self.dice
        if dice.random() < 0.25:
            return self.result_pair()
        parameter = dice.choice(list(REGISTRY[kind].parameters.values()))
        name = parameter.name
        if dice.random() < 0.2:
            name += ":" + dice.choice(
                ("missing", "not", "exact", "contains", "identifier", "Patient", "text", "in", "x", "")
            )
        if dice.random() < 0.05:
            name = dice.choice(
                ("_has:x:y:z", "_query", "patient.name", "Patient", "favourite", "_cursor", quote(dice.choice(NASTY)))
            )
        values = ",".join(self.value(parameter.kind) for _ in range(dice.choice((1, 1, 1, 2, 4))))
        return f"{name}={quote(values, safe=',|:/')}"

    def value(self, kind):
        dice = self.dice
        if dice.random() < 0.15:
            return dice.choice(NASTY)
        if kind is Kind.DATE:
            return dice.choice(PREFIXES) + dice.choice(DATES)
        if kind is Kind.REFERENCE:
            return dice.choice(
                ("", "Patient/", "Organization/", "https://claims.example.gov/fhir/Patient/", "http://x/Patient/")
            ) + dice.choice(self.ids)
        return dice.choice(
            ("active", "oral", "pharmacy", "|oral", "http://x|", "true", "false", "claim", dice.choice(self.ids))
        )

    def result_pair(self):
        dice = self.dice
        name = dice.choice(list(RESULT_PARAMETERS))
        good = {
            "_count": ("0", "1", "5", "100", "1000"),
            "_sort": ("_id", "-service-date", "created,-_lastUpdated", "x"),
            "_include": tuple(f"ExplanationOfBenefit:{each}" for each in ("*", "patient", "payee")),
            "_include:iterate": ("Coverage:payor", "ExplanationOfBenefit:*"),
            "_revinclude": ("ExplanationOfBenefit:patient", "Coverage:beneficiary", "ExplanationOfBenefit:coverage"),
            "_total": ("none", "accurate", "estimate"),
            "_summary": ("true", "text", "data", "count", "false"),
            "_elements": ("id", "type,status", "item"),
            "_format": ("json", "xml", "html", "application/fhir+json", "ttl"),
            "_pretty": ("true", "false"),
        }[name]
        value = dice.choice(good) if dice.random() < 0.8 else dice.choice(NASTY)
        return f"{name}={quote(value, safe=',|:/')}"
