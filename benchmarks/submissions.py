"""What is published for a measurement."""

import asyncio
import json
from collections.abc import Iterable
from uuid import UUID, uuid5

from aiokafka import AIOKafkaProducer

from benchmarks.platform import ROOT
from deploy.local.access import KafkaLogin

NARRATIVE = "application/vnd.entente.assessment+json;version=1"
STIX = "application/stix+json;version=2.0"
_REPORTS = ROOT / "tests" / "data" / "assessments" / "unit42"
_REPORT = json.loads((_REPORTS / "CodeCov_Breach.json").read_bytes())
_IDS = UUID("0b4b6f0e-4a4c-4d0b-9f0e-6f9d3a1f5c77")


def narrative(number: int) -> bytes:
    """About 1.5 KB, as an agency publishes it."""
    words = "The group used a compromised supplier to reach operators of energy and water services. "
    document = {
        "id": f"NCSC-BENCH-{number:07d}",
        "version": 1,
        "title": f"Ransomware against operators, case {number}",
        "text": (words * 14)[:1_000],
        "published": "2026-11-20T09:00:00Z",
        "marking": {"tlp": "TLP:GREEN", "national": "UK OFFICIAL-SENSITIVE REL EU"},
        "judgements": [
            {
                "id": "J1",
                "statement": "Further intrusions through this supplier will follow.",
                "likelihood": {"scheme": "PHIA_2025", "term": "Likely or probable"},
                "confidence": {"level": "MODERATE", "grounds": "Two independent victims."},
            }
        ],
        "sectors": ["energy", "water"],
    }
    return json.dumps(document).encode()


def report(number: int) -> bytes:
    """A published report of 27 KB under ids of its own, with up to 55 more indicators: to some 60 KB."""
    text = json.dumps(_REPORT)
    for entry in _REPORT["objects"]:
        name = entry["id"]
        kind = name.partition("--")[0]
        text = text.replace(name, f"{kind}--{uuid5(_IDS, f'{number} {name}')}")
    bundle = json.loads(text)
    (head,) = [entry for entry in bundle["objects"] if entry["type"] == "report"]
    (pattern, *_) = [entry for entry in bundle["objects"] if entry["type"] == "indicator"]
    for extra in range(number % 56):
        name = f"indicator--{uuid5(_IDS, f'{number} indicator {extra}')}"
        bundle["objects"].append({**pattern, "id": name})
        head["object_refs"].append(name)
    return json.dumps(bundle).encode()


async def preload(login: KafkaLogin, topic: str, values: Iterable[bytes], content_type: str) -> int:
    """Fills a topic; gives the mean size of a value."""
    producer = AIOKafkaProducer(
        **login.aiokafka(), acks="all", linger_ms=5, max_batch_size=262_144, max_request_size=8_388_608
    )
    headers = [("content-type", content_type.encode())]
    await producer.start()
    size, count = 0, 0
    sent: list[asyncio.Future[object]] = []
    try:
        for value in values:
            size, count = size + len(value), count + 1
            sent.append(await producer.send(topic, value, key=f"{count}".encode(), headers=headers))
            if len(sent) == 1_000:
                await asyncio.gather(*sent)
                sent.clear()
        await asyncio.gather(*sent)
    finally:
        await producer.stop()
    return size // count
