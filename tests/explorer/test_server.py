"""The page's server: answers what only Python can, to the page alone, on a port that is free."""

import json
import urllib.error
import urllib.request

import numpy as np
import pytest

import thalweg as tw
from thalweg.explorer import PageServer

VALUES, VIEW = [0.8, 0.7, 0.8, 12.5], [-3.0, 3.0, -3.0, 3.0]


@pytest.fixture(scope="module")
def server():
    page = tw.explore(tw.models.FitzHughNagumo(), name="membrane", search=False)
    with PageServer(page, port=0) as running:
        yield running


def ask(server, question, body, token=None, host=None):
    headers = {"X-Thalweg": server.token if token is None else token}
    headers |= {} if host is None else {"Host": host}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.address}api/{question}", data, headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_it_serves_the_page_with_its_token(server):
    with urllib.request.urlopen(server.address) as answer:
        text = answer.read().decode()
    assert server.token in text
    assert "connect-src 'self'" in text
    assert server.address.startswith("http://127.0.0.1:")


@pytest.mark.long
def test_it_searches_for_equilibria(server):
    status, body = ask(server, "equilibria", {"values": VALUES, "view": VIEW})
    assert status == 200
    (state,) = json.loads(body)["states"]
    np.testing.assert_allclose(
        [state["u"], state["v"]], [-0.27290095900, 0.53387380125], atol=1e-10
    )


def test_it_samples_the_field_as_float32(server):
    body = {"values": VALUES, "time": 0.0, "view": VIEW, "count": 5, "rows": 3}
    status, answer = ask(server, "field", body)
    assert status == 200
    field = np.frombuffer(answer, np.float32).reshape(3, 5, 2)
    v, w = np.linspace(-3.0, 3.0, 5)[None, :], np.linspace(-3.0, 3.0, 3)[:, None]
    np.testing.assert_allclose(field[..., 0], v - v**3 / 3 - w + 0.8, rtol=1e-6)
    np.testing.assert_allclose(field[..., 1], (v + 0.7 - 0.8 * w) / 12.5, rtol=1e-6)


@pytest.mark.parametrize(
    ("question", "body", "word"),
    [
        ("equilibria", {"values": [1.0], "view": VIEW}, "values must be 4"),
        ("equilibria", {"values": VALUES, "view": [1.0, 0.0, 0.0, 1.0]}, "left < right"),
        ("equilibria", {"values": VALUES}, "lacks 'view'"),
        ("diagram", {"values": VALUES, "parameter": "curent", "range": [0, 1]}, "curent"),
        ("field", {"values": VALUES, "time": 0, "view": VIEW, "count": 9000, "rows": 2}, "512"),
        ("diagram", {"values": VALUES, "parameter": "current", "range": []}, "range must be 2"),
        ("diagram", {"values": VALUES, "parameter": "current", "range": [0]}, "range must be 2"),
        ("field", {"values": VALUES, "time": 10**400, "view": VIEW, "count": 2, "rows": 2}, "time"),
        ("equilibria", b"[" * 60_000, "nested"),
        ("secrets", {}, "no question"),
        ("equilibria", b"[1, 2]", "must be an object"),
        ("equilibria", b"{", "Expecting"),
    ],
)
def test_a_bad_question_is_answered_in_words(server, question, body, word):
    status, answer = ask(server, question, body)
    assert status == 400
    assert word in answer.decode()


def test_only_the_page_may_ask(server):
    body = {"values": VALUES, "view": VIEW}
    assert ask(server, "equilibria", body, token="guess")[0] == 403
    assert ask(server, "equilibria", body, host="elsewhere.example:80")[0] == 403
    for path in ("secret", "../pyproject.toml"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(server.address + path)


def test_a_port_in_use_is_passed_over(server):
    with PageServer(server.shown, port=server.port) as other:
        assert server.port < other.port < server.port + 50
    with pytest.raises(tw.InputError, match=r"No page can be served on 203\.0\.113\.7"):
        PageServer(server.shown, host="203.0.113.7")


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_it_serves_on_an_address_of_version_6(server, host):
    with PageServer(server.shown, host=host, port=0) as other:
        assert other.is_local
        assert other.address == f"http://[::1]:{other.port}/"
        assert ask(other, "secrets", {})[0] == 400
        assert ask(other, "secrets", {}, host="elsewhere.example:80")[0] == 403


def test_whoever_listens_to_others_says_so(server):
    assert server.is_local
    with PageServer(server.shown, host="0.0.0.0", port=0) as other:
        assert not other.is_local
        assert ask(other, "equilibria", b"{}", host="elsewhere.example:80")[0] == 400
