# The images of Orderflow: a target for each service, the orchestrator and the command line.
#
#   scripts/build-images                                                  all of them, with version and revision
#   docker build --target inventory --tag orderflow-inventory:0.1.0 .     one
#
# Built for whatever architecture it is built on: packages and libraries are found by name, not by path. Made for BuildKit
# and for the classic builder, which builds all stages above the target: hence their order, and no RUN --mount.

ARG VERSION=0.1.0
ARG REVISION=unknown

# What compiles it; changes rarely.
FROM debian:bookworm AS tools
WORKDIR /src
COPY scripts/install-dependencies scripts/
RUN bash scripts/install-dependencies build && rm -rf /var/lib/apt/lists/*

FROM tools AS build
ARG VERSION
ARG REVISION
COPY . .
RUN set -e; cmake --preset release -Wno-dev --no-warn-unused-cli -DORDERFLOW_REVISION="$REVISION"; \
    grep -qx "CMAKE_PROJECT_VERSION:STATIC=$VERSION" build/release/CMakeCache.txt || \
    { echo "VERSION is $VERSION, but CMakeLists.txt says otherwise" >&2; exit 1; }
RUN bash scripts/build release orderflow \
    orderflow-receive orderflow-inventory orderflow-payment orderflow-email orderflow-orchestrator
# /out/packages: those that the shared libraries are from, for the runtime stage to install, so that scanners know them.
# Libraries are looked up by the end of their path, since some packages still say /lib for what is in /usr/lib.
RUN mkdir /out && \
    for program in build/release/bin/*; do strip -o "/out/${program##*/}" "$program"; done && \
    ldd /out/* | awk '/=> \// { print $3 }' | sort -u | xargs realpath | sed 's|.*\(/[^/]*/\)|*\1|' | \
    xargs dpkg-query --search | cut -d: -f1 | sort -u > /out/packages && \
    grep -qx libc6 /out/packages

# What all images share: the libraries and the command line, which is also the health probe.
FROM debian:bookworm-slim AS runtime
COPY --from=build /out/packages /usr/share/orderflow/
RUN apt-get update -q && \
    xargs apt-get install -q -y --no-install-recommends ca-certificates < /usr/share/orderflow/packages && \
    rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/* && \
    groupadd --gid 65532 orderflow && \
    useradd --uid 65532 --gid 65532 --home-dir /data --no-create-home --shell /usr/sbin/nologin orderflow && \
    install --directory --owner=65532 --group=65532 /data
COPY --from=build /out/orderflow /usr/local/bin/
ARG VERSION
ARG REVISION
LABEL org.opencontainers.image.vendor="Orderflow" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="debian:bookworm-slim" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
# Databases and mails are kept in the working directory unless a setting says otherwise.
WORKDIR /data
USER 65532:65532
STOPSIGNAL SIGTERM

FROM runtime AS cli
LABEL org.opencontainers.image.title="orderflow-cli" \
      org.opencontainers.image.description="Orderflow's command line"
ENV ORDERFLOW_ADDRESS=orchestrator:50050 ORDERFLOW_INVENTORY_ADDRESS=inventory:50052
ENTRYPOINT ["orderflow"]
CMD ["help"]

# What all servers share. A probe that needs TLS takes its files from ORDERFLOW_TLS_CA and so on, as any client.
FROM runtime AS server
ENV ORDERFLOW_METRICS_LISTEN=0.0.0.0:9464
EXPOSE 9464
VOLUME /data
HEALTHCHECK --interval=3s --timeout=6s --start-period=30s --retries=3 \
  CMD exec orderflow health "127.0.0.1:${ORDERFLOW_LISTEN##*:}"

FROM server AS receive
LABEL org.opencontainers.image.title="orderflow-receive" \
      org.opencontainers.image.description="Orderflow: checks orders and puts them on record"
COPY --from=build /out/orderflow-receive /usr/local/bin/
ENV ORDERFLOW_LISTEN=0.0.0.0:50051
EXPOSE 50051
ENTRYPOINT ["orderflow-receive"]

FROM server AS inventory
LABEL org.opencontainers.image.title="orderflow-inventory" \
      org.opencontainers.image.description="Orderflow: keeps stock, prices and reservations"
COPY --from=build /out/orderflow-inventory /usr/local/bin/
COPY services/inventory/catalog.json /usr/share/orderflow/
ENV ORDERFLOW_LISTEN=0.0.0.0:50052
EXPOSE 50052
ENTRYPOINT ["orderflow-inventory"]

FROM server AS payment
LABEL org.opencontainers.image.title="orderflow-payment" \
      org.opencontainers.image.description="Orderflow: charges and refunds"
COPY --from=build /out/orderflow-payment /usr/local/bin/
ENV ORDERFLOW_LISTEN=0.0.0.0:50053
EXPOSE 50053
ENTRYPOINT ["orderflow-payment"]

FROM server AS email
LABEL org.opencontainers.image.title="orderflow-email" \
      org.opencontainers.image.description="Orderflow: mails order confirmations"
COPY --from=build /out/orderflow-email /usr/local/bin/
ENV ORDERFLOW_LISTEN=0.0.0.0:50054
EXPOSE 50054
ENTRYPOINT ["orderflow-email"]

FROM server AS orchestrator
LABEL org.opencontainers.image.title="orderflow-orchestrator" \
      org.opencontainers.image.description="Orderflow: runs orders as durable workflows"
COPY --from=build /out/orderflow-orchestrator /usr/local/bin/
ENV ORDERFLOW_LISTEN=0.0.0.0:50050 \
    ORDERFLOW_AWS_LISTEN=0.0.0.0:8083 \
    ORDERFLOW_RECEIVE_ADDRESS=receive:50051 \
    ORDERFLOW_INVENTORY_ADDRESS=inventory:50052 \
    ORDERFLOW_PAYMENT_ADDRESS=payment:50053 \
    ORDERFLOW_EMAIL_ADDRESS=email:50054
EXPOSE 50050 8083
ENTRYPOINT ["orderflow-orchestrator"]
