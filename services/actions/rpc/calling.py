"""What every method does: it has the parts, and makes a change once however often it is called."""

from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from entente.actions.v1 import action_service_pb2
from google.protobuf.message import Message

from services.actions.domain.action import Action
from services.actions.rpc.messages import encode_action, read_id
from services.actions.rpc.parts import ActionParts, current_reader
from services.actions.usecases.change import Changing
from services.chassis.etags import parse_etag
from services.chassis.once import Once
from services.chassis.rpc import methods
from services.kernel.parties import Reader

T = TypeVar("T")
M = TypeVar("M", bound=Message)
P = ParamSpec("P")


class Methods(methods.Methods[ActionParts]):
    """Methods over the parts of the api of actions."""

    @property
    def _changing(self) -> Changing:
        return Changing(self._parts.publication, self._parts.clock)

    def _shown(self, action: Action) -> action_service_pb2.Action:
        return encode_action(action, self._parts.publication.rating(action, self._parts.clock()))

    async def _change(
        self,
        request: Any,
        use_case: Callable[Concatenate[Once[Action], Reader, UUID, int, P], Awaitable[Action]],
        response: type[M],
        *arguments: P.args,
        **named: P.kwargs,
    ) -> M:
        """Changes an action. Raises `InvalidValue` or `EtagMalformed` besides what the use case raises."""
        who, action_id = current_reader(), read_id(request.action_id)
        version = parse_etag(request.etag, "/etag")
        return await self._once(
            request,
            lambda once: use_case(once, who, action_id, version, *arguments, **named),
            lambda action: response(action=self._shown(action)),
            response,
        )
