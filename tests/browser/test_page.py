"""The search page in a real browser: `make test-browser`. Skipped where no Chromium is installed."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import uvicorn

from index.versions import Versions
from providers.hashing import HashingEmbedder
from search.live import Live
from search.service import Service
from search.web import create_app
from tenants.database import TenantDatabase
from tests.index.generated import some_creators
from tests.index.snapshots import input_of, write_snapshot

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SECONDS = 120

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("CREATORDEX_TEST_BROWSER" not in os.environ, reason="make test-browser"),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service over invented creators, on a port of its own."""
    root = tmp_path_factory.mktemp("page")
    write_snapshot(root / "snapshots" / "versions" / "v00000001", input_of(some_creators(60)))
    Versions(root / "snapshots").promote(1)
    app = create_app(Service(Live(root / "snapshots", HashingEmbedder()), TenantDatabase(root / "tenants.db")))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def browse(folder: Path, *options: str) -> str:
    """What a fresh Chromium prints."""
    assert CHROMIUM is not None
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
               "--no-first-run", f"--user-data-dir={folder}", *options]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS).stdout


def test_creators_are_shown(address: str, tmp_path: Path):
    page = browse(tmp_path, "--dump-dom", f"{address}/?q=home+bread")
    assert 'id="hit-1"' in page
    assert "Why:" in page


def test_every_request_of_the_page_stays_at_its_origin(address: str, tmp_path: Path):
    """Chromium's own errands have another initiator in its log, and lead nowhere here."""
    log, origin_alone = tmp_path / "net.json", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    browse(tmp_path, f"--log-net-log={log}", origin_alone, "--dump-dom", f"{address}/?q=yoga")
    events = [event.get("params", {}) for event in json.loads(log.read_text())["events"]]
    asked = {event["url"] for event in events if "url" in event and event.get("initiator") == address}
    assert {url.partition("?")[0] for url in asked} >= {f"{address}/static/page.css", f"{address}/static/page.js"}
    assert all(url.startswith(f"{address}/") for url in asked)


VIEWS = [
    "/",
    "/?q=home+bread",
    "/?q=zzzz",
    "/?limit=nonsense",
    "/creators/cr_c0000",
    "/creators/nobody",
    "/?q=under+5k+followers+-bread",
]


def test_nothing_is_wider_than_a_small_phone(address: str, tmp_path: Path):
    widths = asyncio.run(widths_at(320, [address + view for view in VIEWS], tmp_path))
    assert dict(zip(VIEWS, widths, strict=True)) == dict.fromkeys(VIEWS, 320)


async def widths_at(width: int, pages: list[str], folder: Path) -> list[int]:
    """How wide the content of each page is in a window of that width, in CSS pixels."""
    assert CHROMIUM is not None
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
               "--remote-debugging-port=0", f"--user-data-dir={folder}"]  # fmt: skip
    browser = await asyncio.create_subprocess_exec(CHROMIUM, *options, "about:blank", stderr=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(SECONDS), aiohttp.ClientSession() as session:
            port = await _debugging_port(folder)
            async with session.get(f"http://127.0.0.1:{port}/json/list") as listed:
                tab = next(tab for tab in await listed.json() if tab["type"] == "page")
            async with session.ws_connect(tab["webSocketDebuggerUrl"]) as socket:
                screen = {"width": width, "height": 700, "deviceScaleFactor": 1, "mobile": True}
                await _tell(socket, "Emulation.setDeviceMetricsOverride", **screen)
                return [await _width_of(socket, page) for page in pages]
    finally:
        browser.kill()
        await browser.wait()


async def _debugging_port(folder: Path) -> int:
    while not (told := folder / "DevToolsActivePort").exists():
        await asyncio.sleep(0.05)
    return int(told.read_text().split()[0])


async def _width_of(socket: aiohttp.ClientWebSocketResponse, page: str) -> int:
    await _tell(socket, "Page.navigate", url=page)
    measure = f"""new Promise(done => {{
        const look = () => location.href === {page!r} && document.readyState === "complete"
            ? done(document.documentElement.scrollWidth) : setTimeout(look, 20);
        look();
    }})"""
    said = await _tell(socket, "Runtime.evaluate", expression=measure, awaitPromise=True)
    width: int = said["result"]["value"]
    return width


async def _tell(socket: aiohttp.ClientWebSocketResponse, method: str, **parameters: object) -> Any:
    """The result of a command of the DevTools protocol."""
    await socket.send_json({"id": 1, "method": method, "params": parameters})
    while (answer := await socket.receive_json()).get("id") != 1:
        pass  # an event
    return answer["result"]
