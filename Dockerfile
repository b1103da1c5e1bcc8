# One image per program: docker build --target face-recognition . (or mns-poller, event-display, mnsoss-controller)
#
# The base is pinned to a release. To pin it to a digest, which you get from your registry:
#   --build-arg NODE_IMAGE=docker.io/library/node:24.22.3-bookworm-slim@sha256:<digest>
ARG NODE_IMAGE=docker.io/library/node:24.22.3-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# No install script of a package runs: binaries come inside the packages, and nothing is fetched from elsewhere.
RUN npm ci --ignore-scripts
COPY . .
# Each program becomes a folder with only what it loads. `local` adds the face models and the binaries of onnxruntime
# for linux-x64 only, a sixth of that package.
ENV ENGINE=local
RUN npm run build

FROM ${NODE_IMAGE} AS runtime
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.vendor="mnsoss-face" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production PORT=8080
WORKDIR /app
USER 1000:1000
EXPOSE 8080
STOPSIGNAL SIGTERM
# Node itself is process 1, without a shell before it: every program handles SIGTERM.
ENTRYPOINT ["node", "--enable-source-maps", "server.js"]

FROM runtime AS face-recognition
LABEL org.opencontainers.image.title="face-recognition" \
      org.opencontainers.image.description="Finds the faces in images whose CloudEvents it receives, and writes results to OSS"
COPY --from=build /src/dist/functions/face-recognition/ ./

FROM runtime AS mns-poller
LABEL org.opencontainers.image.title="mns-poller" \
      org.opencontainers.image.description="Brings OSS event notifications from an MNS queue to a sink, as CloudEvents"
COPY --from=build /src/dist/functions/mns-poller/ ./

FROM runtime AS event-display
LABEL org.opencontainers.image.title="event-display" \
      org.opencontainers.image.description="Prints the CloudEvents that it receives"
COPY --from=build /src/dist/functions/event-display/ ./

FROM runtime AS mnsoss-controller
LABEL org.opencontainers.image.title="mnsoss-controller" \
      org.opencontainers.image.description="Runs a poller for each MnsOssSource of a Kubernetes cluster"
COPY --from=build /src/dist/functions/mnsoss-controller/ ./
