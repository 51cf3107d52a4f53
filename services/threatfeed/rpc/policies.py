"""PolicyService over gRPC."""

from typing import Any

from entente.exchange.v1 import release_pb2
from entente.threatfeed.v1 import policy_service_pb2, policy_service_pb2_grpc

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.rpc.server import Service
from services.kernel.parties import Role
from services.kernel.policy import Policy
from services.threatfeed.domain.paging import (
    moment_token,
    number_token,
    page_size,
    read_moment_token,
    read_number_token,
)
from services.threatfeed.rpc.arguments import reader_of_call
from services.threatfeed.store.decided_texts import DecisionChange
from services.threatfeed.store.policies import AdoptedPolicy
from services.threatfeed.usecases.read_policy_changes import list_decision_changes, list_policies

_DESCRIPTOR = policy_service_pb2.DESCRIPTOR.services_by_name["PolicyService"]
ACCESS = {
    "ListPolicies": frozenset({Role.SECRETARIAT, Role.RELEASE_OFFICER, Role.OPERATOR, Role.AUDITOR}),
    "ListDecisionChanges": frozenset({Role.SECRETARIAT, Role.AUDITOR}),
}


class PolicyServicer(policy_service_pb2_grpc.PolicyServiceServicer):
    """Maps messages to use cases and back."""

    def __init__(self, database: Database, policy: Policy, clock: Clock) -> None:
        self._database = database
        self._policy = policy
        self._clock = clock

    async def ListPolicies(  # noqa: N802 the name is the contract's
        self, request: policy_service_pb2.ListPoliciesRequest, _: Any
    ) -> policy_service_pb2.ListPoliciesResponse:
        reader = reader_of_call()
        page, last = await list_policies(
            self._database,
            reader,
            before=read_number_token(request.page_token, reader.subject),
            size=page_size(request.page_size),
            policy=self._policy,
        )
        return policy_service_pb2.ListPoliciesResponse(
            policies=[_policy(one) for one in page], next_page_token=number_token(last, reader.subject)
        )

    async def ListDecisionChanges(  # noqa: N802 the name is the contract's
        self, request: policy_service_pb2.ListDecisionChangesRequest, _: Any
    ) -> policy_service_pb2.ListDecisionChangesResponse:
        reader = reader_of_call()
        asked = f"{reader.subject}|{request.series}"
        page, last = await list_decision_changes(
            self._database,
            reader,
            request.series,
            after=read_moment_token(request.page_token, asked),
            size=page_size(request.page_size),
            policy=self._policy,
            clock=self._clock,
        )
        return policy_service_pb2.ListDecisionChangesResponse(
            changes=[_change(one) for one in page], next_page_token=moment_token(last, asked)
        )


def policy_service(servicer: PolicyServicer) -> Service:
    return Service(
        name=_DESCRIPTOR.full_name,
        add=lambda server: policy_service_pb2_grpc.add_PolicyServiceServicer_to_server(servicer, server),
        access=ACCESS,
        methods=[method.name for method in _DESCRIPTOR.methods],
    )


def _policy(adopted: AdoptedPolicy) -> policy_service_pb2.AdoptedPolicy:
    message = policy_service_pb2.AdoptedPolicy(
        number=adopted.number, version=adopted.version, digest=adopted.digest
    )
    message.since_time.FromDatetime(adopted.since)
    return message


def _change(entry: DecisionChange) -> policy_service_pb2.DecisionChange:
    change = entry.change
    message = policy_service_pb2.DecisionChange(
        cause=policy_service_pb2.ChangeCause.Value(f"CHANGE_CAUSE_{entry.cause.value}"),
        series=entry.series,
        meeting_id=str(entry.meeting_id),
        assessment_id=str(entry.assessment_id),
        revision=entry.revision,
        rendition=release_pb2.Rendition.Value(f"RENDITION_{entry.rendition.value}"),
        mode=release_pb2.ReleaseMode.Value(f"RELEASE_MODE_{entry.mode.value}"),
        party=change.party,
        allowed_before=change.allowed_before,
        allowed_after=change.allowed_after,
        rule_before="" if change.before is None else change.before.rule_id,
        rule_after="" if change.after is None else change.after.rule_id,
        policy_before=entry.policy_before,
        policy_after=entry.policy_after,
    )
    message.change_time.FromDatetime(entry.changed_at)
    return message
