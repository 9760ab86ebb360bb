"""The connection to the server of a node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests

__all__ = ["session"]


def session() -> requests.Session:
    """For one thread."""
    import requests

    class Session(requests.Session):
        """Asks the environment for proxies, certificates and passwords once for each URL: that
        takes longer than a question to a node nearby. Only the body differs between requests."""

        def __init__(self) -> None:
            super().__init__()
            self._ready: dict[str, requests.PreparedRequest] = {}
            self._around: dict[str, Any] = {}

        def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
            if len(self.cookies):  # a balancer's, which are in the headers
                return super().prepare_request(request)
            if request.url not in self._ready:
                self._ready[request.url] = super().prepare_request(request)
            ready = self._ready[request.url].copy()
            ready.prepare_body(request.data, None)
            return ready

        def merge_environment_settings(self, url: Any, *given: Any) -> Any:
            if url not in self._around:
                self._around[url] = super().merge_environment_settings(url, *given)
            return self._around[url]

        def get_redirect_target(self, resp: requests.Response) -> str | None:
            # The other redirects ask for a page, without the question.
            return super().get_redirect_target(resp) if resp.status_code in (307, 308) else None

    return Session()
