"""What is shown of an address: enough to know which, nothing that is a secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facecap.addresses import shown_address

HIDDEN = "(hidden)"
# Joined to secrets by the signs that addresses are made of; none of them is in what is not secret.
PIECES = [f"q{letter}7z" for letter in "bcdfgjklmnpw"]
SIGNS = ["", "@", "/", ":", "?", "#", "&", "=", "%40", "%", " ", "\\", "[", "]", "//", "://", "\n", ";", "é"]


@st.composite
def addresses(draw: st.DrawFn) -> str:
    """An address with secrets wherever people put them, well formed or not."""

    def secret() -> str:
        pieces = draw(st.lists(st.sampled_from(PIECES), min_size=1, max_size=3))
        signs = draw(st.lists(st.sampled_from(SIGNS), min_size=4, max_size=4))
        return signs[0] + "".join(piece + sign for piece, sign in zip(pieces, signs[1:], strict=False))

    def maybe(text: str) -> str:
        return text if draw(st.booleans()) else ""

    schemes = ["rtsp", "RTSPS", "http", "https", "postgresql", "postgresql+psycopg", "sqlite", "nonsense"]
    scheme = draw(st.sampled_from(schemes))
    host = draw(st.sampled_from(["camera", "10.0.0.7", "db.example", "[fe80::1]", "xn--e1a.example"]))
    user = maybe(draw(st.sampled_from([f"user:{secret()}@", f"{secret()}@", f"{secret()}:{secret()}@"])))
    port = maybe(f":{draw(st.integers(1, 65535))}")
    query = f"?user=a&{draw(st.sampled_from(['password', 'pwd', 'token']))}={secret()}"
    return f"{scheme}://{user}{host}{port}{maybe(f'/{secret()}')}{maybe(query)}{maybe(f'#{secret()}')}"


@given(addresses())
def test_no_piece_of_a_secret_is_shown(address: str) -> None:
    shown = shown_address(address)
    assert not [piece for piece in PIECES if piece in shown]
    assert shown_address(shown) == shown


@given(st.text())
def test_any_text_is_taken_and_what_is_no_address_is_hidden(text: str) -> None:
    shown = shown_address(text)
    assert "://" in shown or shown == HIDDEN


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://10.0.0.7:554", "rtsp://10.0.0.7:554"),
        ("http://camera/", "http://camera/"),
        ("rtsp://user:password@camera/stream1", f"rtsp://{HIDDEN}@camera/{HIDDEN}"),
        ("rtsp://[fe80::1]:554/user=a&password=b", f"rtsp://[fe80::1]:554/{HIDDEN}"),
        ("http://camera?user=a&pwd=b", f"http://camera/{HIDDEN}"),
        ("rtsp://user:p@ss@camera/stream1", f"rtsp://{HIDDEN}"),
        ("rtsp://user:p/ss@camera/stream1", f"rtsp://{HIDDEN}"),
        ("https://hooks.example/T0/B1/x9", f"https://hooks.example/{HIDDEN}"),
        ("postgresql+psycopg://u:p@db:5432/name", f"postgresql+psycopg://{HIDDEN}@db:5432/{HIDDEN}"),
        ("postgresql://db/name?user=u&password=p", f"postgresql://db/{HIDDEN}"),
        ("sqlite:////var/lib/facecap.db", "sqlite:////var/lib/facecap.db"),
        ("sqlite:///facecap.db?password=p", f"sqlite:///facecap.db?{HIDDEN}"),
        ("sqlite:///password@camera", f"sqlite://{HIDDEN}"),
        ("user:password@camera", HIDDEN),
    ],
)
def test_scheme_host_and_port_are_shown(address: str, shown: str) -> None:
    assert shown_address(address) == shown
