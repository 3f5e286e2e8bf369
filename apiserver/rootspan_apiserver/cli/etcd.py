"""`rootspan etcd-snapshot` and `rootspan etcd-repair`: the data directory of the embedded etcd, without a server."""

import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from rootspan_apiserver.embedded_etcd import EmbeddedEtcdError
from rootspan_apiserver.embedded_etcd.repair import RepairReport, repair_journal
from rootspan_apiserver.embedded_etcd.snapshots import (
    SnapshotStatus,
    restore_snapshot,
    save_snapshot,
    snapshot_status,
)


def run_etcd_snapshot(action: str, file: Path, data_dir: str) -> int:
    """Save, restore or describe a snapshot. Return the exit status: 1, with a line on standard error, if that is not possible."""
    try:
        if action == "save":
            print(f"Snapshot saved at {file}\n{_described(save_snapshot(Path(data_dir), file))}")
        elif action == "restore":
            print(f"Snapshot restored to {data_dir}\n{_described(restore_snapshot(file, Path(data_dir)))}")
        else:
            print(_described(snapshot_status(file)))
    except EmbeddedEtcdError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


def run_etcd_repair(data_dir: str) -> int:
    """Repair a journal, and say what is kept and what is lost. Return the exit status: 1 if there is nothing to keep."""
    try:
        report = repair_journal(Path(data_dir))
    except EmbeddedEtcdError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    if report is None:
        print(f"The journal in {data_dir} is sound, and is left as it is")
    else:
        print("\n".join(_told(report)))
    return 0


def _described(status: SnapshotStatus) -> str:
    return f"hash: {status.hash}\nrevision: {status.revision}\ntotal keys: {status.keys}\ntotal size: {status.size}"


def _told(report: RepairReport) -> Sequence[str]:
    lines = [
        f"The journal {report.fault}",
        f"The damaged file is kept as {report.original}",
        f"Kept: {report.keys} keys; the next revision is {report.revision + 1}, and all before are compacted",
    ]
    if report.lost:
        lines.append(f"Lost: {len(report.lost)} revisions: {_ranges(report.lost)}. Their keys are as they were before")
    if report.unknown:
        lines.append(f"Lost: {report.unknown} bytes of leases, or of records from before the last compaction")
    if not report.end_known:
        lines.append("Whether anything is missing at the end cannot be told")
    elif not report.lost and not report.unknown:
        lines.append("Lost: nothing")
    return lines


def _ranges(numbers: Sequence[int]) -> str:
    """Return ascending numbers as `3, 5-7`."""
    starts = [numbers[0], *(after for before, after in pairwise(numbers) if after > before + 1)]
    ends = [*(before for before, after in pairwise(numbers) if after > before + 1), numbers[-1]]
    return ", ".join(str(start) if start == end else f"{start}-{end}" for start, end in zip(starts, ends, strict=True))
