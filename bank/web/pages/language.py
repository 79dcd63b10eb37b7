"""The language of the pages: chosen by a press, kept with the person and in the browser."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from bank.identity.models import User
from bank.identity.views import next_url
from bank.web import languages
from bank.web.tasks.engine import SeeOther


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Remembers the choice and goes back to the page; a language that the bank does not speak changes nothing."""
    response = SeeOther(next_url(request))
    language = request.POST.get("language", "")
    if languages.is_known(language):
        languages.keep_in_browser(response, language)
        if isinstance(request.user, User):
            languages.keep(request.user, language)
    return response
