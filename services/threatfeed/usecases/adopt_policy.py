"""Records the policy that the process was started with, and tells of it."""

from collections.abc import Mapping
from datetime import datetime

from services.chassis.audit import AuditEntry
from services.chassis.database import Database
from services.chassis.outbox import enqueue
from services.kernel.policy import Policy
from services.kernel.policy_documents import plain_document
from services.threatfeed.events import policy_adopted
from services.threatfeed.store.policies import AdoptedPolicy, insert_policy, lock_policy, policy_in_force


async def adopt_policy(
    database: Database, policy: Policy, documents: Mapping[str, object], at: datetime
) -> AdoptedPolicy:
    """The policy in force afterwards. One that is in force already is not recorded again; an earlier one
    that is taken up again is.
    """
    async with database.transaction() as tx:
        await lock_policy(tx)
        former = await policy_in_force(tx)
        if former is not None and former.digest == policy.digest:
            return former
        number = 1 if former is None else former.number + 1
        adopted = AdoptedPolicy(number, policy.version, policy.digest, at)
        audit = AuditEntry(
            action="policy.adopted",
            actor="threatfeed",
            party=None,
            subject_kind="policy",
            subject_id=str(number),
            at=at,
            detail={"version": policy.version, "digest": policy.digest},
        )
        plain = {name: plain_document(document) for name, document in documents.items()}
        await insert_policy(tx, adopted, plain, audit)
        await enqueue(tx, [policy_adopted(policy, number, at)], at)
    return adopted
