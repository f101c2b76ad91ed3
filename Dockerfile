# Images of both programs, of nothing but them: script/build makes the programs, both static.
#
#   script/build
#   docker build --target orchestrator-seed -t orchestrator-seed .
#   docker build --target orchestrator-agent -t orchestrator-agent .
#   docker build --target orchestrator-agent-with-tools --build-arg BASE=mysql:8.4 -t orchestrator-agent:mysql-8.4 .
#
# How they are run: docs/containers.md.
ARG BASE=scratch

FROM scratch AS empty
WORKDIR /state

FROM scratch AS orchestrator-seed
COPY bin/orchestrator-seed /orchestrator-seed
COPY --from=empty --chown=65534:65534 /state /var/lib/orchestrator-seed
WORKDIR /var/lib/orchestrator-seed
VOLUME /var/lib/orchestrator-seed
USER 65534:65534
EXPOSE 3000 3001
ENTRYPOINT ["/orchestrator-seed"]
CMD ["http"]

FROM scratch AS orchestrator-agent
COPY bin/orchestrator-agent /orchestrator-agent
COPY --from=empty --chown=65534:65534 /state /var/lib/orchestrator-agent
VOLUME /var/lib/orchestrator-agent
USER 65534:65534
EXPOSE 3002 21234
ENTRYPOINT ["/orchestrator-agent"]

# The agent and everything that BASE has: client programs and backup tools that fit its server. Root, as the agent of a
# physical method has to be.
FROM ${BASE} AS orchestrator-agent-with-tools
COPY bin/orchestrator-agent /orchestrator-agent
VOLUME /var/lib/orchestrator-agent
USER 0:0
EXPOSE 3002 21234
HEALTHCHECK NONE
ENTRYPOINT ["/orchestrator-agent"]
CMD []
