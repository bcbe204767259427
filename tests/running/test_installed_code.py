"""What is said of nodes whose code is not the driver's."""

from __future__ import annotations

import platform

from rhm_sweeps.code_identity import code_hash
from rhm_sweeps.running.crash_reason import unshared_node
from rhm_sweeps.running.installed_code import InstalledCode, installed_code, other_code
from rhm_sweeps.version import __version__


def test_what_is_installed_here() -> None:
    here = installed_code()
    assert here.code == f"{__version__} with code {code_hash()}"
    assert str(here).startswith(f"{here.code} (Python {platform.python_version()}, torch 2.")


def test_every_node_is_named_once_with_what_it_has_and_the_cure() -> None:
    older = str(InstalledCode("0.1.0 with code 0123", "Python 3.11.2, torch 2.13.0"))
    said = other_code(
        "0.2.0 with code 4567 (Python 3.11.2, torch 2.13.0)", {"node a (01234567)": older, "node b (89abcdef)": older}
    )
    assert said == (
        "node a (01234567) has other code, rhm-sweep 0.1.0 with code 0123 (Python 3.11.2, torch 2.13.0); "
        "node b (89abcdef) has other code, rhm-sweep 0.1.0 with code 0123 (Python 3.11.2, torch 2.13.0); "
        "the command has rhm-sweep 0.2.0 with code 4567 (Python 3.11.2, torch 2.13.0): "
        "install the same on every node, or send this one along: rhm-sweep submit ... --send-code"
    )
    assert unshared_node(f"rhm_sweeps.errors.OtherCodeError: {said}\n") == ("01234567", said)
