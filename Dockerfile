# One image for every process of compose.yaml; the command says which.

FROM python:3.11-slim-bookworm AS requirements
COPY requirements.lock .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --no-deps --require-hashes --requirement requirements.lock

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DATA_DIR=/data
RUN useradd --uid 10001 --no-create-home daybook && install --directory --owner=daybook /data
COPY --from=requirements /venv /venv
WORKDIR /daybook
COPY manage.py flowerconfig.py ./
COPY project project
COPY jobs jobs
COPY ingestion ingestion
COPY notifications notifications
RUN python -m compileall -q project jobs ingestion notifications
USER daybook
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "project.wsgi", "--bind=0.0.0.0:8000", "--threads=4", "--no-control-socket"]
