"""What an operator relies on: accounts, limits, headers, logs; and that none of it stands in a visitor's way."""

import base64
import hashlib
import json
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.served import running
from tests.shelf import seed_shelf
from tests.test_cli import ROOT, dalil, folder  # noqa: F401
from ui.accounts import Accounts, AccountsError, account
from ui.asgi import client_of
from ui.limiting import Buckets
from ui.logs import JsonFormatter
from ui.serving import Rules
from ui.strings import texts

SIGNED = "متى وقع أردوغان مذكرتي التفاهم مع السراج؟"
PASSWORD = "كلمة مرور: طويلة"  # noqa: S105


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    """A chat that lets everyone in."""
    with running(seed_shelf()) as address:
        yield address


# Accounts


def cheap(name: str, password: str) -> str:
    """An account whose password is quickly checked, made without the code under test."""
    salt = name.encode().ljust(16, b".")
    hashed = hashlib.scrypt(password.encode(), salt=salt, n=2, r=1, p=1, dklen=32)
    return f"{name}:$scrypt$ln=1,r=1,p=1${base64.b64encode(salt).decode()}${base64.b64encode(hashed).decode()}"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("accounts") / "accounts"
    lines = ["# who may ask", "", cheap("سلمى", PASSWORD), cheap("ali", "another one")]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def guarded(file: Path) -> Iterator[str]:
    with running(seed_shelf(), Rules(accounts=Accounts.read(file), rate=0)) as address:
        yield address


def test_a_password_is_right_for_its_own_name_alone(file: Path) -> None:
    accounts = Accounts.read(file)
    assert accounts.check("سلمى", PASSWORD)
    assert accounts.check("ali", "another one")
    for name, password in [("ali", PASSWORD), ("ali", ""), ("omar", "another one"), ("", ""), ("nobody", "")]:
        assert not accounts.check(name, password)
    decomposed = "e\u0301t\u00e9 en ville"
    file.with_name("other").write_text(cheap("zoé", "\u00e9t\u00e9 en ville"), encoding="utf-8")
    assert Accounts.read(file.with_name("other")).check("zoé", decomposed)


def test_an_account_does_not_hold_its_password_and_is_made_at_a_cost() -> None:
    lines = [account("ali", PASSWORD) for _ in range(2)]
    assert lines[0] != lines[1]
    assert PASSWORD not in lines[0]
    assert lines[0].startswith("ali:$scrypt$ln=14,r=8,p=5$")


@pytest.mark.parametrize("name", ["", " ", "a:b", "a\nb", " a", "a\x00"])
def test_a_name_that_would_break_the_file_is_refused(name: str) -> None:
    with pytest.raises(AccountsError, match="name"):
        account(name, PASSWORD)


@pytest.mark.parametrize(
    "line",
    [
        "ali:another one",
        "ali:$scrypt$ln=14,r=8,p=5$not base64$AAAA",
        "ali:$scrypt$ln=14,r=8,p=5$c2FsdA==$c2hvcnQ=",
        f"ali:$scrypt$ln=40,r=8,p=5$c2FsdA==${'A' * 43}=",
        f"ali:$scrypt$ln=0,r=8,p=5$c2FsdA==${'A' * 43}=",
        "",
    ],
)
def test_a_line_that_is_no_account_is_told_with_the_command_that_makes_one(tmp_path: Path, line: str) -> None:
    (tmp_path / "accounts").write_text(line, encoding="utf-8")
    with pytest.raises(AccountsError, match="dalil password NAME >>"):
        Accounts.read(tmp_path / "accounts")
    with pytest.raises(AccountsError, match="none"):
        Accounts.read(tmp_path / "none")


def test_the_command_makes_a_line_that_the_server_reads(tmp_path: Path) -> None:
    made = dalil("password", "سلمى", stdin=f"{PASSWORD}\n")
    assert (made.returncode, made.stderr) == (0, "")
    (tmp_path / "accounts").write_text(made.stdout, encoding="utf-8")
    assert Accounts.read(tmp_path / "accounts").check("سلمى", PASSWORD)
    short = dalil("password", "سلمى", stdin="short\n")
    assert (short.returncode, short.stdout) == (1, "")
    assert "8 characters" in short.stderr


@pytest.mark.parametrize(
    "path",
    ["/", "/config", "/ask?question=من", "/documents", "/source/0", "/docs", "/openapi.json", "/gradio_api/info", "/x"],
)
def test_without_an_account_nothing_is_told(guarded: str, path: str) -> None:
    refused = httpx.get(guarded + path)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Basic ")
    assert set(refused.json()) == {"error", "next"}


def _encoded(name: str, password: str) -> httpx.BasicAuth:
    return httpx.BasicAuth(name.encode(), password.encode())


def test_with_an_account_everything_is(guarded: str) -> None:
    login = _encoded("سلمى", PASSWORD)
    assert httpx.get(guarded, auth=login).status_code == 200
    assert httpx.post(f"{guarded}/ask", json={"question": SIGNED}, auth=login).json()["answered"]
    wrong = _encoded("سلمى", "another one")
    assert httpx.post(f"{guarded}/ask", json={"question": SIGNED}, auth=wrong).status_code == 401


def test_health_and_the_style_of_pages_need_no_account_and_a_person_is_told_on_a_page(guarded: str) -> None:
    assert httpx.get(f"{guarded}/health").status_code == 200
    assert httpx.get(f"{guarded}/dalil/dalil.css").status_code == 200
    page = httpx.get(guarded, headers={"accept": "text/html", "accept-language": "ar"})
    assert page.status_code == 401
    assert '<html lang="ar" dir="rtl">' in page.text


def test_guessing_is_slowed_down_and_the_right_password_still_works(file: Path) -> None:
    with running(seed_shelf(), Rules(accounts=Accounts.read(file), rate=0)) as address, httpx.Client() as client:
        right = _encoded("ali", "another one")
        assert client.get(f"{address}/docs", auth=right).status_code == 200
        codes = [client.get(address, auth=_encoded("ali", f"guess {n}")).status_code for n in range(12)]
        assert codes[:8] == [401] * 8
        assert codes[-1] == 429
        assert client.get(f"{address}/docs", auth=right).status_code == 200


@pytest.mark.parametrize("header", ["", "Basic", "Basic !!!", "Basic 2Q==", "Bearer abc", "Basic Og=="])
def test_a_login_that_is_none_is_refused(guarded: str, header: str) -> None:
    assert httpx.get(guarded, headers={"authorization": header}).status_code == 401


# Limits


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_client_has_a_minutes_worth_at_once_and_then_waits_its_turn() -> None:
    clock = Clock()
    buckets = Buckets(6, clock)
    assert [buckets.take("a") for _ in range(6)] == [0.0] * 6
    assert buckets.take("a") == pytest.approx(10)
    assert buckets.take("b") == 0.0
    clock.now += 9.9
    assert buckets.take("a") == pytest.approx(0.1)
    clock.now += 0.1001
    assert buckets.take("a") == 0.0
    assert buckets.take("a") == pytest.approx(10, abs=0.01)
    assert [Buckets(0).take("a") for _ in range(999)] == [0.0] * 999


@given(st.integers(1, 50), st.lists(st.floats(0, 30), max_size=150))
def test_no_client_is_let_through_more_often_than_its_rate(per_minute: int, gaps: list[float]) -> None:
    clock = Clock()
    buckets = Buckets(per_minute, clock)
    welcome = []
    for gap in gaps:
        clock.now += gap
        wait = buckets.take("a")
        if wait:
            assert 0 < wait <= 60 / per_minute + 1e-6
        else:
            welcome.append(clock.now)
    for first in welcome:
        within = sum(first <= when <= first + 60 for when in welcome)
        assert within <= 2 * per_minute + 1


@settings(max_examples=20)
@given(st.sets(st.text(min_size=1), min_size=1, max_size=20))
def test_one_clients_haste_is_not_anothers(clients: set[str]) -> None:
    buckets = Buckets(1, Clock())
    assert all(buckets.take(client) == 0.0 for client in clients)
    assert all(buckets.take(client) > 0.0 for client in clients)


def test_many_clients_do_not_fill_the_memory() -> None:
    buckets = Buckets(1, Clock())
    for client in range(10_500):
        buckets.take(str(client))
    assert len(buckets._left) == 10_000
    assert buckets.take("10499") > 0


def test_too_many_questions_are_refused_with_the_time_to_wait() -> None:
    with running(seed_shelf(), Rules(rate=3)) as address, httpx.Client() as client:
        ask = {"url": f"{address}/ask", "json": {"question": SIGNED}}
        assert [client.post(**ask).status_code for _ in range(3)] == [200] * 3  # type: ignore[arg-type]
        refused = client.post(**ask, headers={"accept-language": "en"})  # type: ignore[arg-type]
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert refused.headers["retry-after"] in refused.json()["next"]
        again = client.post(**ask, headers={"accept-language": "ar"})  # type: ignore[arg-type]
        assert again.json()["next"] == texts("ar").too_many_next(int(again.headers["retry-after"]))
        assert client.get(f"{address}/health").status_code == 200
        assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    ("host", "client"),
    [("192.0.2.7", "192.0.2.7"), ("2001:db8::1:2:3:4", "2001:db8::/64"), ("unix", "unix"), (None, "unknown")],
)
def test_a_client_is_its_address_or_its_network(host: str | None, client: str) -> None:
    assert client_of({"client": (host, 1) if host else None}) == client


@pytest.mark.parametrize("path", ["/ask", "/verify", "/gradio_api/queue/join"])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_request_that_is_too_large_is_refused_and_not_read(plain: str, path: str, chunked: bool) -> None:
    read = 0

    def body() -> Iterator[bytes]:
        nonlocal read
        for _ in range(200):
            read += 100_000
            yield b" " * 100_000

    headers = {"content-type": "application/json"}
    if not chunked:
        headers["content-length"] = str(200 * 100_000)
    try:
        refused = httpx.post(plain + path, content=body(), headers=headers)
    except (httpx.WriteError, httpx.RemoteProtocolError):
        assert read < 200 * 100_000  # the server hung up on it
    else:
        assert refused.status_code == 413
        if not chunked or not path.startswith("/gradio_api"):
            assert set(refused.json()) == {"error", "next"}
    assert httpx.get(f"{plain}/health").status_code == 200


def test_nobody_fills_gradios_folder_of_files(plain: str) -> None:
    for path in ("upload", "upload?upload_id=1", "/upload", "../upload", "process_recording"):
        sent = httpx.post(f"{plain}/gradio_api/{path}", files={"video": ("a.mp4", b"abc"), "files": ("a.txt", b"abc")})
        assert sent.status_code in (404, 405), path


def test_no_way_passes_the_queue_and_the_limit_by() -> None:
    with running(seed_shelf(), Rules(rate=4)) as address:
        ask = {"data": [SIGNED, 8, None, None, None]}
        ways = ("run/ask", "api/ask", "call/ask", "call/v2/ask")
        answered = [httpx.post(f"{address}/gradio_api/{way}", json=ask) for way in ways]
        assert [reply.status_code for reply in answered[:3]] == [404, 404, 200]
        assert [httpx.post(f"{address}/gradio_api/{way}", json=ask).status_code for way in ways] == [429] * 4


def test_another_sites_page_changes_nothing_here(plain: str) -> None:
    for site, status in [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)]:
        sent = httpx.post(f"{plain}/ask", json={"question": SIGNED}, headers={"sec-fetch-site": site})
        assert sent.status_code == status
    here = plain.removeprefix("http://")
    for headers, status in [
        ({"origin": plain}, 200),
        ({"origin": "https://dalil.example", "x-forwarded-host": "dalil.example"}, 200),
        ({"origin": "https://elsewhere.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": f"http://elsewhere.example?://{here}"}, 403),
        ({"origin": "https://elsewhere.example", "sec-fetch-site": "same-origin"}, 200),
    ]:
        assert httpx.post(f"{plain}/ask", json={"question": SIGNED}, headers=headers).status_code == status, headers


# Headers


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/health", "/source/0", "/proof", "/dalil/dalil.css", "/config", "/none"]
)
def test_every_response_keeps_to_itself(plain: str, path: str) -> None:
    response = httpx.get(plain + path)
    policy = dict(rule.split(" ", 1) for rule in response.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'self'"
    assert "unsafe-inline" not in policy["script-src"]
    assert ("'unsafe-eval'" in policy["script-src"]) == (path == "/")
    assert not any(re.search(r"[a-z]+:(?!$|;| )|\*", rule.replace("data:", "")) for rule in policy.values())
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cross-origin-resource-policy"] == "same-origin"
    assert "server" not in response.headers


def test_the_number_of_a_page_is_used_once(plain: str) -> None:
    pages = [httpx.get(plain) for _ in range(2)]
    nonces = [re.search(r"'nonce-([^']+)'", page.headers["content-security-policy"])[1] for page in pages]  # type: ignore[index]
    assert nonces[0] != nonces[1]
    for page, nonce in zip(pages, nonces, strict=True):
        inline = re.findall(r"<script(?![^>]*\ssrc=)[^>]*>", page.text)
        assert inline
        assert all(f'nonce="{nonce}"' in tag for tag in inline)


# Logs


def test_a_record_is_one_line_of_json_with_what_else_is_known() -> None:
    formatter = JsonFormatter()
    record = logging.makeLogRecord(
        {"name": "x", "levelname": "INFO", "msg": "سطر\nآخر %s", "args": ("a",), "status": 200}
    )
    line = formatter.format(record)
    assert "\n" not in line
    read = json.loads(line)
    assert read.pop("time").endswith("+00:00")
    assert read == {"level": "info", "logger": "x", "message": "سطر\nآخر a", "status": 200}
    try:
        int("لا")
    except ValueError:
        failed = logging.makeLogRecord({"exc_info": sys.exc_info(), "object": Path("a")})
    read = json.loads(formatter.format(failed))
    assert "ValueError: invalid literal" in read["exception"]
    assert read["object"] == "a"


def served(index: Path, *options: str | Path, asked: str, login: httpx.BasicAuth | None = None) -> str:
    """Serve an index in a process of its own, ask one question, stop, and return what was logged."""
    command = [sys.executable, "-m", "ui.cli", "chat", "--port", "0", "--index", index, *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DALIL_READER": "sentences", "PYTHONIOENCODING": "utf-8"}
    with subprocess.Popen(
        list(map(str, command)), stderr=subprocess.PIPE, text=True, encoding="utf-8", env=environment
    ) as process:
        assert process.stderr is not None
        before = ""
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", before)):
            line = process.stderr.readline()
            assert line, before
            before += line
        try:
            httpx.get(f"{found[0]}/ask", params={"question": asked}, auth=login, timeout=60).raise_for_status()
        finally:
            process.send_signal(signal.SIGINT)
        return before + process.stderr.read()


def test_logs_tell_what_happened_and_not_what_was_asked(folder: Path) -> None:  # noqa: F811
    logged = served(folder, asked=SIGNED)
    lines = [json.loads(line) for line in logged.splitlines() if line.startswith("{")]
    (request,) = [line for line in lines if line.get("path") == "/ask"]
    assert request.keys() == {
        "time",
        "level",
        "logger",
        "message",
        "method",
        "path",
        "status",
        "client",
        "milliseconds",
    }
    assert (request["method"], request["status"], request["client"]) == ("GET", 200, "127.0.0.1")
    (question,) = [line for line in lines if line["message"] == "question"]
    assert question["answered"] in (True, False)
    assert question["milliseconds"] > 0
    assert "أردوغان" not in logged
    assert "%D8" not in logged


def test_an_operator_who_asks_for_it_sees_questions_and_who_asked(folder: Path, file: Path) -> None:  # noqa: F811
    logged = served(folder, "--log-questions", "--auth", file, asked=SIGNED, login=_encoded("ali", "another one"))
    lines = [json.loads(line) for line in logged.splitlines() if line.startswith("{")]
    assert [line["question"] for line in lines if "question" in line] == [SIGNED]
    assert [line["user"] for line in lines if line.get("path") == "/ask"] == ["ali"]
    assert "another one" not in logged
