"""One decision about two accounts, taken from a person and kept."""

from datetime import datetime

from base.errors import SourceError
from base.judgement import Judgement, Verdict
from store.creators import account_key_of
from store.judgements import save_judgements
from store.session import Store


def judge(
    store: Store, left: str, right: str, verdict: Verdict, *, reviewer: str, decided_at: datetime, note: str = ""
) -> Judgement:
    """Keep that two accounts are the same creator's, are not, or that nobody can tell.

    left, right: account keys, former keys, `platform:@handle` or handles. Raises SourceError when one is unknown,
    names several accounts, or both are one account.
    """
    with store.writing() as session:
        keys = sorted({account_key_of(session, left), account_key_of(session, right)})
        if len(keys) != 2:
            raise SourceError(f"{left} and {right} are the same account", hint="name two accounts")
        judgement = Judgement(keys[0], keys[1], verdict, reviewer, decided_at, note)
        save_judgements(session, [judgement])
    return judgement
