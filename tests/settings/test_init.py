"""`quarterdeck init` finds what is here, writes a file that loads, and never over another one."""

import argparse
import http.server
import json
import socket
import stat
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from console.cli import init
from console.errors import ConsoleError
from console.settings.discover import Discovery, discover
from console.settings.discover_docker import docker_hosts
from console.settings.discover_git import repositories, repository
from console.settings.discover_github import github_hosts
from console.settings.discover_web import alertmanager, prometheus
from console.settings.load import load, load_text
from console.settings.model import Alertmanager, DockerHost, GitHub, Prometheus, Settings, Tls
from console.settings.starter import starter

TOKEN = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"


@contextmanager
def web(answers):
    """A server on loopback that gives each path its answer: (status, body)."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path.split("?")[0]
            key = self.path if self.path in answers else path
            status, body = answers.get(key, (404, b"no"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def raw(serve, family=socket.AF_INET, address=("127.0.0.1", 0)):
    """A socket whose one connection is handed to `serve`."""
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.bind(address)
        listening.listen()
        done = threading.Event()

        def accept():
            try:
                connection, _ = listening.accept()
            except OSError:
                return  # the test ended without a connection
            with connection:
                try:
                    serve(connection, done)
                except OSError:
                    return  # the other side went away, as it should

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listening.getsockname()
        finally:
            done.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


PROMETHEUS = {
    "/api/v1/status/buildinfo": (200, b'{"status":"success","data":{"version":"2.42.0","goVersion":"x"}}'),
    "/api/v1/query": (200, b'{"status":"success","data":{"resultType":"vector","result":[]}}'),
    "/api/v1/query?query=count(node_cpu_seconds_total)": (
        200,
        b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"8"]}]}}',
    ),
}
ALERTMANAGER = {"/api/v2/status": (200, b'{"cluster":{"status":"ready"},"versionInfo":{"version":"0.25.0"}}')}


class TestWeb:
    def test_what_is_there_is_found_with_the_packs_that_have_metrics(self):
        with web(PROMETHEUS) as url:
            found = prometheus(url, 2)
        assert (found.version, found.packs) == ("2.42.0", ("node-exporter",))
        with web(ALERTMANAGER) as url:
            assert alertmanager(url, 2).version == "0.25.0"

    @pytest.mark.parametrize(
        "answers",
        [
            {},
            {"/api/v1/status/buildinfo": (200, b"<html>cockpit</html>"), "/api/v2/status": (200, b"<html>")},
            {"/api/v1/status/buildinfo": (200, b"[]"), "/api/v2/status": (200, b"{}")},
            {"/api/v1/status/buildinfo": (200, b"x" * 200_000), "/api/v2/status": (200, b"x" * 200_000)},
            {"/api/v1/status/buildinfo": (500, b""), "/api/v2/status": (302, b"")},
        ],
    )
    def test_another_server_on_that_port_is_not_taken_for_it(self, answers):
        with web(answers) as url:
            for look in (prometheus, alertmanager):
                found = look(url, 2)
                assert found.version is None
                assert "something else answers there" in found.detail

    def test_nothing_there(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}"
            assert prometheus(url, 1).detail == "nothing answers there"

    @pytest.mark.parametrize(
        "first", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"]
    )
    def test_one_that_hangs_or_drips_is_given_up(self, first):
        def drip(connection, done):
            connection.sendall(first)
            while not done.wait(0.05):
                if first:
                    connection.sendall(b"x")

        with raw(drip) as (host, port):
            assert "did not answer within 0.3 s" in prometheus(f"http://{host}:{port}", 0.3).detail

    def test_garbage(self):
        with raw(lambda connection, done: connection.sendall(b"SSH-2.0-x\r\n")) as (host, port):
            assert prometheus(f"http://{host}:{port}", 1).version is None


class TestDocker:
    @staticmethod
    def engine(connection, done):
        connection.recv(1000)
        connection.sendall(
            b'HTTP/1.1 200 OK\r\nServer: Docker\r\n\r\n{"Version": "20.10.24\\u001b[31m", "ApiVersion": "1.41"}'
        )

    @staticmethod
    def context(home, name, url, certificates=()):
        meta = home / "contexts/meta" / name
        meta.mkdir(parents=True)
        (meta / "meta.json").write_text(
            json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": url, "SkipTLSVerify": False}}})
        )
        for file in certificates:
            folder = home / "contexts/tls" / name / "docker"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text("x")

    def found(self, env):
        return {one.what: one for one in docker_hosts({"HOME": "/nowhere", **env}, 1)}

    def test_a_socket_that_answers(self, tmp_path):
        path = str(tmp_path / "d.sock")
        with raw(self.engine, socket.AF_UNIX, path):
            one = self.found({"DOCKER_HOST": f"unix://{path}"})["$DOCKER_HOST"]
        assert one.settings == DockerHost(name="docker-host", url=f"unix://{path}")
        assert one.detail.startswith("Docker 20.10.24")
        assert "\x1b" not in one.detail

    @pytest.mark.parametrize("said", [b"SSH-2.0\r\n", b"HTTP/1.1 200 OK\r\n\r\n[]", b"HTTP/1.1 404 No\r\n\r\n{}", b""])
    def test_a_socket_of_something_else(self, tmp_path, said):
        path = str(tmp_path / "d.sock")
        with raw(lambda connection, done: connection.sendall(said), socket.AF_UNIX, path):
            one = self.found({"DOCKER_HOST": f"unix://{path}"})["$DOCKER_HOST"]
        assert one.settings is None

    def test_a_socket_that_hangs(self, tmp_path):
        path = str(tmp_path / "d.sock")
        with raw(lambda connection, done: done.wait(10), socket.AF_UNIX, path):
            (one,) = [one for one in docker_hosts({"DOCKER_HOST": f"unix://{path}"}, 0.2) if one.what == "$DOCKER_HOST"]
        assert one.settings is None
        assert "nothing answers there" in one.detail

    def test_contexts_with_their_certificates(self, tmp_path):
        self.context(tmp_path, "EU 1", "ssh://ops@eu1")
        self.context(tmp_path, "eu2", "tcp://eu2:2376", ["ca.pem", "cert.pem", "key.pem"])
        self.context(tmp_path, "open", "tcp://10.0.0.1:2375")
        self.context(tmp_path, "again", "ssh://ops@eu1")
        (tmp_path / "contexts/meta/broken").mkdir()
        (tmp_path / "contexts/meta/broken/meta.json").write_text("{")
        found = self.found({"DOCKER_CONFIG": str(tmp_path)})
        tls = tmp_path / "contexts/tls/eu2/docker"
        assert [one.settings for one in found.values() if one.settings] == [
            DockerHost(name="eu-1", url="ssh://ops@eu1"),
            DockerHost(
                name="eu2",
                url="tcp://eu2:2376",
                tls=Tls(ca=str(tls / "ca.pem"), cert=str(tls / "cert.pem"), key=str(tls / "key.pem")),
            ),
        ]
        assert "context again" not in found
        assert found["context open"].settings is None
        assert "not encrypted" in found["context open"].detail


class TestGit:
    @pytest.mark.parametrize(
        ("url", "named"),
        [
            ("git@github.com:acme/web.git", ("github.com", "acme/web")),
            ("ssh://git@github.com/acme/web.git", ("github.com", "acme/web")),
            ("ssh://git@ssh.github.com:443/acme/web.git", ("github.com", "acme/web")),
            (f"https://ana:{TOKEN}@github.com/acme/web", ("github.com", "acme/web")),
            ("https://GHES.example.com/acme/we.b/", ("ghes.example.com", "acme/we.b")),
            ("/srv/git/web.git", None),
            ("../web.git", None),
            ("file:///srv/git/web.git", None),
            ("https://gitlab.com/group/sub/web.git", None),
            ("https://[bad/x/y", None),
            ("git@github.com:acme/we b.git", None),
            ("git@github.com:\x1b[31m/x", None),
        ],
    )
    def test_urls(self, url, named):
        assert repository(url) == named

    def test_the_remotes_around_and_right_below(self, tmp_path):
        def checkout(path, *urls):
            (path / ".git").mkdir(parents=True)
            remotes = "".join(f'[remote "r{n}"]\n\turl = {url}\n\tfetch = x\n' for n, url in enumerate(urls))
            (path / ".git/config").write_text(f"[core]\n\turl = git@github.com:not/this\n{remotes}[branch]\n")

        checkout(tmp_path / "work", "git@github.com:acme/work.git")
        checkout(tmp_path / "work/deep/web", "git@github.com:me/web.git", f"https://x:{TOKEN}@github.com/acme/web.git")
        checkout(tmp_path / "work/deep/other", "git@ghes.example.com:acme/other.git")
        (tmp_path / "work/deep/tree").mkdir()
        (tmp_path / "work/deep/tree/.git").write_text("gitdir: ../web/.git\n")
        (tmp_path / "work/deep/broken/.git").mkdir(parents=True)
        found = repositories(tmp_path / "work/deep")
        assert found == {
            "github.com": ["acme/work", "me/web", "acme/web"],
            "ghes.example.com": ["acme/other"],
        }
        assert TOKEN not in str(found)


def test_the_hosts_that_gh_knows_without_their_tokens(tmp_path):
    (tmp_path / "hosts.yml").write_text(
        f"github.com:\n    oauth_token: {TOKEN}\n    user: ana\nghes.example.com:\n    users:\n        ana:\n"
    )
    logins = github_hosts({"GH_CONFIG_DIR": str(tmp_path), "GH_TOKEN": TOKEN, "PATH": ""})
    assert [(one.host, one.where) for one in logins] == [("github.com", "$GH_TOKEN"), ("ghes.example.com", "")]
    assert "gh auth login --hostname ghes.example.com" in logins[1].why
    assert TOKEN not in str(logins)


class TestStarter:
    @pytest.mark.parametrize(
        "settings",
        [
            Settings(),
            Settings(
                organisation='a "b" \\ # ü: \u2028',
                docker=(
                    DockerHost(name="here"),
                    DockerHost(name="eu", url="ssh://a@eu:22", environment="true"),
                    DockerHost(name="123", url="tcp://eu:2376", tls=Tls(ca="/a b/ca.pem")),
                    DockerHost(name="v6", url="tcp://[::1]:2375", tls=Tls()),
                ),
                github=(GitHub(repositories=("acme/web", "1/2")), GitHub(name="g", api_url="https://g.example/api/v3")),
                prometheus=(Prometheus(packs=("cadvisor", "http")), Prometheus(name="p2")),
                alertmanager=(Alertmanager(), Alertmanager(name="b", members=("http://a:1", "http://b:1"))),
            ),
        ],
    )
    def test_it_reads_back_as_what_was_found(self, settings):
        assert load_text(starter(settings), Path("q.yaml"), {}).settings == settings

    def test_its_comments_are_right_when_they_are_taken_in(self):
        """Whoever takes the comment signs away gets settings that load."""
        text = starter(Settings())
        lines = [line.removeprefix("# ") for line in text.splitlines() if line.startswith(("# ", "#  "))]
        keys = [line for line in lines if line.startswith((" ", "organisation:")) or line.endswith(":")]
        load_text("\n".join(keys), Path("q.yaml"), {})


def test_discovery_is_settings_that_load(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text('[remote "origin"]\nurl = git@github.com:acme/web.git\n')
    env = {"HOME": str(tmp_path), "PATH": "", "DOCKER_HOST": "ssh://eu1"}
    with web(PROMETHEUS) as metrics, web(ALERTMANAGER) as alerts:
        found = discover(tmp_path, env, prometheus_url=metrics, alertmanager_url=alerts)
    assert found.settings.github[0].repositories == ("acme/web",)
    assert found.settings.prometheus[0].url == metrics
    assert found.settings.alertmanager[0].members == (alerts,)
    assert found.settings.docker[0].url == "ssh://eu1"
    assert load_text(starter(found.settings), tmp_path / "q.yaml", {}).settings == found.settings
    kinds = {one.kind for one in found.findings}
    assert kinds == {"docker", "github", "repositories", "prometheus", "alertmanager"}


class TestVerb:
    @pytest.fixture(autouse=True)
    def found(self, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        settings = Settings(docker=(DockerHost(name="here", url="ssh://here"),))
        monkeypatch.setattr("console.settings.discover.discover", lambda: Discovery(settings, FINDINGS))
        return settings

    @staticmethod
    def run(*arguments, config=None):
        parser = argparse.ArgumentParser()
        init.add(parser)
        args = parser.parse_args([str(one) for one in arguments])
        args.config = config
        return init.run(args)

    def test_yes_asks_nothing_and_writes_a_private_file_in_the_usual_place(self, own_home, found, capsys):
        assert self.run("--yes") == 0
        path = own_home / ".config/quarterdeck/config.yaml"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert load(path, {}).settings == found
        out = capsys.readouterr().out
        assert "context eu1" in out
        assert f"Written: {path}" in out

    def test_it_never_writes_over_a_file_without_force(self, tmp_path, found):
        path = tmp_path / "q.yaml"
        path.write_text("ui: {}")
        with pytest.raises(ConsoleError, match="is there already") as caught:
            self.run("--yes", "--output", path)
        assert caught.value.exit_code == 2
        assert path.read_text() == "ui: {}"
        with pytest.raises(ConsoleError, match="is there already"):
            init.write(path, "x", force=False)
        assert path.read_text() == "ui: {}"
        assert sorted(one.name for one in tmp_path.glob("*q.yaml*")) == ["q.yaml"]
        assert self.run("--yes", "--output", path, "--force") == 0
        assert load(path, {}).settings == found
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_a_dangling_link_counts_as_a_file(self, tmp_path):
        path = tmp_path / "q.yaml"
        path.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(ConsoleError, match="is there already"):
            self.run("--yes", "--output", path)

    @pytest.mark.parametrize(("answer", "written"), [("", True), ("y", True), ("n", False), ("what", False)])
    def test_it_asks_before_it_writes(self, tmp_path, monkeypatch, answer, written):
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("builtins.input", lambda question: answer)
        assert self.run("--output", tmp_path / "q.yaml") == 0
        assert (tmp_path / "q.yaml").exists() is written

    def test_without_a_terminal_it_needs_yes(self, tmp_path):
        with pytest.raises(ConsoleError, match="no terminal") as caught:
            self.run("--output", tmp_path / "q.yaml")
        assert "--yes" in caught.value.hint

    def test_config_and_the_variable_say_where(self, tmp_path, monkeypatch):
        assert init.target("a.yaml") == tmp_path / "a.yaml"
        monkeypatch.setenv("QUARTERDECK_CONFIG", str(tmp_path / "v.yaml"))
        assert init.target(None) == tmp_path / "v.yaml"
        assert self.run("--yes", config=str(tmp_path / "c.yaml")) == 0
        assert (tmp_path / "c.yaml").exists()

    def test_a_place_that_cannot_be_written(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(ConsoleError, match="cannot be written"):
            self.run("--yes", "--output", tmp_path / "file/q.yaml")


def _findings():
    from console.settings.discover import Finding

    return (
        Finding("docker", "context eu1", found=True, detail="ssh://eu1"),
        Finding("github", "github.com", found=False),
    )


FINDINGS = _findings()
