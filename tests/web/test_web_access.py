import pytest

from reconciler.model.errors import ReconcileError
from reconciler.model.secret import Secret
from reconciler.web.access import Access
from reconciler.web.options import WebOptions, check_listen, is_loopback, parse_listen

TOKEN = "0123456789abcdef"
BEARER = {"authorization": f"Bearer {TOKEN}"}


def refusal(method, path, headers=(), **options):
    access = Access(WebOptions(**{"token": Secret(TOKEN), **options}))
    return access.refusal(method, path, {"host": "localhost:8787", **dict(headers)})


def code(method, path, headers=(), **options):
    refused = refusal(method, path, headers, **options)
    return refused.code if refused else None


@pytest.mark.parametrize(
    "method_path", ["GET /api/v1/configs", "GET /metrics", "POST /events", "GET /livez", "POST /hooks/x/y"]
)
def test_loopback_is_open_for_reading_and_events(method_path):
    assert code(*method_path.split()) is None


@pytest.mark.parametrize("path", ["/api/v1/retry", "/api/v1/approve", "/api/v1/look", "/new", "/events/", "//events"])
def test_loopback_asks_for_a_token_where_something_changes(path):
    assert code("POST", path) == "unauthorized"
    assert code("POST", path, BEARER) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.5", "::", "example.com"])
def test_network_asks_for_a_token_for_all_but_probes_and_hooks(host):
    named = {"host": host}
    for method_path in ("GET /api/v1/configs", "GET /metrics", "POST /events", "GET /nothing"):
        assert code(*method_path.split(), named, host=host) == "unauthorized"
        assert code(*method_path.split(), {**named, **BEARER}, host=host) is None
    for method_path in ("GET /livez", "GET /readyz", "POST /hooks/x/y"):
        assert code(*method_path.split(), named, host=host) is None


@pytest.mark.parametrize(
    "given",
    [
        "",
        "Bearer",
        "Bearer ",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        "Bearer é\udc80",
        f"Bearer {TOKEN} {TOKEN}",
    ],
)
def test_wrong_token_is_refused(given):
    assert code("POST", "/api/v1/look", {"authorization": given}) == "unauthorized"


@pytest.mark.parametrize(
    ("token", "given", "said"),
    [
        (None, "", "none is configured: ask over the Unix socket"),
        (None, "Bearer x", "start the daemon with --token-file"),
        (Secret(""), "", "none is configured"),
        (Secret(TOKEN), "Bearer x", "this token is not the one that is configured"),
        (Secret(TOKEN), "bearer x", "this token is not the one that is configured"),
        (Secret(TOKEN), "", "this needs a token: send it as Authorization: Bearer"),
        (Secret(TOKEN), "Bearer ", "this needs a token: send it as"),
        (Secret(TOKEN), f"Basic {TOKEN}", "this needs a token: send it as"),
    ],
)
def test_refusal_says_which_token_is_missing(token, given, said):
    refused = refusal("POST", "/api/v1/look", {"authorization": given}, token=token)
    assert (refused.status, said in str(refused)) == (401, True)
    assert TOKEN not in str(refused)


@pytest.mark.parametrize("token", [None, Secret("")])
@pytest.mark.parametrize("given", ["", "Bearer", "Bearer ", "Bearer x"])
def test_without_a_token_none_is_right(token, given):
    assert code("POST", "/api/v1/look", {"authorization": given}, token=token) == "unauthorized"


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1:8787", "127.1.2.3", "[::1]:8787", "localhost.", "reconcile.test:80"]
)
def test_own_hosts_are_served(host):
    assert code("GET", "/api/v1/configs", {"host": host}, allowed_hosts=("reconcile.test",)) is None


@pytest.mark.parametrize(
    "host",
    ["", "evil.test", "evil.test:8787", "localhost.evil.test", "127.0.0.1.evil.test", "[::1", "1.2.3.4", "@localhost"],
)
def test_rebound_host_is_refused(host):
    assert code("GET", "/api/v1/configs", {"host": host}) == "host_not_allowed"
    assert code("POST", "/events", {"host": host}) == "host_not_allowed"


def test_probes_are_served_under_any_host():
    assert code("GET", "/readyz", {"host": "10.1.2.3:8787"}) is None


def test_allowed_hosts_narrow_a_wildcard_address():
    options = {"host": "0.0.0.0", "allowed_hosts": ("reconcile.test",)}
    assert code("GET", "/metrics", {"host": "reconcile.test", **BEARER}, **options) is None
    assert code("GET", "/metrics", {"host": "evil.test", **BEARER}, **options) == "host_not_allowed"


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "", "http://localhost:3000", "http://[bad", "garbage"])
@pytest.mark.parametrize("path", ["/events", "/hooks/x/y", "/api/v1/look"])
def test_foreign_origin_may_not_post(origin, path):
    assert code("POST", path, {"origin": origin, **BEARER}) == "foreign_origin"


@pytest.mark.parametrize("origin", ["http://localhost:8787", "https://reconcile.test"])
def test_own_origin_may_post(origin):
    assert code("POST", "/api/v1/look", {"origin": origin, **BEARER}, allowed_hosts=("reconcile.test",)) is None


def test_trusted_listener_asks_nothing():
    assert code("POST", "/api/v1/approve", {"host": "any"}, trusted=True, token=None) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com", ""])
def test_network_address_without_a_token_is_refused(host):
    with pytest.raises(ReconcileError, match="token"):
        check_listen(host, None)
    with pytest.raises(ReconcileError, match="16 characters"):
        check_listen(host, Secret("short"))
    check_listen(host, Secret(TOKEN))


@pytest.mark.parametrize("host", [None, "127.0.0.1", "localhost", "::1", "127.9.9.9"])
def test_loopback_needs_no_token_to_start(host):
    check_listen(host, None)


def test_loopback_names():
    assert is_loopback("LocalHost")
    assert not is_loopback("localhost.evil.test")


@pytest.mark.parametrize(
    ("text", "parsed"),
    [("127.0.0.1:8787", ("127.0.0.1", 8787)), ("[::1]:0", ("::1", 0)), ("host:65535", ("host", 65535))],
)
def test_listen_address(text, parsed):
    assert parse_listen(text) == parsed


@pytest.mark.parametrize("text", ["", "8787", ":8787", "host:", "host:x", "host:65536", "host:-1", "host:٣"])
def test_bad_listen_address_is_named(text):
    with pytest.raises(ReconcileError, match=r"--listen: expected an address and a port"):
        parse_listen(text)


def test_refusals_reach_the_client_as_json(serve):
    client = serve(token=Secret(TOKEN))
    answer = client.post("/api/v1/look")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["error"]["code"] == "unauthorized"
    assert client.post("/api/v1/look", headers=BEARER).status_code == 202
    assert client.get("/api/v1/status", headers={"host": "evil.test"}).status_code == 403
    assert TOKEN not in repr(vars(client))


@pytest.mark.parametrize(("tokens", "status"), [((TOKEN, "x"), 202), (("x", TOKEN), 401)])
def test_first_of_two_tokens_counts(serve, tokens, status):
    given = [("Authorization", f"Bearer {token}") for token in tokens]
    assert serve(token=Secret(TOKEN)).post("/api/v1/look", headers=given).status_code == status
