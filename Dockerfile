# hotset in a container: 10 MB beside Node, no shell, no package manager, not root.
#
#   docker build -t hotset .
#   docker run --rm --stop-timeout 30 -p 127.0.0.1:11211:11211 hotset -l 0.0.0.0 -m 256

FROM node:22-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --workspaces=false --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm pack --silent --pack-destination /tmp \
  && npm install --prefix /app --omit=dev --ignore-scripts --no-audit --no-fund \
    /tmp/hotset-*.tgz ws@8 prom-client@15 \
  && mkdir /data

FROM gcr.io/distroless/nodejs22-debian12:nonroot
COPY --from=build /app/node_modules /app/node_modules
# For a volume, and -e /data/items.
COPY --from=build --chown=65532:65532 /data /data
# glibc gives back the memory of values of other sizes.
ENV MALLOC_MMAP_THRESHOLD_=65536 MALLOC_TRIM_THRESHOLD_=131072
EXPOSE 11211 11280
# The port of --http. Kubernetes has probes of its own.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["/nodejs/bin/node", "-e", "fetch('http://127.0.0.1:11280/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/nodejs/bin/node", "/app/node_modules/hotset/dist/cli/main.js", "--http", "11280"]
CMD ["-l", "0.0.0.0"]
