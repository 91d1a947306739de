"""The ETag store: of one host and token, bounded, and on the shelf."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from console.pipelines.etags import ETags, fingerprint
from tests.pipelines.simulation import Shelf

HOST = "api.github.com"


def test_another_token_or_host_finds_nothing():
    shelf = Shelf()
    ETags(shelf, HOST, "one", 0.0).put("/x", 'W/"1"', b"body", 0.0)
    assert ETags(shelf, HOST, "one", 0.0).get("/x").body == b"body"
    assert ETags(shelf, HOST, "two", 0.0).get("/x") is None
    assert ETags(shelf, "ghe.example", "one", 0.0).get("/x") is None


def test_the_shelf_never_holds_a_token():
    shelf = Shelf()
    ETags(shelf, HOST, "ghp_secret", 0.0).put("/x", 'W/"1"', b"body", 0.0)
    assert "ghp_secret" not in repr(shelf.kept)
    assert fingerprint("ghp_secret") in next(iter(shelf.kept))


def test_entries_of_a_rotated_token_go_after_a_week_and_those_of_another_account_stay():
    shelf = Shelf()
    ETags(shelf, HOST, "old", 0.0).put("/x", "e", b"b", 0.0)
    ETags(shelf, HOST, "new", 6 * 86_400.0)
    assert len(shelf.kept) == 1
    ETags(shelf, HOST, "new", 8 * 86_400.0)
    assert shelf.kept == {}


def test_what_a_broken_disk_left_is_dropped():
    shelf = Shelf()
    ETags(shelf, HOST, "one", 0.0).put("/x", "e", b"b", 0.0)
    key = next(iter(shelf.kept))
    for spoilt in (b"", b"\xff", shelf.kept[key][:-3], b"\x93\xa1e\xc4\x01x\x00"):
        shelf.kept[key] = spoilt
        assert ETags(shelf, HOST, "one", 0.0).get("/x") is None
        assert shelf.kept == {}


def test_the_least_recently_used_goes_first():
    etags = ETags(Shelf(), HOST, "one", 0.0, most=2)
    etags.put("/a", "e", b"b", 0.0)
    etags.put("/b", "e", b"b", 0.0)
    etags.get("/a")
    etags.put("/c", "e", b"b", 0.0)
    assert [bool(etags.get(url)) for url in ("/a", "/b", "/c")] == [True, False, True]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.binary(max_size=200)), max_size=40))
def test_it_is_bounded_and_shelf_and_memory_agree(puts):
    shelf = Shelf()
    etags = ETags(shelf, HOST, "one", 0.0, most=4, most_bytes=300)
    for url, body in puts:
        etags.put(url, "e", body, 0.0)
        assert etags.get(url).body == body
        assert len(etags) <= 4
        sizes = [len(kept.packed) for kept in etags._kept.values()]
        assert etags._bytes == sum(sizes)
        assert len(sizes) == 1 or sum(sizes) <= 300
    assert set(shelf.kept) == set(etags._kept)


async def test_another_token_pays_for_everything_and_sees_its_own_facts(bench):
    """Token two never sees what was kept for token one, and sends none of its ETags."""
    web = bench.github.repo("acme/web")
    bench.github.run(web)
    bench.github.tokens["ghp_two"] = "li"
    async with bench.running(bench.feed()):
        pass
    bench.token = "ghp_two"
    asked = len(bench.github.asked)
    async with bench.running(bench.feed()):
        pass
    later = bench.github.asked[asked:]
    assert later
    assert all(a.status == 200 for a in later)
    assert not any("if-none-match" in a.headers for a in later)
