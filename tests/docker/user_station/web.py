"""Web servers that take the place of others."""

from http.server import ThreadingHTTPServer


class WebServer(ThreadingHTTPServer):
    """Web server that waits for its threads when it is closed, so that none remains after a test."""

    daemon_threads = False
