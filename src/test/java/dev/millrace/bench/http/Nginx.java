package dev.millrace.bench.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;

/** nginx as one process that answers every request with the same text. */
final class Nginx {
    private Nginx() {}

    /** Serves {@code body}, which has no single quote and no dollar, on a free loopback port. */
    static Served start(Path program, Path folder, String body) throws IOException, InterruptedException {
        int port;
        try (var probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = probe.getLocalPort();
        }
        Path configuration = folder.resolve("nginx.conf");
        Files.writeString(configuration, """
                daemon off;
                master_process off;
                worker_processes 1;
                pid %1$s/nginx.pid;
                error_log %1$s/nginx.log;
                events { worker_connections 1024; }
                http {
                  access_log off;
                  keepalive_requests 1000000000;
                  keepalive_timeout 600s;
                  default_type application/json;
                  client_body_temp_path %1$s/body;
                  proxy_temp_path %1$s/proxy;
                  fastcgi_temp_path %1$s/fastcgi;
                  uwsgi_temp_path %1$s/uwsgi;
                  scgi_temp_path %1$s/scgi;
                  server {
                    listen 127.0.0.1:%2$d;
                    location / { return 200 '%3$s'; }
                  }
                }
                """.formatted(folder, port, body));
        Process process = new ProcessBuilder(
                        program.toString(), "-c", configuration.toString(), "-p", folder.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("nginx.out").toFile())
                .start();
        var served = new Served(process, port);
        boolean answers = false;
        try {
            Http.awaitOk(process, port, "/");
            answers = true;
            return served;
        } finally {
            if (!answers) {
                served.close();
            }
        }
    }
}
