"""A settings file tells everything that is wrong with it, at once and by line; a good one knows where it came from."""

import os
import time
from pathlib import Path

import pytest

from console.settings.convert import MOST_PROBLEMS
from console.settings.load import find, load, load_text
from console.settings.model import Seconds, SecretRef, Settings
from console.settings.problems import SettingsError

PASTED = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"


def problems(text):
    with pytest.raises(SettingsError) as caught:
        load_text(text, Path("quarterdeck.yaml"))
    return caught.value


def only(text):
    error = problems(text)
    assert len(error.problems) == 1, str(error)
    return error.problems[0]


def good(text):
    return load_text(text, Path("quarterdeck.yaml")).settings


def test_all_problems_are_told_at_once_in_the_order_of_the_file():
    error = problems(
        "docker:\n"
        "  - name: eu1\n"
        "    url: tcp://10.0.0.1:2375\n"
        "    timeoutt: 5s\n"
        "  - nmae: eu2\n"
        "panels:\n"
        "  - name: p1\n"
        "    title: P\n"
        "    query: up\n"
        "    prometheus: nowhere\n"
        "agent: {mode: Duty}\n"
    )
    assert [(problem.line, problem.path) for problem in error.problems] == [
        (3, "docker[0].url"),
        (4, "docker[0].timeoutt"),
        (5, "docker[1].name"),
        (5, "docker[1].nmae"),
        (10, "panels[0].prometheus"),
        (11, "agent.mode"),
    ]
    assert error.exit_code == 2
    assert "did you mean timeout?" in str(error)
    assert "quarterdeck.yaml:3: docker[0].url" in str(error)
    assert "quarterdeck config check quarterdeck.yaml" in error.hint


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ("dockr: []", "dockr", "did you mean docker?"),
        ("docker: {name: a}", "docker", "a list belongs here, not a section"),
        ("docker: [5]", "docker[0]", "a section of keys belongs here, not a whole number"),
        ("ui: dark", "ui", "known keys: theme"),
        ("ui: {mouse: yes}", "ui.mouse", "true or false belongs here, not a text"),
        ("ui: {theme: 5}", "ui.theme", "put it in quotes"),
        ("ui: {glyphs: asci}", "ui.glyphs", "did you mean ascii?"),
        ("docker: [{name: Web 1}]", "docker[0].name", "lower-case letters"),
        ("docker: [{name: }]", "docker[0].name", "a text belongs here, not nothing"),
        ("docker: [{name: a, timeout: 10x}]", "docker[0].timeout", "not a duration"),
        ("docker: [{name: a, timeout: -5s}]", "docker[0].timeout", "negative"),
        ("docker: [{name: a, timeout: 400w}]", "docker[0].timeout", "is too long"),
        ("docker: [{name: a, timeout: 4000w}]", "docker[0].timeout", "longer than ten years"),
        ("docker: [{name: a, timeout: .inf}]", "docker[0].timeout", "not a finite number"),
        ("docker: [{name: a, timeout: .nan}]", "docker[0].timeout", "not a finite number"),
        ("docker: [{name: a, timeout: true}]", "docker[0].timeout", "not a duration"),
        ("docker: [{name: a, timeout: 0}]", "docker[0].timeout", "allowed: 100ms to 5m"),
        ("docker: [{name: a, timeout: 30s1h}]", "docker[0].timeout", "wrong order"),
        ("docker: [{name: a, url: http://x}]", "docker[0].url", "unix:///PATH"),
        ("docker: [{name: a, url: 'unix://var/run/docker.sock'}]", "docker[0].url", "three slashes"),
        ("docker: [{name: a, url: 'tcp://10.1.1.1:2375'}]", "docker[0].url", "not encrypted"),
        ("docker: [{name: a, url: 'tcp://127.0.0.1'}]", "docker[0].url", "has no port"),
        ("docker: [{name: a, url: 'tcp://127.0.0.1:99999'}]", "docker[0].url", "is not the address"),
        ("docker: [{name: a, url: 'ssh://h', tls: {}}]", "docker[0].tls", "no meaning with ssh://"),
        ("docker: [{name: a, url: 'tcp://h:1', tls: {cert: c}}]", "docker[0].tls.cert", "belong together"),
        ("docker: [{name: a}, {name: b}]", "docker[1].url", "the same engine"),
        ("github: [{repositories: [a/b, A/B]}]", "github[0].repositories[1]", "the same repository"),
        ("github: [{repositories: [web]}]", "github[0].repositories[0]", "OWNER/NAME"),
        ("github: [{share: 0.9}]", "github[0].share", "<= 0.8"),
        ("github: [{api_url: 'http://ghes.example.com/api/v3'}]", "github[0].api_url", "https://"),
        ("github: [{api_url: 'https://github.com'}]", "github[0].api_url", "https://api.github.com"),
        ("github: [{}, {}]", "github[1].name", "the same name"),
        ("prometheus: [{url: 'ftp://x'}]", "prometheus[0].url", "http://HOST:PORT"),
        ("prometheus: [{url: 'http://u:p@x'}]", "prometheus[0].url", "secret:NAME"),
        ("prometheus: [{username: u}]", "prometheus[0].username", "add password"),
        ("prometheus: [{packs: [node]}]", "prometheus[0].packs[0]", "did you mean"),
        ("alertmanager: [{members: []}]", "alertmanager[0].members", "is empty"),
        ("alertmanager: [{poll: 1d}]", "alertmanager[0].poll", "allowed: 1s to 1h"),
        ("alertmanager: [{prometheus: p}]", "alertmanager[0].prometheus", "there is no Prometheus named 'p'"),
        ("panels: [{name: a, title: A, query: up}]", "panels[0].prometheus", "no Prometheus to ask"),
        ("agent: {mode: duty}", "agent.group", "the operating system's group"),
        ("agent: {group: ops}", "agent.group", "only with mode: duty"),
        ("agent: {metrics: '9464'}", "agent.metrics", "HOST:PORT"),
        ("demo: true", "demo", "quarterdeck demo"),
        ("ui: {mouse: true}\nui: {}", "", "stands twice, first on line 1"),
        ("- a", "", "a section of keys belongs here"),
        ("ui: {theme: *nothing}", "", "anchor"),
        ("ui:\n\ttheme: x", "", "tabs"),
        ("ui: {theme: x", "", "not valid YAML"),
        ("ui: {}\n---\nui: {}", "", "a second document"),
        ("ui: !!python/object:os.system {}", "", "type tag"),
        ("a: " + "[" * 100_000, "", "nested more than"),
        ("- " * 100_000, "", "nested more than"),
    ],
)
def test_each_kind_of_problem_says_what_is_wrong_and_what_is_allowed(text, path, said):
    problem = only(text)
    assert problem.path == path
    assert said in f"{problem.what}; {problem.allowed}"
    assert problem.line >= 1


@pytest.mark.parametrize(
    ("below", "warn", "fail", "wrong"),
    [(False, 1, 2, False), (False, 2, 1, True), (True, 2, 1, False), (True, 1, 2, True), (False, 1, 1, False)],
)
def test_thresholds_stand_in_the_order_that_below_asks_for(below, warn, fail, wrong):
    text = (
        "prometheus: [{}]\npanels:\n- {name: a, title: A, query: up, "
        f"below: {str(below).lower()}, warn: {warn}, fail: {fail}}}"
    )
    if wrong:
        assert only(text).path == "panels[0].fail"
    else:
        assert good(text).panels[0].fail == fail


def test_a_wrong_value_brings_no_second_complaint_about_what_follows_from_it():
    text = (
        "prometheus:\n- {name: BAD NAME}\n"
        "panels:\n- {name: a, title: A, query: up, prometheus: main}\nalertmanager:\n- {prometheus: main}"
    )
    assert only(text).path == "prometheus[0].name"
    panel = "panels:\n- {name: a, title: A, query: up, prometheus: main}"
    assert only(f"prometheus: 5\n{panel}").path == "prometheus"
    assert only(f"prometheus: [5]\n{panel}").path == "prometheus[0]"


@pytest.mark.parametrize(
    "text",
    [
        f"github:\n- token: {PASTED}",
        f"github:\n- token: 'secret:{PASTED} '",
        f"github:\n- token: [{PASTED}]",
        f"github:\n- token: {{{PASTED}: 1}}",
        f"github:\n- tokn: {PASTED}",
        f"github:\n- {PASTED}: 1",
        f"github:\n- name: {PASTED}",
        f"github:\n- repositories: [{PASTED}]",
        f"github:\n- token: *{PASTED}",
        f"github:\n- token: '{PASTED}",
        f"github:\n- token: @{PASTED}",
        f"github:\n- token: !{PASTED} x",
        f"github:\n- token: x: {PASTED}",
        f"ui: {{glyphs: {PASTED}}}",
        f"agent: {{metrics: {PASTED}}}",
        f"prometheus: [{{url: 'http://me:{PASTED}@h'}}]",
        f"docker: [{{name: a, url: 'ssh://me:{PASTED}@h'}}]",
        f"docker: [{{name: a, timeout: {PASTED}}}]",
        f"panels: [{{name: a, title: A, query: up, prometheus: {PASTED}}}]",
    ],
)
def test_a_secret_pasted_into_the_file_is_refused_and_never_repeated(text):
    error = problems(text)
    assert PASTED not in str(error)
    assert PASTED not in repr(error.problems)
    assert PASTED[:12] not in str(error)


def test_what_is_fine_stays_fine():
    settings = good(
        "docker:\n- {name: here}\n- {name: lo, url: 'tcp://127.0.0.1:2375'}\n- {name: six, url: 'tcp://[::1]:2375'}\n"
        "- {name: tls, url: 'tcp://h:2376', tls: {}}\n- {name: far, url: 'ssh://me@h:22'}\n"
        "github: [{token: secret:github/acme, timeout: 1m30s}]\n"
        "panels:\nui:\n  theme: no\n"
    )
    assert settings.github[0].token == SecretRef("github/acme")
    assert isinstance(settings.github[0].token, SecretRef)
    assert settings.github[0].timeout == Seconds(90)
    assert isinstance(settings.github[0].timeout, Seconds)
    assert settings.panels == ()
    assert settings.ui.theme == "no"


def test_anchors_and_merge_keys_are_understood():
    settings = good(
        "docker:\n- &base {name: a, environment: production, timeout: 3s}\n"
        "- {<<: *base, name: b, url: 'ssh://b'}\n- {<<: [*base], name: c, url: 'ssh://c', timeout: 4s}\n"
    )
    assert [(host.name, host.environment, host.timeout) for host in settings.docker] == [
        ("a", "production", 3),
        ("b", "production", 3),
        ("c", "production", 4),
    ]


@pytest.mark.parametrize(
    "text", ["panels:\n" + "- {nme: 5}\n" * 50_000, "".join(f"k{n}: 1\n" for n in range(60_000)), "ui: {}\n" * 60_000]
)
def test_a_file_with_endless_problems_is_told_the_first_ones(text):
    error = problems(text)
    assert len(error.problems) == MOST_PROBLEMS + 1
    assert "more problems follow" in error.problems[-1].what


def test_aliases_cannot_multiply_without_end():
    text = "a0: &a0 {name: x}\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    before = time.monotonic()
    error = problems(text + "docker: *a11\n")
    assert time.monotonic() - before < 5
    assert "more than" in str(error) or "section of keys" in str(error)


def test_aliases_that_multiply_within_the_depth_are_stopped_by_their_number():
    row = "&r [" + ", ".join(["acme/web"] * 1000) + "]"
    text = "github:\n- {name: g0, repositories: " + row + "}\n"
    text += "".join(f"- {{name: g{n}, repositories: *r}}\n" for n in range(1, 200))
    assert "expands to more than" in str(problems(text))


@pytest.mark.parametrize("text", ["", "# nothing\n", "\ufeffui: {}\n", "---\n", "null\n"])
def test_an_empty_file_gives_the_defaults(text, tmp_path):
    path = tmp_path / "q.yaml"
    path.write_text(text, encoding="utf-8")
    assert load(path, {}).settings == Settings()


def test_a_file_that_is_none_is_refused_in_words(tmp_path):
    cases = {
        "missing": lambda path: None,
        "folder": lambda path: path.mkdir(),
        "pipe": os.mkfifo,
        "binary": lambda path: path.write_bytes(bytes(range(256))),
        "nul": lambda path: path.write_bytes(b"ui: {}\n\0"),
        "huge": lambda path: path.write_bytes(b"# x\n" * 400_000),
        "garbage": lambda path: path.write_bytes(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3"),
    }
    said = {}
    for name, make in cases.items():
        path = tmp_path / name
        make(path)
        with pytest.raises(SettingsError) as caught:
            load(path)
        (problem,) = caught.value.problems
        said[name] = problem.what
    assert said == {
        "missing": "there is no such file",
        "folder": "cannot be read (Is a directory)",
        "pipe": "is not a regular file",
        "binary": "is not UTF-8 text",
        "nul": "is not a text",
        "huge": "is longer than 1024 KiB",
        "garbage": "is not UTF-8 text",
    }


def test_provenance_names_the_line_the_variable_or_the_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "quarterdeck.yaml"
    path.write_text("docker:\n  - name: here\n    url: ssh://h\ngithub:\n- repositories:\n  - a/b\n  - c/d\n")
    loaded = load(path, {"QUARTERDECK_SOCKET": "/run/q.sock"})
    assert loaded.path == path
    assert loaded.settings.agent.socket == "/run/q.sock"
    of = loaded.provenance.of
    assert of("docker[0].url") == "quarterdeck.yaml:3"
    assert of("github[0].repositories[1]") == "quarterdeck.yaml:7"
    assert of("docker[0].timeout") == "default"
    assert of("agent.socket") == "$QUARTERDECK_SOCKET"


def test_the_file_beats_the_variable(tmp_path):
    path = tmp_path / "q.yaml"
    path.write_text("agent: {socket: /run/file.sock}")
    loaded = load(path, {"QUARTERDECK_SOCKET": "/run/env.sock"})
    assert loaded.settings.agent.socket == "/run/file.sock"
    assert loaded.provenance.of("agent.socket").endswith(":1")


def test_the_file_is_found_in_this_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    xdg = tmp_path / "xdg"
    env = {"XDG_CONFIG_HOME": str(xdg), "HOME": str(tmp_path)}
    if not Path("/etc/quarterdeck/config.yaml").exists():
        assert find(None, env) is None
        assert load(None, env).settings == Settings()
    below = xdg / "quarterdeck/config.yaml"
    below.parent.mkdir(parents=True)
    below.write_text("")
    assert find(None, env) == below
    here = tmp_path / "quarterdeck.yaml"
    here.write_text("")
    assert find(None, env) == here
    assert find(None, {**env, "QUARTERDECK_CONFIG": "other.yaml"}) == tmp_path / "other.yaml"
    assert find("given.yaml", {**env, "QUARTERDECK_CONFIG": "other.yaml"}) == tmp_path / "given.yaml"
    with pytest.raises(SettingsError, match="no such file"):
        load(find(None, {**env, "QUARTERDECK_CONFIG": "other.yaml"}))
