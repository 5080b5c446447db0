"""The zip bytes: whatever the names and sizes, other people's readers agree with the layout."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_ckpt.store import zipformat

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)
LIMIT = 0xFFFFFFFF


def build(entries: dict[str, bytes], alignment: int) -> tuple[bytes, list[zipformat.Slot]]:
    position, slots = 0, []
    for name, data in entries.items():
        slots.append(zipformat.place(name, position, len(data), alignment))
        position = slots[-1].offset + len(data)
    crcs = [zlib.crc32(data) for data in entries.values()]
    out = io.BytesIO()
    for slot, crc, data in zip(slots, crcs, entries.values(), strict=True):
        assert out.tell() == slot.header
        out.write(zipformat.local_header(slot, crc) + data)
    out.write(zipformat.directory(slots, crcs, position))
    return out.getvalue(), slots


@settings(deadline=None)
@given(st.dictionaries(NAMES, st.binary(max_size=200), min_size=1, max_size=8), st.sampled_from([1, 8, 64, 4096]))
def test_read_back_by_another_reader(entries: dict[str, bytes], alignment: int) -> None:
    raw, slots = build(entries, alignment)
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert archive.testzip() is None
        assert {info.filename: archive.read(info) for info in archive.infolist()} == entries
    for slot, data in zip(slots, entries.values(), strict=True):
        assert slot.offset % alignment == 0
        assert raw[slot.offset : slot.offset + slot.size] == data


def test_more_entries_than_a_short_directory_can_count() -> None:
    for count in (65_534, 65_535, 65_536):
        raw, _ = build({f"d/{i}": b"" for i in range(count)}, 1)
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            assert len(archive.infolist()) == count


def test_sizes_around_four_gibibytes(tmp_path: Path) -> None:
    """Sparse files: only headers are written, the contents are holes."""
    for sizes in ([LIMIT - 1, 5], [LIMIT, 5], [LIMIT + 1, 5], [LIMIT - 200, 5, 7], [5, LIMIT // 2, LIMIT // 2, 9]):
        position, slots = 0, []
        for number, size in enumerate(sizes):
            slots.append(zipformat.place(f"archive/data/{number}", position, size, 64))
            position = slots[-1].offset + size
        path = tmp_path / "large.pt"
        crcs = [zlib.crc32(bytes(size)) if size < 10 else 7 for size in sizes]
        with path.open("wb") as file:
            for slot, crc in zip(slots, crcs, strict=True):
                file.seek(slot.header)
                file.write(zipformat.local_header(slot, crc))
                assert file.tell() == slot.offset
            file.seek(position)
            file.write(zipformat.directory(slots, crcs, position))
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            assert [info.file_size for info in infos] == sizes
            assert [info.header_offset for info in infos] == [slot.header for slot in slots]
            for info in infos:
                with archive.open(info) as member:  # holds the local header against the directory
                    assert member.read(1) == b"\0"
        path.unlink()


def test_equal_contents_give_equal_bytes() -> None:
    assert build({"a": b"1", "b": b"2"}, 64) == build({"a": b"1", "b": b"2"}, 64)
