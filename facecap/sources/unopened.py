"""Why a network stream cannot be opened: OpenCV says nothing about it, so the server is asked once more."""

from __future__ import annotations

import hashlib
import http.client
import socket
import ssl
import urllib.error
import urllib.request
from base64 import b64encode
from urllib.parse import SplitResult, unquote, urlsplit

_PORTS = {"rtsp": 554, "rtsps": 322, "rtmp": 1935, "http": 80, "https": 443}
_LONGEST_ANSWER = 16 * 1024  # bytes
_NO_VIDEO = "it answers, and what it sends is no video that can be read"


class Unopened(Exception):
    """What is wrong with a stream, in words that show nothing of its address."""


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
        urllib.request.HTTPBasicAuthHandler(passwords),
        urllib.request.HTTPDigestAuthHandler(passwords),
        urllib.request.HTTPSHandler(context=_unverified()),
    )
    try:
        answer: http.client.HTTPResponse = opener.open(plain, timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        raise Unopened(_of_status(error.code, parts)) from None
    except urllib.error.URLError as error:
        raise Unopened(_of_error(error.reason, timeout)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unopened(_of_error(error, timeout)) from None
    return answer


def why_unopened(address: str, timeout: float) -> str:
    """In a sentence, why ffmpeg cannot open this address of a stream."""
    try:
        scheme = _split(address).scheme
        if scheme in ("http", "https"):
            with ask_http(address, timeout) as answer:
                return why_no_video(answer, timeout)
        if scheme in ("rtsp", "rtsps"):
            return _ask_rtsp(_split(address), timeout)
        if scheme in _PORTS or scheme == "tcp":
            _connect(_split(address), timeout).close()
            return _NO_VIDEO
        return f"no video came in {timeout:g} s"
    except Unopened as error:
        return str(error)
    except (OSError, ValueError) as error:
        return _of_error(error, timeout)


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
        parts = None
    before, at, _ = address.partition("://")[2].rpartition("@")
    # The host ends at the first of these, so that half of the password is taken for a host and its port.
    if at and ":" in before and any(sign in before.partition(":")[2] for sign in "#/?"):
        port = before.partition(":")[2].partition("/")[0]
        if parts is None or "/" not in before or not port.isdigit():
            raise Unopened(
                "its name or password has a sign that an address cannot hold as it is: write # as %23, "
                "/ as %2F, ? as %3F, @ as %40"
            )
    if parts is None or not parts.hostname:
        raise Unopened("its address cannot be read: wanted SCHEME://NAME:PASSWORD@HOST:PORT/PATH")
    return parts


def _of_status(status: int, parts: SplitResult) -> str:
    if status == 401 and parts.username is None:
        return "it wants a name and a password (status 401): give NAME:PASSWORD@ before the host"
    if status == 401:
        escape = ", and an @ in them is written %40" if parts.netloc.count("@") > 1 else ""
        return f"it refuses the name and the password in the address (status 401){escape}"
    words = {403: "it forbids the access", 404: "it has nothing under this path"}
    return f"{words.get(status, 'it answers that it cannot')} (status {status})"


def _of_error(error: object, timeout: float) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens at this host and port (connection refused)"
    if isinstance(error, socket.gaierror):
        return "no host of this name is known"
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
    with _connect(parts, timeout) as connection:
        status, challenge = _describe(connection, address, 1)
        if status == 401 and parts.username is not None and challenge:
            user, password = unquote(parts.username), unquote(parts.password or "")
            status, _ = _describe(connection, address, 2, _authorization(challenge, user, password, address))
    return _NO_VIDEO if 200 <= status < 300 else _of_status(status, parts)


def _describe(connection: socket.socket, address: str, number: int, header: str = "") -> tuple[int, str]:
    """Status of the answer (RFC 2326), and what it wants to know about who asks."""
    request = f"DESCRIBE {address} RTSP/1.0\r\nCSeq: {number}\r\nAccept: application/sdp\r\n{header}\r\n"
    connection.sendall(request.encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        more = connection.recv(4096)
        answer += more
        if not more or len(answer) > _LONGEST_ANSWER:
            raise ValueError("no answer of RTSP")
    lines = answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    if not lines[0].startswith("RTSP/1."):
        raise ValueError("no answer of RTSP")
    wanted = [
        line.partition(":")[2].strip() for line in lines if line.lower().startswith("www-authenticate:")
    ]
    wanted.sort(key=lambda text: not text.lower().startswith("digest"))
    return int(lines[0].split()[1]), wanted[0] if wanted else ""


def _authorization(challenge: str, user: str, password: str, address: str) -> str:
    """The header that answers a challenge (RFC 2617)."""
    kind, _, rest = challenge.partition(" ")
    if kind.lower() != "digest":
        return f"Authorization: Basic {b64encode(f'{user}:{password}'.encode()).decode()}\r\n"
    asked = urllib.request.parse_keqv_list(urllib.request.parse_http_list(rest))
    realm, nonce = asked.get("realm", ""), asked.get("nonce", "")
    response = _md5(f"{_md5(f'{user}:{realm}:{password}')}:{nonce}:{_md5(f'DESCRIBE:{address}')}")
    return (
        f'Authorization: Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{address}", '
        f'response="{response}"\r\n'
    )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
