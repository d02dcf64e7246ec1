"""A web server on loopback, and requests for other hosts sent to it."""

from __future__ import annotations

import http.server
import threading
import urllib.parse
import urllib.request


class Server:
    """Serves files from a dictionary and writes down what is asked for.

    Args:
        files: Path -> content; or URL -> content, for requests that `redirected` sends here.
    """

    def __init__(self, files):
        self.files = files
        self.asked = []
        self.cut = {}
        self.sends_length = True

    def __enter__(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer._serve(self)

            def log_message(self, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *exc_info):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _serve(self, handler):
        self.asked.append(handler.path)
        content = self.files.get(handler.path)
        if content is None:
            handler.send_error(404)
            return
        handler.send_response(200)
        if self.sends_length:
            handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[: self.cut.get(handler.path)])

    def redirected(self):
        """An opener that asks this server for every URL, by `/<the URL, quoted>`."""
        server = self

        class Redirecting(urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
            def http_open(self, request):
                quoted = urllib.parse.quote(request.full_url, safe="")
                if request.host != urllib.parse.urlsplit(server.url).netloc:
                    timeout = request.timeout
                    request = urllib.request.Request(f"{server.url}/{quoted}")  # noqa: S310 -- of loopback
                    request.timeout = timeout
                return super().http_open(request)

            https_open = http_open

        return urllib.request.build_opener(Redirecting)
