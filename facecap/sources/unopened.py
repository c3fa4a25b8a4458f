"""Why a network stream cannot be opened: OpenCV says nothing about it, so the server is asked once more."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import urllib.error
import urllib.request
from contextlib import suppress
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from facecap.sources.rtsp import describe

_PORTS = {"rtsp": 554, "rtsps": 322, "rtmp": 1935, "http": 80, "https": 443}
_UNREADABLE = "its address cannot be read: wanted SCHEME://NAME:PASSWORD@HOST:PORT/PATH"
_ESCAPE = (
    "its name or password has a sign that an address cannot hold as it is: write # as %23, / as %2F, "
    "? as %3F, @ as %40"
)
_NO_VIDEO = "it answers, and what it sends is no video that can be read"


class Unopened(Exception):
    """What is wrong with a stream, in words that show nothing of its address."""


class _MeetsWhatItKnows:
    """Of a handler of challenges: one that it cannot meet is left to be the status that it is."""

    def http_error_401(self, *arguments: Any) -> Any:
        with suppress(ValueError):  # a scheme or an algorithm that it does not know
            return super().http_error_401(*arguments)  # type: ignore[misc]
        return None


class _Basic(_MeetsWhatItKnows, urllib.request.HTTPBasicAuthHandler):
    pass


class _Digest(_MeetsWhatItKnows, urllib.request.HTTPDigestAuthHandler):
    pass


def ask_http(address: str, timeout: float) -> http.client.HTTPResponse:
    """GET the address, with its name and password; redirections are followed.

    Raises:
        Unopened: there is no answer, or one with a status other than 2xx.
    """
    parts = _split(address)
    host = parts.netloc.rpartition("@")[2]
    plain = parts._replace(netloc=host, fragment="").geturl()
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    if parts.username is not None:
        passwords.add_password(None, plain, unquote(parts.username), unquote(parts.password or ""))
    opener = urllib.request.build_opener(
        _Basic(passwords),
        _Digest(passwords),
        urllib.request.HTTPSHandler(context=_unverified()),
    )
    try:
        answer: http.client.HTTPResponse = opener.open(plain, timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        raise Unopened(_of_status(error.code, parts)) from None
    except urllib.error.URLError as error:
        raise Unopened(_of_error(error.reason, timeout, parts)) from None
    except (OSError, http.client.HTTPException, ValueError, LookupError) as error:
        raise Unopened(_of_error(error, timeout, parts)) from None
    return answer


def why_unopened(address: str, timeout: float) -> str:
    """In a sentence, why ffmpeg cannot open this address of a stream."""
    try:
        parts = _split(address)
        if parts.scheme in ("http", "https"):
            with ask_http(address, timeout) as answer:
                return why_no_video(answer, timeout)
        try:
            if parts.scheme in ("rtsp", "rtsps"):
                return _ask_rtsp(parts, timeout)
            if parts.scheme in _PORTS or parts.scheme == "tcp":
                _connect(parts, timeout).close()
                return _NO_VIDEO
        except (OSError, ValueError, LookupError) as error:
            return _of_error(error, timeout, parts)
    except Unopened as error:
        return str(error)
    return f"no video came in {timeout:g} s"


def why_no_video(answer: http.client.HTTPResponse, timeout: float) -> str:
    """The same of an address that has been answered."""
    try:
        answer.read(1)
    except (OSError, http.client.HTTPException) as error:
        return why_no_picture(error, timeout)
    return f"{_NO_VIDEO} (Content-Type {answer.headers.get_content_type()}): is the path right?"


def why_no_picture(error: Exception, timeout: float) -> str:
    """The same, where reading the answer fails."""
    if isinstance(error, TimeoutError):
        return f"it answers and then sends nothing for {timeout:g} s"
    return "it answers and then sends no whole picture"


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port  # is read only now
    except ValueError:
        # What was cut off is half of a password, taken for a port.
        authority = re.split(r"[/?#]", address.partition("://")[2])[0]
        halved = "@" in address and "@" not in authority and "[" not in authority
        raise Unopened(_ESCAPE if halved else _UNREADABLE) from None
    if not parts.hostname:
        raise Unopened(_UNREADABLE)
    return parts


def _of_status(status: int, parts: SplitResult) -> str:
    if status == 401 and parts.username is None:
        return "it wants a name and a password (status 401): give NAME:PASSWORD@ before the host"
    if status == 401:
        escape = ", and an @ in them is written %40" if parts.netloc.count("@") > 1 else ""
        return f"it refuses the name and the password in the address (status 401){escape}"
    words = {403: "it forbids the access", 404: "it has nothing under this path"}
    return f"{words.get(status, 'it answers that it cannot')} (status {status})"


def _of_error(error: object, timeout: float, parts: SplitResult) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens at this host and port (connection refused)"
    if isinstance(error, socket.gaierror):
        cut = "@" in parts.path + parts.query + parts.fragment
        return f"no host of this name is known{'; or ' + _ESCAPE if cut else ''}"
    if isinstance(error, TimeoutError):
        return f"it is silent: no answer in {timeout:g} s"
    if isinstance(error, ssl.SSLError):
        return "it speaks no TLS that is understood here: is the scheme right?"
    if isinstance(error, OSError) and error.strerror:
        return f"it cannot be reached: {error.strerror}"
    return "it closes the connection, or its answer is not of the scheme's protocol"


def _unverified() -> ssl.SSLContext:
    """As ffmpeg does by default: cameras sign their certificates themselves."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _connect(parts: SplitResult, timeout: float) -> socket.socket:
    port = parts.port or _PORTS.get(parts.scheme)
    if port is None:
        raise Unopened("its address names no port")
    plain = socket.create_connection((parts.hostname or "", port), timeout)
    if parts.scheme != "rtsps":
        return plain
    try:
        return _unverified().wrap_socket(plain)
    except OSError:
        plain.close()
        raise


def _ask_rtsp(parts: SplitResult, timeout: float) -> str:
    address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    user = None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))
    with _connect(parts, timeout) as connection:
        status = describe(connection, address, user)
    return _NO_VIDEO if 200 <= status < 300 else _of_status(status, parts)
