"""Hosts of a network of their own on this machine: network namespaces, whose cables are plugged into a switch of the first."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

NAMESPACE = ("unshare", "--net")
LONGEST_S = 3600
"""A namespace is there as long as a process is in it; one that a killed test has left ends by itself."""
SUBNET = "10.99.0"


def can_network() -> bool:
    """Whether this machine lets a process have a network of its own, with a switch."""
    made = ["sh", "-c", "ip link add switch type bridge && ip link add one type veth peer name two"]
    if os.geteuid() != 0:
        return False
    try:
        return subprocess.run([*NAMESPACE, *made], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@dataclass(frozen=True)
class Host:
    """A network namespace, which the process `pid` keeps there."""

    ip: str
    pid: int

    @property
    def within(self) -> tuple[str, ...]:
        """What stands before a command that is to run on this host."""
        return ("nsenter", f"--net=/proc/{self.pid}/ns/net")

    def ip_tool(self, *words: str) -> None:
        """Run `ip` on this host."""
        subprocess.run([*self.within, "ip", *words], check=True, capture_output=True)


class Network:
    """Some hosts, of which each reaches each other; they share all files."""

    def __init__(self, hosts: int) -> None:
        self._holders: list[psutil.Popen] = []
        try:
            self.hosts = tuple(self._host(number) for number in range(1, hosts + 1))
            self._plug_in()
        except BaseException:
            self.end()
            raise

    def _host(self, number: int) -> Host:
        holder = psutil.Popen([*NAMESPACE, "sleep", str(LONGEST_S)], stdin=subprocess.DEVNULL)
        self._holders.append(holder)
        own = Path("/proc/self/ns/net").readlink()
        deadline = time.monotonic() + 10
        while Path(f"/proc/{holder.pid}/ns/net").readlink() == own:
            assert time.monotonic() < deadline, "no namespace was made"
            time.sleep(0.01)
        host = Host(f"{SUBNET}.{number}", holder.pid)
        host.ip_tool("link", "set", "lo", "up")
        return host

    def _plug_in(self) -> None:
        first, *others = self.hosts
        first.ip_tool("link", "add", "switch", "type", "bridge")
        first.ip_tool("addr", "add", f"{first.ip}/24", "dev", "switch")
        first.ip_tool("link", "set", "switch", "up")
        for host in others:
            port = _port(host)
            first.ip_tool("link", "add", port, "type", "veth", "peer", "name", "cable", "netns", str(host.pid))
            first.ip_tool("link", "set", port, "master", "switch", "up")
            host.ip_tool("addr", "add", f"{host.ip}/24", "dev", "cable")
            host.ip_tool("link", "set", "cable", "up")

    def cut(self, host: Host) -> None:
        """Let nothing through to a host or from it: what is sent is lost, and nobody is told."""
        self.hosts[0].ip_tool("link", "set", _port(host), "down")

    def mend(self, host: Host) -> None:
        """Undo `cut`."""
        self.hosts[0].ip_tool("link", "set", _port(host), "up")

    def end(self) -> None:
        """Let go of the namespaces; the last process in one takes it with it."""
        for holder in self._holders:
            with suppress(psutil.NoSuchProcess):
                holder.kill()
            holder.wait()


def _port(host: Host) -> str:
    return f"port{host.ip.rsplit('.', 1)[1]}"
