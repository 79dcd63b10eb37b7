"""Signing in and out."""

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from bank.identity import throttle
from bank.identity.forms import SignInForm

WRONG = "User name or password is wrong. Check both and try again."
TOO_MANY = "There were too many failed tries. Wait 15 minutes, then try again."

DEMO_PASSWORD = "passbook-demo"  # noqa: S105 - printed on the demo's sign-in page
DEMO_LOGINS = (
    ("ada", "Customer"),
    ("grace", "Customer"),
    ("alan", "Customer"),
    ("teller", "Serves customers, runs the cash desk"),
    ("auditor", "Reads every event and command"),
    ("operations", "Sees the reports and the machinery"),
    ("admin", "All of the staff's rooms, and users"),
)


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """GET: the form. POST: a new session, or the same words whether the name or the password is wrong."""
    if request.method != "POST":
        if request.user.is_authenticated:
            return HttpResponseRedirect(next_url(request))
        return _page(request, SignInForm())
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    username = form.cleaned_data["username"]
    if throttle.is_closed(request, username):
        form.add_error(None, TOO_MANY)
        response = _page(request, form, status=429)
        response.headers["Retry-After"] = str(int(throttle.WINDOW.total_seconds()))
        return response
    user = authenticate(request, username=username, password=form.cleaned_data["password"])
    if user is None:
        throttle.note_failure(request, username)
        form.add_error(None, WRONG)
        return _page(request, form, status=422)
    throttle.forget_failures(request, username)
    login(request, user)
    return redirect(next_url(request))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session."""
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


def next_url(request: HttpRequest, default: str | None = None) -> str:
    """Where `next` wants to go, if that is here at this host; else the overview."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_here = wanted.startswith("/") and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_here else resolve_url(default or settings.LOGIN_REDIRECT_URL)


def _page(request: HttpRequest, form: SignInForm, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "next": request.POST.get("next") or request.GET.get("next") or "",
        "demo_logins": DEMO_LOGINS if settings.DEMO else (),
        "demo_password": DEMO_PASSWORD,
    }
    return render(request, "identity/sign_in.html", context, status=status)
