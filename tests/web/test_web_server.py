import asyncio
import logging
import os
import socket
import stat
import threading

import pytest

from reconciler.model.errors import ReconcileError, StateError
from reconciler.web.http_metrics import HttpMetrics
from reconciler.web.options import WebOptions
from reconciler.web.server import WebServer
from reconciler.web.serving import http_server
from reconciler.web.sockets import SOCKET_NAME, bind_tcp
from reconciler.web.unix_client import unix_connection


def get(connection, path="/livez"):
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.fixture
def unix(serve, tmp_path):
    serve(host=None, state_dir=tmp_path)
    return tmp_path


def test_taken_port_is_one_clear_sentence(serve, engine):
    port = serve().port
    with pytest.raises(ReconcileError, match=rf"cannot listen on 127.0.0.1:{port}: the address is in use"):
        WebServer(engine, WebOptions(port=port)).start()


def test_foreign_address_is_refused(engine):
    with pytest.raises(ReconcileError, match=r"cannot listen on nowhere\.invalid:0"):
        WebServer(engine, WebOptions(host="nowhere.invalid", port=0, token=_token())).start()


def test_network_without_a_token_is_refused_before_anything_is_bound(engine, tmp_path):
    with pytest.raises(ReconcileError, match="--token-file"):
        WebServer(engine, WebOptions(host="0.0.0.0", port=0, state_dir=tmp_path)).start()
    assert list(tmp_path.iterdir()) == []


def test_socket_is_for_its_owner_alone(unix):
    mode = (unix / SOCKET_NAME).stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_socket_answers(unix):
    assert get(unix_connection(unix, 5), "/api/v1/status") == 200


def test_stale_socket_is_replaced(serve, tmp_path):
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(tmp_path / SOCKET_NAME))
    serve(host=None, state_dir=tmp_path)
    assert get(unix_connection(tmp_path, 5)) == 200


def test_socket_in_use_is_refused(unix, engine):
    with pytest.raises(StateError, match="another process serves"):
        WebServer(engine, WebOptions(host=None, state_dir=unix)).start()
    assert get(unix_connection(unix, 5)) == 200


def test_file_in_the_place_of_the_socket_is_left_alone(engine, tmp_path):
    (tmp_path / SOCKET_NAME).write_text("mine")
    with pytest.raises(StateError, match="is not a socket"):
        WebServer(engine, WebOptions(host=None, state_dir=tmp_path)).start()
    assert (tmp_path / SOCKET_NAME).read_text() == "mine"


def test_failure_to_bind_one_closes_the_other(engine, tmp_path):
    (tmp_path / SOCKET_NAME).write_text("mine")
    server = WebServer(engine, WebOptions(port=0, state_dir=tmp_path))
    with pytest.raises(StateError):
        server.start()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), 1)


def test_path_too_long_for_the_kernel_works(serve, tmp_path):
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    serve(host=None, state_dir=deep)
    assert get(unix_connection(deep, 5)) == 200


def test_path_too_long_works_without_proc(serve, tmp_path, monkeypatch):
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    exists = type(deep).exists
    monkeypatch.setattr(type(deep), "exists", lambda path: exists(path) and not str(path).startswith("/proc"))
    serve(host=None, state_dir=deep)
    assert get(unix_connection(deep, 5)) == 200


def test_missing_state_directory_is_a_clear_error(engine, tmp_path):
    with pytest.raises(StateError, match="no such file"):
        WebServer(engine, WebOptions(host=None, state_dir=tmp_path / "gone")).start()


def test_stop_closes_everything_and_leaves_nothing(engine, tmp_path):
    before, threads = set(os.listdir("/proc/self/fd")), set(threading.enumerate())
    server = WebServer(engine, WebOptions(port=0, state_dir=tmp_path))
    server.start()
    assert get(unix_connection(tmp_path, 5)) == 200
    assert server.stop(2)
    assert list(tmp_path.iterdir()) == []
    assert not any(thread.name == "reconcile-web" for thread in set(threading.enumerate()) - threads)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), 1)
    assert set(os.listdir("/proc/self/fd")) <= before  # another server may drop an idle connection meanwhile


def test_server_that_is_told_to_end_does_not_wait_for_its_next_look(engine):
    server = http_server(engine, WebOptions(), HttpMetrics(engine.instruments))

    async def turn():
        turning = asyncio.ensure_future(server.main_loop())
        await asyncio.sleep(0)
        server.end()
        await asyncio.wait_for(turning, 0.9)

    asyncio.run(turn())


def test_stop_without_start_does_nothing(engine):
    assert WebServer(engine, WebOptions()).stop()


def test_server_that_did_not_start_can_be_stopped_and_followed(engine, monkeypatch):
    def fails(**_):
        raise OSError(24, "too many open files")

    server = WebServer(engine, WebOptions(port=0))
    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "Runner", fails)
        with pytest.raises(ReconcileError, match="the web server did not start"):
            server.start()
    assert server.stop(2)
    follower = WebServer(engine, WebOptions(port=0))
    follower.start()
    assert follower.stop(2)


def test_second_server_of_one_engine_may_follow(engine):
    for _ in range(2):
        server = WebServer(engine, WebOptions(port=0))
        server.start()
        assert server.stop(2)


def test_no_listener_at_all_is_fine(engine):
    server = WebServer(engine, WebOptions(host=None))
    server.start()
    assert server.stop(2)


def test_stop_leaves_the_socket_of_a_successor_alone(engine, tmp_path):
    server = WebServer(engine, WebOptions(host=None, state_dir=tmp_path))
    server.start()
    (tmp_path / SOCKET_NAME).unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / SOCKET_NAME))
        server.stop(2)
        assert (tmp_path / SOCKET_NAME).exists()


def test_ipv6_loopback(engine):
    server = WebServer(engine, WebOptions(host="::1", port=0))
    try:
        server.start()
    except ReconcileError:
        pytest.skip("no IPv6 here")
    assert server.url == f"http://[::1]:{server.port}"
    server.stop(2)


def _token():
    from reconciler.model.secret import Secret

    return Secret("0123456789abcdef")


def test_answers_do_not_wait_for_nagle():
    with bind_tcp("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP  # what asyncio looks at before it sets TCP_NODELAY


def test_hosts_own_uvicorn_keeps_its_loggers(engine):
    names = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")
    loggers = [logging.getLogger(name) for name in names]
    loggers[1].setLevel(logging.INFO)
    before = [(logger.level, list(logger.handlers), logger.propagate) for logger in loggers]
    server = WebServer(engine, WebOptions(port=0))
    server.start()
    server.stop(2)
    assert [(logger.level, list(logger.handlers), logger.propagate) for logger in loggers] == before
    loggers[1].setLevel(logging.NOTSET)
