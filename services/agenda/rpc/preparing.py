"""A party's own material as messages: its ranking and its proposals."""

from collections.abc import Sequence

from entente.agenda.v1 import agenda_service_pb2, proposal_pb2, ranking_pb2
from entente.exchange.v1 import agenda_pb2, outcome_pb2, release_pb2

from services.agenda.domain.forwarding import ItemOrigin
from services.agenda.domain.ranking.explaining import Crossing, Explanation, SourceWorth, points
from services.agenda.domain.ranking.scoring import Contribution, Ranked
from services.agenda.domain.releases import Candidate
from services.agenda.rpc.agreed import encode_missed
from services.agenda.rpc.texts import encode_reference
from services.agenda.rpc.timed import encode_time
from services.agenda.statements import mode_number, rendition_number
from services.agenda.usecases.proposing import ProposalView
from services.agenda.usecases.rank_subjects import Ranking
from services.chassis.etags import etag


def encode_ranking(
    ranking: Ranking, shown: Sequence[Ranked], following: str
) -> agenda_service_pb2.ListRankingResponse:
    return agenda_service_pb2.ListRankingResponse(
        basis=_basis(ranking),
        subjects=[_ranked(entry, ranking) for entry in shown],
        next_page_token=following,
    )


def encode_explanation(
    ranking: Ranking, explanation: Explanation
) -> agenda_service_pb2.ExplainSubjectResponse:
    entry = explanation.ranked
    return agenda_service_pb2.ExplainSubjectResponse(
        basis=_basis(ranking),
        ranked=_ranked(entry, ranking),
        contributions=[_contribution(part) for part in entry.contributions],
        sources=[_source(worth, ranking.candidates.get(worth.source)) for worth in explanation.sources],
        rises=_crossing(explanation.rises),
        falls=_crossing(explanation.falls),
    )


def _basis(ranking: Ranking) -> ranking_pb2.RankingBasis:
    return ranking_pb2.RankingBasis(
        meeting_id=str(ranking.meeting.id),
        party=ranking.party,
        as_of=ranking.as_of.isoformat(),
        weights_version=ranking.weights_version,
        picture_as_of=ranking.picture_as_of,
        complete=ranking.complete,
    )


def _ranked(entry: Ranked, ranking: Ranking) -> ranking_pb2.RankedSubject:
    return ranking_pb2.RankedSubject(
        position=entry.position,
        subject=entry.subject.key,
        kind=ranking_pb2.SubjectKind.Value(f"SUBJECT_KIND_{entry.subject.kind.value}"),
        title=entry.subject.title,
        theme=entry.subject.theme,
        commitments=entry.subject.commitments,
        points=points(entry.score),
        rules=[_rule(part) for part in entry.contributions],
        not_releasable=len(ranking.held_back(entry)),
        in_tear_line=len(ranking.in_part(entry)),
    )


def _rule(part: Contribution) -> ranking_pb2.RulePoints:
    return ranking_pb2.RulePoints(
        rule=part.rule.value,
        weight=part.weight,
        points=points(part.score),
        inputs=len(part.counted),
        found=len(part.inputs),
    )


def _contribution(part: Contribution) -> ranking_pb2.RankingContribution:
    return ranking_pb2.RankingContribution(
        rule=_rule(part),
        counted=[
            ranking_pb2.RankingInput(
                source=entry.source,
                part=entry.part,
                points=points(part.weight * entry.amount),
                values=dict(entry.values),
            )
            for entry in part.counted
        ],
    )


def _source(worth: SourceWorth, held: Candidate | None) -> ranking_pb2.RankingSource:
    message = ranking_pb2.RankingSource(source=worth.source, loss=points(worth.loss), itself=worth.itself)
    if held is None:
        return message
    message.title, message.revision, message.joint_title = held.title, held.revision, held.joint_title
    message.joint_rendition = release_pb2.Rendition.Value(
        f"RENDITION_{held.joint_rendition or 'UNSPECIFIED'}"
    )
    message.denials.extend(
        ranking_pb2.RankingDenial(
            party=decision.party,
            rule_id=decision.rule_id,
            explanation=decision.explanation,
            rendition=rendition_number(decision.reference.rendition),
            mode=mode_number(decision.reference.mode),
        )
        for decision in held.decisions
        if not decision.allowed
    )
    return message


def _crossing(crossing: Crossing | None) -> ranking_pb2.RankingCrossing | None:
    if crossing is None:
        return None
    return ranking_pb2.RankingCrossing(
        neighbour=crossing.neighbour,
        needs=points(crossing.needs),
        changes=[
            ranking_pb2.RankingChange(
                kind=ranking_pb2.ChangeKind.Value(f"CHANGE_KIND_{change.kind.value}"),
                what=change.what,
                amount=change.amount,
                moves=points(change.moves),
            )
            for change in crossing.changes
        ],
    )


def _origin(origin: ItemOrigin) -> proposal_pb2.ItemOrigin:
    return proposal_pb2.ItemOrigin(
        kind=proposal_pb2.ItemOriginKind.Value(f"ITEM_ORIGIN_KIND_{origin.kind.value}"),
        series=origin.series,
        meeting_id=str(origin.meeting_id),
        source_id=str(origin.source_id),
        item_id=str(origin.item_id),
        history=[
            proposal_pb2.ItemStep(
                outcome_id=str(one.outcome_id),
                meeting_id=str(one.meeting_id),
                edition=one.edition,
                kind=outcome_pb2.OutcomeKind.Value(f"OUTCOME_KIND_{one.kind.value}"),
                reason=one.reason,
            )
            for one in origin.history
        ],
    )


def encode_proposal(view: ProposalView) -> proposal_pb2.Proposal:
    proposal = view.proposal
    content = proposal.text.content
    return proposal_pb2.Proposal(
        proposal_id=str(proposal.id),
        series=proposal.series,
        party=proposal.party,
        edition=proposal.text.edition,
        title=content.title,
        kind=agenda_pb2.ItemKind.Value(f"ITEM_KIND_{content.kind.value}"),
        purpose=agenda_pb2.ItemPurpose.Value(f"ITEM_PURPOSE_{content.purpose.value}"),
        minutes=content.minutes,
        commitments=content.commitments,
        theme=content.theme,
        leads=[
            agenda_pb2.ItemLead(party=party, organisation=organisation)
            for party, organisation in sorted(content.leads.items())
        ],
        marking=content.marking,
        references=[encode_reference(reference) for reference in content.references],
        rationale=proposal.text.rationale,
        state=proposal_pb2.ProposalState.Value(f"PROPOSAL_STATE_{proposal.state.value}"),
        etag=etag(proposal.version),
        proposed_by=proposal.proposed_by,
        proposed_at=encode_time(proposal.proposed_at),
        closes_on="" if view.closes is None else view.closes.isoformat(),
        late=view.late,
        missed_deadline=encode_missed(view.missed),
        draft_id=str(proposal.draft_id or ""),
        item_id=str(proposal.item_id or ""),
        forwarded=[
            proposal_pb2.ProposalForward(proposal_id=str(one), series=series)
            for one, series in view.forwarded
        ],
        meeting_id=str(proposal.meeting_id or ""),
        origin=None if view.origin is None else _origin(view.origin),
    )
