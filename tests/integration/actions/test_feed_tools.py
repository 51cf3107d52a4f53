"""A leadership office connects with tools it has: the commands of the page, and what becomes of them when the
api that they are connected to is killed.
"""

import asyncio
import json
import os
import re
import shutil
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import confluent_kafka
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.folders import Folders
from deploy.local.ports import free_port
from services.cli.record import Address, ProcessMark, SystemRecord
from tests.support.processes import POLICY
from tests.support.serving import REPOSITORY, service, why_not_ready
from tests.support.tracking import Tracker
from tests.support.waiting import eventually

AUDIENCE = "uk-eu.uk"
PAGE = REPOSITORY / "docs" / "reference" / "action-status-feed.md"
OWNER = ("DSIT", "UK", "owner")


def command(tool: str) -> str:
    """The command that the page gives for a tool."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (found,) = [block for block in blocks if block.startswith(f"{tool} ")]
    return str(found)


@asynccontextmanager
async def typed(line: str, **environment: str) -> AsyncIterator[asyncio.StreamReader]:
    """A command as somebody types it into a shell; ended with the block."""
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", f"exec {line}", stdout=PIPE, stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, **environment}, limit=2**20,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def block_and_free(tracker: Tracker, action: str, version: int) -> int:
    owner = tracker.headers(*OWNER)
    for name, body in (("block", {"reason": "Waiting."}), ("unblock", {})):
        response = await tracker.post(f"/v1/actions/{action}/{name}", body, owner, version)
        assert response.status_code == 200, response.text
        version += 1
    return version


async def taken_on(tracker: Tracker) -> str:
    action = await tracker.open()
    response = await tracker.post(f"/v1/actions/{action}/accept", {}, tracker.headers(*OWNER), 1)
    assert response.status_code == 200
    return action


async def status_lines(output: asyncio.StreamReader, epoch: str, last: int) -> list[bytes]:
    """The records of a topic or a stream, up to that place of the epoch."""
    found = []
    async with asyncio.timeout(30):
        while True:
            line = await output.readline()
            assert line, "the command ended"
            _, _, document = line.partition(b" ")
            if not document.startswith(b"{") or b'"actionId"' not in document:
                continue
            told = json.loads(document)
            if told["epoch"] == epoch:
                found.append(document.rstrip(b"\n"))
                if int(told["sequence"]) == last:
                    return found


def fresh_library(folder: Path) -> str:
    """A folder with the librdkafka that is installed here: that of a distribution may not know Kafka 4."""
    (found,) = Path(confluent_kafka.__file__).parents[1].glob("confluent_kafka.libs/librdkafka-*.so.1")
    folder.mkdir()
    (folder / "librdkafka.so.1").symlink_to(found)
    return str(folder)


async def four_records(tracker: Tracker) -> tuple[list[bytes], dict[str, str]]:
    """What a feed's first four records are, and the variables that the commands of the page leave open."""
    action = await taken_on(tracker)
    await block_and_free(tracker, action, 2)
    login = tracker.platform.audience(AUDIENCE)
    return [value for _, value, _ in await tracker.told(AUDIENCE)], {
        "TOKEN": tracker.token("FCDO", "UK", "leadership"),
        "ACTIONS_HTTP": f"http://127.0.0.1:{tracker.settings.http.port}",
        "RESUME": f"{tracker.epoch(AUDIENCE)}:1",
        "BROKERS": login.bootstrap_servers,
        "PASSWORD": login.password,
    }


def kcat_line() -> str:
    """The page says what differs on a local platform."""
    return command("kcat").replace("SASL_SSL", "SASL_PLAINTEXT")


async def test_the_commands_of_the_page_show_the_same_records(tracker: Tracker) -> None:
    told, ways = await four_records(tracker)
    async with typed(command("curl"), **ways) as output:
        assert await status_lines(output, tracker.epoch(AUDIENCE), 4) == told[1:]
    # What the command for kcat says holds for any client: here one that is always at hand.
    line = kcat_line()
    for name in ("BROKERS", "PASSWORD"):
        line = line.replace(f'"${name}"', ways[name])
    options = dict(re.findall(r"-X (\S+)=(\S+)", line))
    (brokers,), (topic,) = re.findall(r"-b (\S+)", line), re.findall(r"-t (\S+)", line)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=brokers,
        security_protocol=options.pop("security.protocol"),
        sasl_mechanism=options.pop("sasl.mechanism"),
        sasl_plain_username=options.pop("sasl.username"),
        sasl_plain_password=options.pop("sasl.password"),
        group_id=None,
    )
    assert not options
    assert " -o beginning " in line
    async with consumer, asyncio.timeout(30):
        consumer.assign([TopicPartition(topic, 0)])
        await consumer.seek_to_beginning()
        read: list[bytes] = []
        async for record in consumer:
            if json.loads(record.value).get("epoch") == tracker.epoch(AUDIENCE):
                read.append(record.value)
            if len(read) == len(told):
                break
    assert read == told


@pytest.mark.long
async def test_the_kcat_command_of_the_page_shows_the_same_records(tracker: Tracker, tmp_path: Path) -> None:
    assert shutil.which("kcat"), "this test runs kcat, the Debian package of that name"
    told, ways = await four_records(tracker)
    library = fresh_library(tmp_path / "library")
    async with typed(kcat_line(), **ways, LD_LIBRARY_PATH=library) as output:
        assert await status_lines(output, tracker.epoch(AUDIENCE), 4) == told


@asynccontextmanager
async def tailing(state: Path) -> AsyncIterator[Callable[[], list[dict[str, object]]]]:
    """`entente tail --json` at work; gives what it has printed so far."""
    printed = state / "printed"
    with printed.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.cli", "tail", "--audience", AUDIENCE, "--json",
            "--state", str(state),
            cwd=REPOSITORY, stdout=output, stderr=output,
            env={**os.environ, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'proto'}"},
        )  # fmt: skip
    try:
        yield lambda: [
            json.loads(line) for line in printed.read_text().splitlines(keepends=True) if "\n" in line
        ]
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.long
async def test_a_killed_api_leaves_no_gap_for_tail_nor_for_curl(tracker: Tracker, tmp_path: Path) -> None:
    action = await taken_on(tracker)
    epoch = tracker.epoch(AUDIENCE)
    http, rpc = free_port(), free_port()
    environment = {
        **tracker.platform.services["actions"].environment(),
        "ENTENTE_POSTGRES__DSN": tracker.dsn,
        "ENTENTE_DEPLOYMENT": "local",
        "ENTENTE_HOME_PARTY": "UK",
        "ENTENTE_CEILING": "UK OFFICIAL-SENSITIVE",
        "ENTENTE_POLICY": str(POLICY),
        "ENTENTE_RPC__PORT": str(rpc),
        "ENTENTE_HTTP__PORT": str(http),
    }
    folders = Folders(state=tmp_path, cache=tmp_path)
    folders.keys.symlink_to(tracker.platform.keys.folder)
    SystemRecord(
        supervisor=ProcessMark.of(os.getpid()),
        children={},
        restarts={},
        services={"actions": Address(api_http=http, api_rpc=rpc, worker_http=1)},
        bootstrap_servers="",
        security_protocol="",
    ).write(folders)
    ways = {
        "TOKEN": tracker.token("FCDO", "UK", "leadership"),
        "ACTIONS_HTTP": f"http://127.0.0.1:{http}",
        "RESUME": "",
    }
    curled: list[bytes] = []

    async def ready() -> bool:
        return not await why_not_ready(http)

    async with tailing(tmp_path) as printed:

        def sequences() -> list[int]:
            told = [one["status"] for one in printed() if one["kind"] == "status"]
            return [int(one["sequence"]) for one in told if one["epoch"] == epoch]  # type: ignore[index]

        async with service("actions", "api", environment) as api:
            await eventually(ready, within=60)
            async with typed(command("curl"), **ways) as output:
                curled += await status_lines(output, epoch, 2)
                await eventually(lambda: sequences()[-1:] == [2], within=30, describe=lambda: str(printed()))
                version = await block_and_free(tracker, action, 2)
                curled += await status_lines(output, epoch, 4)
                await eventually(lambda: sequences()[-1:] == [4], within=30, describe=lambda: str(printed()))
                await killed(api)
                assert (await output.read()).strip() == b""
        version = await block_and_free(tracker, action, version)
        async with service("actions", "api", environment):
            await eventually(ready, within=60)
            resumed = {**ways, "RESUME": f"{epoch}:{json.loads(curled[-1])['sequence']}"}
            async with typed(command("curl"), **resumed) as output:
                await block_and_free(tracker, action, version)
                curled += await status_lines(output, epoch, 8)
            await eventually(lambda: sequences()[-1:] == [8], within=30, describe=lambda: str(printed()))
        seen, kinds = sequences(), [one["kind"] for one in printed()]
    # Whoever begins late is shown the newest of each action, and everything from there on.
    assert seen == list(range(seen[0], 9))
    assert seen[0] in {1, 2}
    assert "lost" in kinds[kinds.index("status") :]
    assert kinds.count("snapshot-complete") <= 2
    whole = [value for _, value, _ in await tracker.told(AUDIENCE)]
    assert curled == whole[8 - len(curled) :]


async def killed(process: Process) -> None:
    process.kill()
    await process.wait()
