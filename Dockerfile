# syntax=docker/dockerfile:1

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY api api
COPY cmd cmd
COPY repository repository
COPY service service
# The same sources make the same bytes, wherever they are built: .ci/reproducible sees to that.
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w" -o /out/debrief ./cmd/debrief \
 && mkdir -p /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/debrief /debrief
COPY LICENSE docs/third-party-licences.txt /licences/
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
# Inside a container the addresses have to be those of the container's network, so that who calls has to show who they are:
# `docker run --rm --volumes-from CONTAINER IMAGE key create root --role admin --offline` makes the first key.
ENV DEBRIEF_STORE=sqlite:/data/debrief.db \
    DEBRIEF_GRPC_ADDR=:9090 \
    DEBRIEF_HTTP_ADDR=:8080 \
    DEBRIEF_REQUIRE_AUTHENTICATION=true
EXPOSE 9090 8080
VOLUME /data
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["/debrief", "healthcheck"]
ENTRYPOINT ["/debrief"]
CMD ["serve"]
