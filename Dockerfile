# syntax=docker/dockerfile:1
# The daemon in a small image: no root, nothing written outside /var/lib/reconcile. See docs/running.md.

ARG PYTHON=3.13-slim-bookworm

FROM python:${PYTHON} AS build
WORKDIR /src
COPY pyproject.toml requirements-dev.lock README.md LICENSE ./
COPY reconciler reconciler
COPY integrations integrations
# The wheel is what is installed, not the source tree; the lock gives every dependency the version that was tested.
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
    && python -m venv /opt/reconcile \
    && /opt/reconcile/bin/pip install --no-cache-dir --constraint requirements-dev.lock /wheels/*.whl

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="reconcile" \
      org.opencontainers.image.description="Integrations as code: a directory of YAML, kept live." \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --system --gid 10001 reconcile \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent reconcile \
    && install -d -o 10001 -g 10001 -m 0700 /var/lib/reconcile \
    && install -d /configs
COPY --from=build /opt/reconcile /opt/reconcile
ENV PATH=/opt/reconcile/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    RECONCILE_DIR=/configs \
    RECONCILE_STATE_DIR=/var/lib/reconcile
USER 10001:10001
WORKDIR /configs
VOLUME /var/lib/reconcile
STOPSIGNAL SIGTERM
# Alive means that the daemon answers on its Unix socket, whatever it serves over TCP. A failed configuration is not
# a reason to restart it: that is what `reconcile status` and /metrics tell.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-c", "import os, socket, sys; s = socket.socket(socket.AF_UNIX); s.settimeout(4); s.connect(os.environ['RECONCILE_STATE_DIR'] + '/reconcile.sock'); s.sendall(b'GET /livez HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n'); sys.exit(b' 200 ' not in s.recv(64))"]
ENTRYPOINT ["reconcile"]
CMD ["--watch"]
