"""The search page in a real browser: `make test-browser`. Skipped where no Chromium is installed."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

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
