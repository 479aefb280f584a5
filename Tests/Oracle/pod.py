"""Runs one pod of the manifests as a node would, as far as one machine can: with its own command line, user,
group, read-only root, mounts, Secret, variables and no capabilities. Signals go to the pod; its exit code is ours.

Usage: pod.py RENDERED coordinator|worker --models DIR --runs DIR --volumes DIR --programs DIR [--network NAME]
              [--root DIR]

--volumes is where Secrets are unfolded; --programs goes to the front of the PATH; --network is a network
namespace; --root is a file system for the pod, by default this machine's own.
"""

import argparse
import base64
import fcntl
import json
import os
import signal
import subprocess
import sys

from manifests import command, environment, job, load, named

EMPTY = ["proc", "dev", "tmp", "sys", "run", "boot", "lost+found", "models", "runs", "keys", "mnt", "media"]


def unfold_secret(objects, volume, group, folder):
    """As the kubelet does: files in a dated folder, links to them, and the group of the pod may read."""
    source = volume["secret"]
    place = os.path.join(folder, source["secretName"])
    if not os.path.isdir(place):
        dated = os.path.join(place, "..2026_01_01")
        os.makedirs(dated)
        for name, text in named(objects, "Secret", source["secretName"])["data"].items():
            path = os.path.join(dated, name)
            with open(path, "wb") as file:
                file.write(base64.b64decode(text))
            # A group for the file system has every file readable for it.
            os.chmod(path, source["defaultMode"] | 0o440)
            os.chown(path, 0, group)
            os.symlink(f"..data/{name}", os.path.join(place, name))
        os.symlink(os.path.basename(dated), os.path.join(place, "..data"))
        for path in [place, dated]:
            os.chown(path, 0, group)
            os.chmod(path, 0o2755)
    return place


def root_of(root):
    """The pod's root: folders of the given one, read-only, and room for mounts."""
    words = []
    for name in sorted(os.listdir(root)):
        if name in EMPTY:
            continue
        source = os.path.join(root, name)
        words += (
            ["--symlink", os.readlink(source), f"/{name}"]
            if os.path.islink(source)
            else ["--ro-bind", source, f"/{name}"]
        )
    return words + ["--proc", "/proc", "--dev", "/dev"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rendered")
    parser.add_argument("component")
    for name in ["models", "runs", "volumes"]:
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--programs", action="append", default=[])
    parser.add_argument("--network")
    parser.add_argument("--root", default="/")
    given = parser.parse_args()

    objects = load(given.rendered)
    pod = job(objects, given.component)["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    who = pod["securityContext"]
    user, group = who["runAsUser"], who["runAsGroup"]
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}

    words = ["bwrap", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--as-pid-1", "--die-with-parent"]
    words += root_of(given.root)
    # Pods that start together find what one of them lays out, whole.
    lock = open(os.path.join(given.volumes, ".lock"), "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    for volume in pod["volumes"]:
        mount = mounts[volume["name"]]
        if "emptyDir" in volume:
            words += ["--perms", "1777", "--tmpfs", mount["mountPath"]]
            continue
        if "secret" in volume:
            source = unfold_secret(objects, volume, who["fsGroup"], given.volumes)
        else:
            claim = volume["persistentVolumeClaim"]["claimName"]
            source = {"modeltree-models": given.models, "modeltree-runs": given.runs}[claim]
        words += ["--ro-bind" if mount.get("readOnly") else "--bind", source, mount["mountPath"]]
    if os.path.isdir(given.runs) and os.geteuid() == 0:
        os.chown(given.runs, 0, who["fsGroup"])
        os.chmod(given.runs, 0o2775)
    for number, folder in enumerate(given.programs):
        words += ["--ro-bind", folder, f"/programs-{number}"]
    # The Service, as DNS would name it.
    hosts = os.path.join(given.volumes, "hosts")
    if not os.path.exists(hosts):
        with open(hosts, "w") as file:
            file.write("127.0.0.1 localhost\n127.0.0.1 modeltree-coordinator\n")
    lock.close()
    words += ["--ro-bind", hosts, "/etc/hosts", "--remount-ro", "/", "--clearenv"]
    path = [f"/programs-{number}" for number in range(len(given.programs))]
    variables = {"PATH": ":".join(path + ["/usr/local/bin", "/usr/bin", "/bin"])} | environment(container)
    # Some processors need help to find their kernels; that is the machine's affair.
    variables |= {name: value for name, value in os.environ.items() if name.startswith("OPENBLAS_")}
    for name, value in variables.items():
        words += ["--setenv", name, value]
    for capability in ["SETUID", "SETGID", "SETPCAP"]:
        words += ["--cap-add", f"CAP_{capability}"]
    reading, writing = os.pipe()
    words += ["--info-fd", str(writing)]
    words += [
        "setpriv",
        f"--reuid={user}",
        f"--regid={group}",
        f"--groups={who['fsGroup']}",
        "--no-new-privs",
        "--inh-caps=-all",
        "--bounding-set=-all",
    ]
    if given.network:
        words = ["ip", "netns", "exec", given.network] + words

    # Held back until there is somebody to pass a signal to.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    process = subprocess.Popen(
        words + command(container),
        pass_fds=[writing],
        preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, []),
    )
    os.close(writing)
    with os.fdopen(reading) as info:
        text = info.read()
    if not text:
        sys.exit(process.wait() or 1)
    inside = json.loads(text)["child-pid"]
    signal.signal(signal.SIGTERM, lambda *_: os.kill(inside, signal.SIGTERM))
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    sys.exit(process.wait())


main()
