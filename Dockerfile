# syntax=docker/dockerfile:1
# Three stages: browser packages, Python packages, and an image with neither compilers nor package managers' caches.

FROM node:24-bookworm-slim AS browser
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund --omit=dev

FROM python:3.12-slim-bookworm AS packages
WORKDIR /build
COPY runner/locks/uv.txt requirements.lock ./
RUN python -m venv /srv/geoportal/.venv \
    && pip install --no-cache-dir --require-hashes -r uv.txt \
    && uv pip install --no-cache --python /srv/geoportal/.venv/bin/python --require-hashes --compile-bytecode -r requirements.lock

FROM python:3.12-slim-bookworm
# psql serves the preparation and the watchdog; Pango and the Arabic font serve documents; tini forwards signals and reaps.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        fonts-noto-core libpango-1.0-0 libpangocairo-1.0-0 libpangoft2-1.0-0 postgresql-client tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin geoportal \
    && install -d -o geoportal -g geoportal -m 0750 /var/lib/geoportal
WORKDIR /srv/geoportal
COPY --from=packages /srv/geoportal/.venv .venv
COPY --from=browser /build/node_modules node_modules
COPY . .
RUN for po in locale/*/LC_MESSAGES/*.po; do \
        [ -e "$po" ] || continue; \
        .venv/bin/pybabel compile -i "$po" -o "${po%.po}.mo" -l "$(basename "$(dirname "$(dirname "$po")")")"; \
    done
ENV PATH=/srv/geoportal/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=geoportal.settings \
    GEOPORTAL_VAR=/var/lib/geoportal \
    HOST=0.0.0.0 \
    PORT=8000
VOLUME /var/lib/geoportal
USER geoportal
EXPOSE 8000
ENTRYPOINT ["tini", "--", "docker/entrypoint.sh"]
CMD ["web"]
