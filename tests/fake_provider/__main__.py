"""Run the fake provider by hand: `python -m tests.fake_provider --latency 0.3 --fault rate_limit=0.1`."""

import argparse
import asyncio

from tests.fake_provider.faults import FAULTS, Faults
from tests.fake_provider.limits import Bucket, Limits
from tests.fake_provider.server import FakeProvider, serving


def main() -> None:
    options = _parser().parse_args()
    rates = {name: float(share) for name, _, share in (fault.partition("=") for fault in options.fault)}
    fake = FakeProvider(
        latency_seconds=options.latency,
        retry_after_seconds=options.retry_after,
        faults=Faults(rates, options.seed),
        limits=Limits(Bucket(options.requests_per_minute), Bucket(options.tokens_per_minute)),
    )
    try:
        asyncio.run(_serve(fake, options.port))
    except KeyboardInterrupt:
        print(fake.books.summary())  # noqa: T201


async def _serve(fake: FakeProvider, port: int) -> None:
    async with serving(fake, port=port):
        # The first line is for programs: they wait for it and take the address from it.
        print(fake.url, flush=True)  # noqa: T201
        await asyncio.Event().wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fake_provider", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--retry-after", type=float, default=1.0, help="seconds asked for when refused by rate")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME=SHARE", help=", ".join(sorted(FAULTS)))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--requests-per-minute", type=int)
    parser.add_argument("--tokens-per-minute", type=int)
    return parser


if __name__ == "__main__":
    main()
