"""Writers killed at random instants: ``python tests/benchmarks/crash.py [KILLS] [SEED]``; prints counts.

A kill leaves what the system was handed, so it shows the order of writing and not what a power cut would
leave: that every file and name is synced before an edit is acknowledged is seen by `tests/test_crash.py`,
where each sync fails in turn.
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from crashing import kill

from requesty_nb.records import History

KILLS, WRITERS, SEED = 1000, 2, 11

if __name__ == "__main__":
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else KILLS
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else SEED
    with tempfile.TemporaryDirectory() as name:
        folder, begun = Path(name) / "history", time.perf_counter()
        found = kill(folder, kills // WRITERS, seed, WRITERS)
        report = History(folder).verify()
        print(f"{found.kills} kills of {WRITERS} writers side by side, seed {seed}")
        print(f"  acknowledged      {len(found.acknowledged):6}")
        print(f"  lost              {len(found.lost):6}")
        print(f"  torn              {len(found.torn):6}")
        print(f"  failed reopens    {found.unopened:6}")
        print(f"  listed as unknown {found.unknown:6}")
        print(f"  faults in the end {len(report.faults):6}")
        print(f"  {time.perf_counter() - begun:.0f} s")
