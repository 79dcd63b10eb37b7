"""Settings: everything that differs between machines comes from the environment and has a default that is safe."""

import base64
import contextlib
import functools
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dj_database_url
import django_stubs_ext

from bank.api.schema.settings import SPECTACULAR_SETTINGS  # noqa: F401 - a setting
from bank.ops import places
from bank.web.csp import CONTENT_SECURITY_POLICY  # noqa: F401 - a setting

# Django's generic classes can then be written with their model: UserAdmin[User].
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent


def _flag(name: str, default: bool = False) -> bool:
    return os.environ.get(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def _names(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in os.environ.get(name, default).split(",") if item.strip()]


def _secret_key() -> str:
    """From the environment, else one made once and kept beside the data, readable by its owner only."""
    return os.environ.get("DJANGO_SECRET_KEY") or _kept("secret_key", lambda: secrets.token_urlsafe(48))


def _kept(name: str, make: Callable[[], str]) -> str:
    """The secret in a file of the home; made where there is none, complete before it has its name."""
    path = places.home() / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{name}-")  # readable by its owner only
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        Path(draft).unlink()
    return path.read_text()


@functools.cache
def _personal_data_key() -> bytes:
    """The master key of personal data: 32 bytes in base64 from the environment, else made once and kept beside."""
    return base64.b64decode(os.environ.get("PASSBOOK_PERSONAL_DATA_KEY") or _kept("personal_data_key", _random_key))


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


# The demo: demo log-ins, deposits by oneself. Never on unless asked for.
DEMO = _flag("PASSBOOK_DEMO")
SELF_SERVICE_DEPOSITS = _flag("SELF_SERVICE_DEPOSITS", default=DEMO)
BANK_NAME = os.environ.get("BANK_NAME", "Passbook")

DEBUG = _flag("PASSBOOK_DEBUG")
SECRET_KEY = _secret_key()
# Called when first needed, so that what touches no personal data makes no key.
PERSONAL_DATA_KEY = _personal_data_key
# The key that signs checkpoints of the ledger, and the public keys (other machines', earlier ones) that count as well.
LEDGER_SIGNING_KEY = os.environ.get("PASSBOOK_SIGNING_KEY", "")
LEDGER_SIGNING_KEY_FILE = places.home() / "signing_key"
LEDGER_PUBLIC_KEYS = _names("PASSBOOK_PUBLIC_KEYS")
ALLOWED_HOSTS = _names("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = _names("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "bank.identity.admin_config.BankAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "ledger",
    "accounts",
    "readmodels",
    "bank.identity",
    "bank.access_records",
    "bank.reconciliation",
    "bank.jobs",
    "bank.web",
    "bank.api",
    "bank.webhooks",
    "bank.ops",
]

MIDDLEWARE = [
    "bank.web.middleware.RequestIdMiddleware",
    "bank.ops.middleware.ObservingMiddleware",
    "bank.api.middleware.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "bank.api.middleware.ShortWayMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "bank.web.languages.LanguageMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "bank.identity.sessions.SessionsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "bank.urls"
WSGI_APPLICATION = "bank.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "bank.web.context.bank",
            ]
        },
    }
]

# The role that this process takes on after it has logged in; empty: whoever logged in.
DATABASE_ROLE = os.environ.get("PASSBOOK_DATABASE_ROLE", "")
DATABASES: dict[str, Any] = {
    "default": {
        **dj_database_url.parse(places.database_url(), conn_max_age=None, conn_health_checks=True),
        # A reader that hangs must not hold back the sealer's low-water mark for long.
        "OPTIONS": {
            "application_name": "passbook",
            "options": "-c idle_in_transaction_session_timeout=60000"
            + (f" -c role={DATABASE_ROLE}" if DATABASE_ROLE else ""),
        },
    }
}

REDIS_URL = places.redis_url()
CACHES = {
    "default": {
        "BACKEND": "bank.identity.cache.SteadyCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
}

AUTH_USER_MODEL = "identity.User"
AUTHENTICATION_BACKENDS = ["bank.identity.backends.PasswordBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "web:overview"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "bank.identity.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
PASSWORD_RESET_TIMEOUT = 60 * 60
MFA_ADAPTER = "bank.identity.second_factor_adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # the bank enters its customers' addresses, and writes to them
MFA_TOTP_TOLERANCE = 1
# How long the link is good with which a customer opens a log-in.
INVITATION_DAYS = int(os.environ.get("INVITATION_DAYS", "7"))
# Staff get into their rooms with a second factor only.
REQUIRE_SECOND_FACTOR_FOR_STAFF = _flag("REQUIRE_SECOND_FACTOR_FOR_STAFF", default=not DEMO)
# Tasks, by their names, and transfers from so many units of their currency on (0: none), before which people confirm
# who they are. Making API tokens and changing second factors is always among these.
CONFIRM_BEFORE = _names("CONFIRM_BEFORE", "" if DEMO else "freeze,close")
CONFIRM_TRANSFERS_FROM = int(os.environ.get("CONFIRM_TRANSFERS_FROM", "0" if DEMO else "10000"))
# How often anybody may ask; guessing of passwords and codes is slowed down by bank.identity.throttle.
ACCOUNT_RATE_LIMITS = {
    "login": "300/m/ip",
    "login_failed": None,
    "reauthenticate": "20/m/user",
    "change_password": "10/m/user",
    "reset_password": "20/m/ip,5/m/key",
    "reset_password_from_key": "20/m/ip",
}
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 8 * 60 * 60
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "bank.web.problems.csrf_failure"
# Behind TLS set PASSBOOK_HTTPS=1: cookies then travel over TLS only.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _flag("PASSBOOK_HTTPS")
SECURE_HSTS_SECONDS = 31_536_000 if SESSION_COOKIE_SECURE else 0
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
if _flag("PASSBOOK_BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
APPEND_SLASH = True

LANGUAGE_CODE = "en"
# Each by the name that its speakers give it. What bank.web.formats knows nothing of is written as in English.
LANGUAGES = [("en", "English"), ("cs", "Čeština")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
# The clock on the bank's wall, for reports by hour and weekday; the business day is UTC's. After a change rebuild
# `activity`.
BANK_TIME_ZONE = os.environ.get("BANK_TIME_ZONE", "Europe/Prague")
FORMAT_MODULE_PATH = None

STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", places.home() / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "bank.api.schema.document.ContractSchema",
}

# Letters go out by SMTP where a host is named; else each becomes a file, for somebody at this machine to read.
EMAIL_HOST = os.environ.get("EMAIL_HOST", "")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = _flag("EMAIL_USE_TLS", default=True)
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = str(places.home() / "mail")
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", f"{BANK_NAME} <no-reply@localhost>")

# A minute: requests that one token may make, bad tokens that one address may send, and IBANs that one person may look
# up; 0: as many as they like.
API_RATE_LIMIT = int(os.environ.get("API_RATE_LIMIT", "60000"))
API_BAD_TOKEN_RATE_LIMIT = int(os.environ.get("API_BAD_TOKEN_RATE_LIMIT", "600"))
IBAN_HINT_RATE_LIMIT = int(os.environ.get("IBAN_HINT_RATE_LIMIT", "60"))

# Webhooks: to addresses that are not public and over plain http (development only); how many messages at once to one
# endpoint (more than one: out of order); after how many days of failing it is disabled; how long deliveries are kept.
WEBHOOKS_ALLOW_PRIVATE = _flag("WEBHOOKS_ALLOW_PRIVATE", default=DEMO)
WEBHOOKS_CONCURRENCY = int(os.environ.get("WEBHOOKS_CONCURRENCY", "1"))
WEBHOOKS_DISABLE_AFTER_DAYS = float(os.environ.get("WEBHOOKS_DISABLE_AFTER_DAYS", "5"))
WEBHOOKS_KEEP_DAYS = float(os.environ.get("WEBHOOKS_KEEP_DAYS", "30"))

# How long the file of an export is kept, which can be made again at any time.
EXPORTS_KEEP_DAYS = float(os.environ.get("EXPORTS_KEEP_DAYS", "7"))

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://")
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A task that a killed worker had taken is delivered again; every task is safe to run twice at once.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 300, "socket_timeout": 5, "socket_connect_timeout": 2}
# Whoever waits for receivers outside waits in a worker of its own: a slow one must not keep the book from being sealed.
# Long jobs, too: the whole book is read by one.
CELERY_TASK_ROUTES = {"webhooks.*": {"queue": "webhooks"}, "jobs.*": {"queue": "jobs"}}
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    # The net under lost wake-ups: commands wake the workers themselves.
    "advance": {"task": "ledger.advance", "schedule": 2.0, "options": {"expires": 2.0}},
    "sign_checkpoint": {"task": "ledger.sign_checkpoint", "schedule": 60.0, "options": {"expires": 60.0}},
    "rebuild": {"task": "ledger.rebuild", "schedule": 10.0, "options": {"expires": 10.0}},
    "ensure_partitions": {"task": "ledger.ensure_partitions", "schedule": 600.0, "options": {"expires": 600.0}},
    "reconcile": {"task": "reconciliation.run", "schedule": 60.0, "options": {"expires": 60.0}},
    "webhooks_dispatch": {"task": "webhooks.dispatch", "schedule": 5.0, "options": {"expires": 5.0}},
    "webhooks_clean": {"task": "webhooks.clean", "schedule": 3600.0, "options": {"expires": 3600.0}},
    "jobs": {"task": "jobs.run", "schedule": 10.0, "options": {"expires": 10.0}},
    "exports_clean": {"task": "jobs.clean", "schedule": 3600.0, "options": {"expires": 3600.0}},
}
# By this its last run is known from one that a command woke (bank.jobs.scheduled).
for _name, _entry in CELERY_BEAT_SCHEDULE.items():
    _entry["options"]["headers"] = {"scheduled": _name}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "bank.ops.logs.formatter", "kind": os.environ.get("LOG_FORMAT", "")}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("LOG_LEVEL", "INFO")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        # At DEBUG it shows statements with their values.
        "django.db.backends": {"level": "INFO"},
        # The web server's, in its workers; and what Celery says of each task: one line of ours says it.
        "_granian": {"handlers": [], "propagate": True},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}

# Who may read /metrics; empty: this machine itself. A worker without a web beside it shows its counts on a port.
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")
METRICS_PORT = int(os.environ.get("METRICS_PORT") or 0)
# Comments in SQL that name the request: "orm" (Django's own statements), "all" (the ledger's, too: slow), "none".
SQL_COMMENTS = os.environ.get("SQL_COMMENTS", "orm")
