# Every step is a function of docker/steps.sh, which also runs on a plain folder; here is only what Docker adds.
FROM maven:3.9-eclipse-temurin-25 AS build
WORKDIR /src
COPY . .
RUN docker/steps.sh build /src && docker/steps.sh layout /src /app

FROM eclipse-temurin:25-jre
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/millrace millrace
COPY --from=build /app /app
# Trained here and not above: an AOT cache is valid only for the JVM and the files that it was written with.
RUN /app/steps.sh train /app
USER 10001
# In a container every caller comes from outside: the server starts only when it is told who may come in, and how
# (docs/security.md).
ENV MILLRACE_HTTP_HOST=0.0.0.0 MILLRACE_FLIGHT_HOST=0.0.0.0 MILLRACE_MANAGEMENT_HOST=0.0.0.0
WORKDIR /var/lib/millrace
VOLUME /var/lib/millrace
EXPOSE 8080 8081 8815
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 CMD ["/app/steps.sh", "health", "8081"]
ENTRYPOINT ["/app/steps.sh", "run", "/app"]
CMD ["serve", "--config", "/etc/millrace/millrace.yaml"]
