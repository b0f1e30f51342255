#!/usr/bin/env python3
"""An array of logical volumes for Stillpoint's method "exec", reached through a guest agent or ssh.

Use it as  --disk vd0,method=exec,program=/path/exec-lvm-array.py,agent=/run/array/qga.sock,volume=vg/lv4
or as      --disk vd0,method=exec,program=/path/exec-lvm-array.py,ssh=root@array,volume=vg/lv4

With ssh-config=/path, ssh reads that file for the host's port, its key and yours, in the place of the user's own and the
system's. It needs nothing but Python, and ssh where that is used. What it answers is told in exec.md.
"""

import base64
import json
import re
import shlex
import socket
import subprocess
import sys
import time

ACTIONS = ["capabilities", "plan", "check", "prepare", "cut", "find", "delete", "list", "revert"]
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@%+-]*")
FIELDS = "lv_name,lv_attr,lv_size,origin,pool_lv,data_percent,lv_device_open,lv_snapshot_invalid,lv_tags,lv_time,vg_free"


class Failure(Exception):
    """Something that the caller is told, with one of the codes of the contract."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Agent:
    """One connection to a guest agent, by which programs of the array are run."""

    def __init__(self, path, seconds):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(seconds)
        self.until = time.monotonic() + seconds
        self.socket.connect(path)
        self.rest = b""
        token = time.time_ns()
        request = {"execute": "guest-sync-delimited", "arguments": {"id": token}}
        self.socket.sendall(b"\xff" + json.dumps(request).encode() + b"\n")
        while True:
            line = self.line()
            if b"\xff" in line and json.loads(line[line.rindex(b"\xff") + 1 :]).get("return") == token:
                return

    def line(self):
        while b"\n" not in self.rest:
            more = self.socket.recv(65536)
            if not more:
                raise Failure("", "the agent of the array has hung up")
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        return line

    def ask(self, command, **arguments):
        request = {"execute": command, "arguments": arguments}
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        answer = json.loads(self.line())
        if "error" in answer:
            raise Failure("TOOL_MISSING" if command == "guest-exec" else "", answer["error"]["desc"])
        return answer["return"]

    def run(self, *words):
        """Runs a program to its end. Its arguments travel as a list: there is no shell."""
        started = self.ask("guest-exec", path=words[0], arg=list(words[1:]), **{"capture-output": True})
        pause = 0.01
        while True:
            status = self.ask("guest-exec-status", pid=started["pid"])
            if status["exited"]:
                break
            if time.monotonic() > self.until:
                raise Failure("", words[0] + " did not end in time")
            time.sleep(pause)
            pause = min(2 * pause, 0.2)
        said = {key: base64.b64decode(status.get(key, "")).decode() for key in ("out-data", "err-data")}
        if status.get("exitcode") != 0:
            raise Failure("", words[0] + ": " + (said["err-data"] or said["out-data"]).strip())
        return said["out-data"]


class Ssh:
    """Programs of the array over ssh, one connection each."""

    # Nobody is asked anything, and a machine that is not there or falls silent is given up.
    WORDS = ["ssh", "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5",
             "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=6"]
    # A program that changes something is not to die with the connection: a suspended volume would stay so.
    BEFORE = "trap '' HUP PIPE; PATH=\"$PATH:/usr/sbin:/sbin\" LC_ALL=C.UTF-8; export PATH LC_ALL; exec "

    def __init__(self, host, config, seconds):
        self.command = self.WORDS + (["-F", config] if config else []) + ["--", host]
        self.until = time.monotonic() + seconds

    def run(self, *words):
        """Runs a program to its end. ssh hands one line to a shell there, for which each word is quoted."""
        line = self.BEFORE + shlex.join(words)
        try:
            ended = subprocess.run(
                self.command + [line], stdin=subprocess.DEVNULL, capture_output=True,
                timeout=max(0.1, self.until - time.monotonic()),
            )
        except FileNotFoundError:
            raise Failure("TOOL_MISSING", "ssh is not installed on this host")
        except subprocess.TimeoutExpired:
            raise Failure("", words[0] + " did not end in time")
        complaint = (ended.stderr or ended.stdout).decode(errors="replace").strip()
        if ended.returncode == 127:
            raise Failure("TOOL_MISSING", words[0] + " is not installed on the array")
        if ended.returncode == 255:
            raise Failure("", "ssh to the array failed, and " + words[0] + " may have run: " + complaint)
        if ended.returncode != 0:
            raise Failure("", words[0] + ": " + complaint)
        return ended.stdout.decode()


def way(options, seconds):
    """How programs of the array are run."""
    agent, host, config = options.get("agent"), options.get("ssh"), options.get("ssh-config")
    if (agent is None) == (host is None):
        raise Failure("BAD_REQUEST", "either agent=PATH is wanted, the socket of the array's agent, or ssh=[USER@]HOST")
    if config is not None and (host is None or not config.startswith("/")):
        raise Failure("BAD_REQUEST", "ssh-config= is the absolute path of a configuration for ssh=")
    if host is not None:
        if not HOST.fullmatch(host):
            raise Failure("BAD_REQUEST", "ssh= is no destination, as [USER@]HOST")
        return Ssh(host, config, seconds)
    if not agent.startswith("/"):
        raise Failure("BAD_REQUEST", "agent=PATH is wanted, the socket of the array's agent")
    return Agent(agent, seconds)


class Array:
    def __init__(self, options, seconds, ways):
        self.options = options
        unknown = set(options) - {"agent", "ssh", "ssh-config", "volume"}
        if unknown:
            raise Failure("BAD_REQUEST", "there is no option " + sorted(unknown)[0])
        try:
            self.group, self.volume = options["volume"].split("/")
        except (KeyError, ValueError):
            raise Failure("BAD_REQUEST", "volume=GROUP/VOLUME is wanted")
        if not NAME.fullmatch(self.group) or not NAME.fullmatch(self.volume):
            raise Failure("BAD_REQUEST", "volume= is no name of a logical volume")
        # An agent serves one client at a time, so all volumes of one array share a way.
        place = tuple(options.get(one) for one in ("agent", "ssh", "ssh-config"))
        if place not in ways:
            ways[place] = way(options, seconds)
        self.way = ways[place]

    def volumes(self):
        text = self.way.run(
            "lvs", "--reportformat", "json", "--units", "b", "--nosuffix",
            "--config", 'report/time_format="%s"', "-o", FIELDS, "--", self.group,
        )
        return {row["lv_name"]: row for row in json.loads(text)["report"][0]["lv"]}

    def origin(self, volumes):
        found = volumes.get(self.volume)
        if not found or found["lv_attr"][0] not in "-oOV":
            raise Failure("DISK_UNSUITABLE", self.options["volume"] + " is no volume of which there can be snapshots")
        return found

    def create(self, snapshot, origin, tags, *more):
        words = ["lvcreate", *more, "-q", "-y", "-s", "-p", "r", "-n", snapshot]
        for tag in ["exec.of." + self.volume, *tags]:
            words += ["--addtag", tag]
        words += ["-k", "n"] if origin["lv_attr"][0] == "V" else ["-l", "100%ORIGIN"]
        self.way.run(*words, "--", self.group + "/" + self.volume)

    def source(self, snapshot):
        place = "%s /dev/%s/%s" % (self.options.get("agent") or self.options["ssh"], self.group, snapshot)
        return {"kind": "remote", "name": place, "format": "raw"}

    def is_ours(self, row):
        return row["origin"] == self.volume or "exec.of." + self.volume in row["lv_tags"].split(",")


def last(snapshot):
    return snapshot["snapshot"].split("/")[1]


def of_disk(request, seconds):
    """plan and list."""
    array = Array(request["disk"]["options"], seconds, {})
    volumes = array.volumes()
    array.origin(volumes)
    if request["action"] == "plan":
        name = array.volume + "." + request["name"]
        if len(name) > 100:
            raise Failure("BAD_REQUEST", "the name " + name + " is too long")
        return {"snapshot": array.group + "/" + name, "options": array.options, "backupSource": array.source(name)}
    found = []
    for name, row in volumes.items():
        if name.startswith(array.volume + ".") and array.is_ours(row):
            one = {"name": name[len(array.volume) + 1 :], "place": array.group + "/" + name}
            one["created"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(row["lv_time"])))
            if row["lv_snapshot_invalid"] == "snapshot invalid":
                one["trouble"] = "it has overflowed"
            else:
                one["backupSource"] = array.source(name)
            found.append(one)
    return {"snapshots": sorted(found, key=lambda one: one["created"])}


def check(arrays, snapshots):
    wanted = 0
    begun = time.monotonic()
    for array, snapshot in zip(arrays, snapshots):
        volumes = array.volumes()
        origin = array.origin(volumes)
        if last(snapshot) in volumes:
            raise Failure("SNAPSHOT_EXISTS", snapshot["snapshot"] + " exists already")
        if origin["lv_attr"][0] == "V":
            if float(volumes[origin["pool_lv"]]["data_percent"]) > 95:
                raise Failure("NO_SPACE", "the pool " + origin["pool_lv"] + " is full")
        else:
            wanted += int(origin["lv_size"]) * 257 // 256 + (8 << 20)
            if wanted > int(origin["vg_free"]):
                raise Failure("NO_SPACE", "the group " + array.group + " has no room for it")
    took = int(2000 * (time.monotonic() - begun))
    return {"oneInstant": len(snapshots) == 1, "expectedMs": took, "warnings": []}


def one(array, snapshot, request):
    """prepare, cut, find, delete and revert, for one snapshot."""
    action, name = request["action"], last(snapshot)
    tag = "exec.by." + request["operation"]
    volumes = array.volumes()
    row = volumes.get(name)
    ours = row is not None and tag in row["lv_tags"].split(",")
    if action == "find":
        if row is None:
            return {"presence": "absent"}
        lost = row["lv_snapshot_invalid"] == "snapshot invalid"
        return {"presence": ("begun" if lost else "ours") if ours else "foreign"}
    if action == "prepare":
        array.create(name, array.origin(volumes), [tag], "--test")
    elif action == "cut":
        # Asked again for the same operation it has nothing to do.
        if not ours:
            array.create(name, array.origin(volumes), [tag])
    elif row is not None and not array.is_ours(row):
        raise Failure("DISK_UNSUITABLE", name + " is no snapshot of " + array.volume)
    elif row is not None and row["lv_device_open"] == "open":
        raise Failure("DISK_IN_USE", name + " is open")
    elif action == "delete":
        if row is not None:
            array.way.run("lvremove", "-q", "-y", "--", array.group + "/" + name)
    elif action == "revert":
        origin = array.origin(volumes)
        if row is None:
            raise Failure("NO_SUCH_SNAPSHOT", name + " is not there")
        if origin["lv_device_open"] == "open":
            raise Failure("DISK_IN_USE", array.volume + " is open")
        array.way.run("lvconvert", "-q", "-y", "-i", "1", "--merge", "--", array.group + "/" + name)
        # Merged, it is gone; the volume is equal to it, so it is made again.
        tags = [one for one in row["lv_tags"].split(",") if one.startswith("exec.by.")]
        array.create(name, origin, tags)
    return {}


def answer(request):
    if request.get("stillpoint") != 1 or request.get("action") not in ACTIONS:
        raise Failure("", "this program does not know " + str(request.get("action")))
    seconds = request["timeoutMs"] / 1000
    if request["action"] == "capabilities":
        return {"actions": ACTIONS}
    if "disk" in request:
        return of_disk(request, seconds)
    snapshots = request["snapshots"]
    ways = {}
    arrays = [Array(snapshot["options"], seconds, ways) for snapshot in snapshots]
    if request["action"] == "check":
        return check(arrays, snapshots)
    result = {}
    for array, snapshot in zip(arrays, snapshots):
        result = one(array, snapshot, request)
    return result


def main():
    try:
        result = {"ok": True, **answer(json.load(sys.stdin))}
    except Failure as failure:
        result = {"ok": False, "code": failure.code, "message": str(failure)}
    except (OSError, ValueError, KeyError) as failure:
        result = {"ok": False, "code": "", "message": "%s: %s" % (type(failure).__name__, failure)}
    json.dump({"stillpoint": 1, **result}, sys.stdout)


if __name__ == "__main__":
    main()
