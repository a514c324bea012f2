"""Reads whatever is in force, without pause, until it is told to stop (run as a script: FOLDER NAME).

Prints one line at the end: answered requests, versions seen, torn answers, failed requests.
"""

import signal
import sys
import time
from pathlib import Path

from index.reader import Reader
from index.versions import verify_version
from tests.index.publisher import CREATORS


def main(root: Path, name: str) -> None:
    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    answered = torn = failed = 0
    seen = set()
    reader = Reader(root, name)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while not stopping:
        try:
            changed = reader.refresh()
            with reader.opened() as view:
                snapshot = view.snapshot
                if changed:
                    verify_version(snapshot.directory)
                docs = snapshot.bm25.best([f"v{snapshot.manifest.version}e"], 100)
                torn += len(docs) != CREATORS or not all("edition" in text for text in snapshot.texts(docs))
                seen.add(snapshot.manifest.version)
            answered += 1
        except Exception as error:
            failed += 1
            sys.stderr.write(f"failed: {error!r}\n")
        time.sleep(0.01)
    reader.close()
    sys.stdout.write(f"{answered} {len(seen)} {torn} {failed}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
