"""A damaged journal is never taken for the store, and an unfinished write is never taken for damage."""

import asyncio
import shutil
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from random import Random

import pytest

from rootspan_apiserver.embedded_etcd import DataDirectoryUnreadable, EmbeddedEtcd
from rootspan_apiserver.embedded_etcd.frames import HEADER_SIZE, Frame
from rootspan_apiserver.embedded_etcd.journal_file import COPY_AT, FIRST_FRAME, MARK_AT, NAME, JournalReader
from rootspan_apiserver.embedded_etcd.repair import repair_journal
from tests.apiserver.campaign import Campaign
from tests.apiserver.etcd.stores import Content, content, content_of, journals, opened, store_of

CASES = 50
SECTOR = 512


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The journal of a process that was killed."""
    return journals(tmp_path_factory.mktemp("journal"))[0]


@pytest.fixture(scope="module")
def acknowledged(journal: bytes, tmp_path_factory: pytest.TempPathFactory) -> Content:
    return content(store_of(tmp_path_factory.mktemp("sound"), journal))


def frames(journal: bytes) -> list[Frame]:
    return list(JournalReader(journal))


def end(journal: bytes) -> int:
    return JournalReader(journal).mark.end


def flipped(journal: bytes, byte: int, bit: int = 0) -> bytes:
    damaged = bytearray(journal)
    damaged[byte] ^= 1 << bit
    return bytes(damaged)


def refused(directory: Path, journal: bytes) -> str:
    """Return why a store is refused, whose file must be left as it was."""
    with pytest.raises(DataDirectoryUnreadable) as error:
        EmbeddedEtcd(store_of(directory, journal))
    assert (directory / NAME).read_bytes() == journal
    assert str(error.value).startswith(f"{directory / NAME} ")
    assert "rootspan etcd-repair" in str(error.value)
    return str(error.value)


REGIONS: dict[str, Callable[[bytes], int]] = {
    "the magic of the header": lambda _: 0,
    "the format": lambda _: 8,
    "the ids": lambda _: 20,
    "the mark": lambda _: MARK_AT + 9,
    "the checksum of the mark": lambda _: MARK_AT + 25,
    "the magic of the first frame": lambda _: FIRST_FRAME,
    "the length of a frame": lambda journal: frames(journal)[5].start + 8,
    "the checksum of a frame": lambda journal: frames(journal)[6].start + 4,
    "the kind of a frame": lambda journal: frames(journal)[7].start + 12,
    "the commit of a frame": lambda journal: frames(journal)[8].start + 13,
    "the value of a frame": lambda journal: frames(journal)[9].start + HEADER_SIZE + 200,
    "a frame of the last commit": lambda journal: frames(journal)[-3].end - 5,
    "the last byte": lambda journal: end(journal) - 1,
}


@pytest.mark.parametrize("region", REGIONS)
def test_flipped_bit_is_found_and_repaired(region: str, journal: bytes, acknowledged: Content, tmp_path: Path) -> None:
    """Wherever the bit is; afterwards the repair has kept everything but what was in that frame, and says so."""
    damaged = flipped(journal, REGIONS[region](journal), 3)
    assert "is damaged" in refused(tmp_path, damaged)
    report = repair_journal(tmp_path)
    assert report is not None
    assert report.original.read_bytes() == damaged
    assert len(report.lost) <= 1
    repaired = content(tmp_path)
    kept = {kv for kv in acknowledged.kvs if kv.mod_revision not in report.lost}
    assert kept <= set(repaired.kvs)
    assert (repaired.revision, len(repaired.kvs)) == (acknowledged.revision, report.keys)
    assert repair_journal(tmp_path) is None


def test_cut_is_found(journal: bytes, tmp_path: Path) -> None:
    """At the last byte, between two frames, in a frame, and in the header."""
    for size in (end(journal) - 1, frames(journal)[30].end, frames(journal)[10].end - 7, FIRST_FRAME, MARK_AT + 100):
        assert "was cut" in refused(tmp_path, journal[:size])
    assert "is damaged in the sector that says how far" in refused(tmp_path, journal[: MARK_AT + 5])


def test_each_kind_of_damage_is_told_apart(journal: bytes, tmp_path: Path) -> None:
    """An empty file, a zeroed one, one of another program, one of a later version, bytes taken out, bytes overwritten by zeros."""
    fifth, tenth = frames(journal)[4], frames(journal)[9]
    assert " is empty" in refused(tmp_path, b"")
    assert " begins with zeros" in refused(tmp_path, bytes(len(journal)))
    assert " begins with zeros" in refused(tmp_path, bytes(FIRST_FRAME) + journal[FIRST_FRAME:])
    assert " is not a journal" in refused(tmp_path, b"SQLite format 3\0" + b"\x5a" * 8192)
    assert f"is damaged at byte {fifth.start}" in refused(
        tmp_path, journal[: fifth.start] + bytes(40) + journal[fifth.start + 40 :]
    )
    assert "is damaged" in refused(tmp_path, journal[: fifth.start] + journal[tenth.start :] + bytes(tenth.start))


def test_unused_bytes_of_the_header_do_not_matter(journal: bytes, acknowledged: Content, tmp_path: Path) -> None:
    """The copy of the first sector is for repairs, the rest of the page is for nothing."""
    for byte in (MARK_AT - 1, COPY_AT + 3, FIRST_FRAME - 1):
        assert content(store_of(tmp_path, flipped(journal, byte))) == acknowledged


async def _two_stages(directory: Path) -> tuple[bytes, Content, bytes]:
    """Return a journal, what is acknowledged in it, and the same journal after one more commit, of several frames."""
    async with opened(directory) as (_, client):
        await client.put_if(b"before", b"x" * 1000, mod_revision=0)
        before, known = (directory / NAME).read_bytes(), await content_of(client)
        puts = [client.put_if(b"/group/%d" % number, b"y" * 900, mod_revision=0) for number in range(5)]
        blocker = asyncio.gather(client.put_if(b"first", b"", mod_revision=0), *puts)
        await blocker
        return before, known, (directory / NAME).read_bytes()


def test_unfinished_write_is_not_damage(campaign: Campaign, tmp_path: Path) -> None:
    """What had been acknowledged is there, whatever sectors of a later write have reached the disk, and all goes on."""
    before, known, after = asyncio.run(_two_stages(tmp_path / "made"))
    start, stop = (
        end(before),
        next(frame for frame in reversed(frames(after)) if frame.commit <= frames(before)[-1].commit + 1).end,
    )
    choose = campaign.random("sectors")
    for case in range(16):
        torn = bytearray(before.ljust(stop, b"\0"))
        for sector in range(start // SECTOR, stop // SECTOR + 1):
            if choose.random() < case / 16:
                low, high = max(sector * SECTOR, start), min((sector + 1) * SECTOR, stop)
                torn[low:high] = after[low:high]
        directory = store_of(tmp_path / f"torn-{case}", bytes(torn))
        found = content(directory)
        assert set(known.kvs) <= set(found.kvs)
        assert found.revision >= known.revision
        assert content(directory) == found


def test_file_that_ends_in_an_unfinished_write_is_not_damage(tmp_path: Path) -> None:
    """A process killed in the middle of a write leaves a beginning of it."""
    before, known, after = asyncio.run(_two_stages(tmp_path / "made"))
    for size in range(end(before), end(after), 397):
        found = content(store_of(tmp_path / "torn", before[:FIRST_FRAME] + after[FIRST_FRAME:size]))
        assert set(known.kvs) <= set(found.kvs)


def damaged_at_random(journal: bytes, choose: Random) -> bytes:
    """Damage what had been acknowledged: a bit, a run of noise or of zeros, a piece taken out, a piece repeated, or a cut."""
    written = end(journal)
    at = choose.choice([choose.randrange(written), choose.randrange(FIRST_FRAME, written)])
    length = choose.choice([1, 7, 64, SECTOR, 4096])
    kind = choose.randrange(6)
    if kind == 0:
        return flipped(journal, at, choose.randrange(8))
    if kind == 1:
        return journal[:at] + choose.randbytes(length) + journal[at + length :]
    if kind == 2:
        return journal[:at] + bytes(length) + journal[at + length :]
    if kind == 3:
        return journal[:at] + journal[at + length :]
    if kind == 4:
        return journal[:at] + journal[max(at - length, 0) : at] + journal[at:]
    return journal[:at]


def check(damaged: bytes, acknowledged: Content, directory: Path) -> None:
    """Nothing that was acknowledged is missing unless the store is refused; then the repair names what is lost."""
    try:
        found = content(store_of(directory, damaged))
    except DataDirectoryUnreadable:
        assert (directory / NAME).read_bytes() == damaged
    else:
        assert found == acknowledged
        return
    if len(damaged) < COPY_AT:
        return
    report = repair_journal(directory)
    assert report is not None
    found = content(directory)
    assert len(found.kvs) == report.keys
    if report.end_known:
        assert found.revision >= acknowledged.revision
        kept = {kv.key for kv in acknowledged.kvs if kv.mod_revision not in report.lost}
        assert kept <= {kv.key for kv in found.kvs}


def test_random_damage(campaign: Campaign, journal: bytes, acknowledged: Content, tmp_path: Path) -> None:
    """Fifty times, or for as long as the campaign goes on: see `check`."""
    until = time.monotonic() + campaign.seconds
    for case in count():
        if case >= CASES if not campaign.is_long else time.monotonic() > until:
            break
        damaged = damaged_at_random(journal, campaign.random("damage", case))
        try:
            check(damaged, acknowledged, tmp_path / "data")
        except AssertionError as error:
            error.add_note(f"case {case} of the seed {campaign.seed}")
            raise
        shutil.rmtree(tmp_path / "data")
