"""Latency of the service over HTTP on a synthetic snapshot: one client, then eight; and processor time per request.

    .venv/bin/python -m benchmarks.serve [--creators 100000] [--dim 256] [--requests 200]

Client and server share this machine and this process, so the figures are the worst of it.
"""

import argparse
import http.client
import json
import os
import platform
import socket
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote_plus

import numpy as np
import uvicorn

from benchmarks.search import RandomEmbedder, synthetic
from index.files import folder_name
from index.versions import Versions
from index.writer import write_files, write_manifest
from search.live import Live
from search.service import Service
from search.web import create_app
from tenants.database import TenantDatabase

CLIENTS = (1, 8)


def publish(root: Path, creators: int, dim: int) -> None:
    folder = root / "versions" / folder_name(1)
    folder.mkdir(parents=True)
    write_manifest(folder, write_files(folder, synthetic(creators, dim)).manifest(1, parent=None, execution={}))
    Versions(root).promote(1)


def ask(port: int, questions: Sequence[str]) -> list[float]:
    """Milliseconds per question, over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    taken = []
    for question in questions:
        start = time.perf_counter()
        connection.request("GET", f"/v1/search?q={quote_plus(question)}")
        answer = connection.getresponse()
        found = json.loads(answer.read())
        taken.append((time.perf_counter() - start) * 1_000)
        assert answer.status == 200, found
    connection.close()
    return taken


def measure(port: int, questions: Sequence[str], clients: int) -> None:
    started, worked = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(clients) as pool:
        parts = [questions[number::clients] for number in range(clients)]
        taken = [one for part in pool.map(lambda part: ask(port, part), parts) for one in part]
    wall, cpu = time.perf_counter() - started, time.process_time() - worked
    p50, p99 = np.percentile(taken, [50, 99])
    print(
        f"{clients} clients: p50 {p50:.1f} ms, p99 {p99:.1f} ms, {len(taken) / wall:.0f} requests/s,"
        f" {cpu / len(taken) * 1_000:.1f} ms of processor per request (client included)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--creators", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=256)
    parser.add_argument("--requests", type=int, default=200)
    asked = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        publish(root, asked.creators, asked.dim)
        live = Live(root, RandomEmbedder(asked.dim))
        app = create_app(Service(live, TenantDatabase(root / "tenants.db")))
        # Named as TCP: asyncio turns Nagle's algorithm off only where it can tell.
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
            listener.bind(("127.0.0.1", 0))
            server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
            thread.start()
            while not server.started:
                time.sleep(0.05)
            dice = np.random.default_rng(1)
            questions = [" ".join(f"w{number}" for number in dice.integers(1, 5_000, 3)) for _ in range(asked.requests)]
            for clients in CLIENTS:
                measure(listener.getsockname()[1], questions, clients)
            server.should_exit = True
            thread.join()


if __name__ == "__main__":
    main()
