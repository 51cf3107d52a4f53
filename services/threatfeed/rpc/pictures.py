"""PictureService over gRPC."""

from typing import Any

from entente.threatfeed.v1 import picture_service_pb2, picture_service_pb2_grpc

from services.chassis.rpc.server import Service
from services.kernel.policy import Policy
from services.threatfeed.events import encode_picture
from services.threatfeed.rpc.arguments import reader_of_call
from services.threatfeed.usecases.read_picture import READERS, LatestPictures, read_picture

NAME = "entente.threatfeed.v1.PictureService"
ACCESS = {"GetPicture": READERS}


class PictureServicer(picture_service_pb2_grpc.PictureServiceServicer):
    """Maps messages to use cases and back."""

    def __init__(self, pictures: LatestPictures, policy: Policy) -> None:
        self._pictures = pictures
        self._policy = policy

    async def GetPicture(  # noqa: N802 the name is the contract's
        self, request: picture_service_pb2.GetPictureRequest, _: Any
    ) -> picture_service_pb2.GetPictureResponse:
        picture = read_picture(
            reader_of_call(), request.audience, policy=self._policy, pictures=self._pictures
        )
        return picture_service_pb2.GetPictureResponse(picture=encode_picture(picture))


def picture_service(servicer: PictureServicer) -> Service:
    return Service(
        name=NAME,
        add=lambda server: picture_service_pb2_grpc.add_PictureServiceServicer_to_server(servicer, server),
        access=ACCESS,
        methods=[
            method.name
            for method in picture_service_pb2.DESCRIPTOR.services_by_name["PictureService"].methods
        ],
    )
