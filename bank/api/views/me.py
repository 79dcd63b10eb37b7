"""GET /me: who the token stands for."""

from typing import TypedDict

from rest_framework.request import Request

from bank.api.answers import Answer
from bank.api.base import ApiView, credential_of, user_of
from bank.api.schema.kinds import Id
from bank.api.schema.operation import Operation


class UserBody(TypedDict):
    id: str
    username: str
    name: str
    customer_id: Id | None


class MeBody(TypedDict):
    """The user behind the token, the user's roles and the token's scopes."""

    user: UserBody
    roles: list[str]
    scopes: list[str]


class MeView(ApiView):
    """Any token."""

    contract = {
        "GET": Operation(
            id="showMe",
            summary="Whom the token stands for",
            description="The user behind the token, with roles, and the token's scopes.",
            answer=MeBody,
        )
    }

    def get(self, request: Request) -> Answer:
        user = user_of(request)
        body: MeBody = {
            "user": {
                "id": str(user.pk),
                "username": user.username,
                "name": user.get_full_name(),
                "customer_id": str(user.customer_id) if user.customer_id else None,
            },
            "roles": sorted(user.roles),
            "scopes": sorted(credential_of(request).scopes),
        }
        return Answer(body)
