"""Queries over `runs`: the record of every command that worked on the store."""

from sqlmodel import Session, col, select

from store.tables import Run


def load_run(session: Session, run_id: str) -> Run | None:
    return session.get(Run, run_id)


def load_runs(session: Session, limit: int) -> list[Run]:
    """The newest runs, newest first."""
    newest = select(Run).order_by(col(Run.started_at).desc(), col(Run.run_id).desc()).limit(limit)
    return list(session.exec(newest))


def load_unfinished_runs(session: Session) -> list[Run]:
    """Runs that never said how they ended. Under the run lock these were killed."""
    unfinished = select(Run).where(Run.state == "running").order_by(col(Run.started_at).desc())
    return list(session.exec(unfinished))


def count_runs_named(session: Session, prefix: str) -> int:
    """How many run ids begin with `prefix`."""
    return len(session.exec(select(Run.run_id).where(col(Run.run_id).startswith(prefix))).all())


def save_run(session: Session, run: Run) -> None:
    session.merge(run)
