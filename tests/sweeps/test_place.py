"""Where a session trains: through Ray on pools, or in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhm_sweeps.errors import UsageError
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.place import place_in_process, place_on_ray

POOLS = "pools: {slow: {cpus: 1, memory_gib: 0.5, max_packs: 1}}\n"


def test_this_process_trains_one_pack_at_a_time(folder: SweepFolder) -> None:
    place = place_in_process(folder, 60.0)
    assert place.pools.limits == {"local": 1}
    assert str(place) in ("1 cpu slot", "1 cuda slot")


def test_on_ray_the_pools_are_those_of_the_file(folder: SweepFolder, tmp_path: Path) -> None:
    file = tmp_path / "pools.yaml"
    file.write_text(POOLS)
    place = place_on_ray(folder, file, None, 60.0)
    assert place.pools.limits == {"slow": 1}
    assert str(place) == "1 cpu slot of pool slow"
    folder.pools_file.write_text(POOLS)
    assert place_on_ray(folder, None, None, 60.0).pools.limits == {"slow": 1}
    with pytest.raises(UsageError, match=r"none\.yaml"):
        place_on_ray(folder, tmp_path / "none.yaml", None, 60.0)


def test_on_ray_without_a_file_it_is_this_machine(folder: SweepFolder) -> None:
    assert list(place_on_ray(folder, None, None, 60.0).pools.limits) == ["local"]
