# Tailprint in a container, for a CPU or, with CUDA's libraries, for a GPU:
#   docker build -t tailprint .
#   docker build -t tailprint:gpu --build-arg VARIANT=gpu .
# The project is at /project, photographs are mounted to be read only, results to be written:
#   docker run --rm --shm-size=2g -v "$PWD/competition:/project/data/competition:ro" \
#     -v "$PWD/work:/project/data/work" -v "$PWD/submissions:/project/submissions" \
#     tailprint tailprint run
# With a GPU: --gpus all.
FROM python:3.11-slim-bookworm

ARG VARIANT=cpu
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONUNBUFFERED=1 \
    DVC_NO_ANALYTICS=1 \
    HOME=/home/tailprint
SHELL ["/bin/bash", "-o", "pipefail", "-c"]

# LightGBM's wheel needs the system's OpenMP; DVC reads the project's history with git
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends git libgomp1 \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /project
# what is installed changes less often than the code
COPY pyproject.toml requirements.txt requirements-cpu.txt README.md LICENSE ./
RUN case "$VARIANT" in \
      cpu) pip install -r requirements-cpu.txt ;; \
      gpu) pip install -r requirements.txt ;; \
      *) echo "VARIANT is cpu or gpu, not $VARIANT" >&2; exit 1 ;; \
    esac

COPY . .
# finds the folders of code only now that they are here
RUN pip install --no-deps -e .
# any user may run it (docker run --user), so that results belong to the one who asks
RUN git init -q \
    && mkdir -p "$HOME" \
    && chmod -R a+rwX /project "$HOME" \
    && git config --system --add safe.directory /project
RUN useradd --uid 1000 --home-dir "$HOME" tailprint
USER 1000
CMD ["tailprint", "--help"]
