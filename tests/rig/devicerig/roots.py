# SPDX-License-Identifier: Apache-2.0
"""Roots of devices: folders with the few files that are a device's own, and the binds that bring the rest. None shows
anything of the machine but /usr, so that a device never finds the controller's files by accident."""

import os
import shutil
import subprocess

from .process import RigError, run

USER = "bench"
UID = 1500
PHONE_UID = 2000
EMPTY = ("proc", "sys", "dev", "tmp", "run", "root", "var/log", "var/tmp", "opt")
PRIVATE = "opt/rig"

SSHD_CONFIG = """Port 22
HostKey /etc/ssh/host_key
PidFile /run/sshd.pid
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
AllowUsers bench
UseDNS no
PrintMotd no
PrintLastLog no
MaxStartups 200:30:300
MaxSessions 100
LogLevel VERBOSE
Subsystem sftp internal-sftp
"""

PHONE_PROPERTIES = {
    "ro.product.manufacturer": "Rig",
    "ro.product.model": "Rig A1 (budget)",
    "ro.product.device": "rigphone",
    "ro.product.name": "rigphone",
    "ro.product.cpu.abi": "x86_64",
    "ro.product.cpu.abilist": "x86_64",
    "ro.build.version.sdk": "34",
    "ro.build.version.release": "14",
    "ro.board.platform": "rig",
    "ro.hardware": "rig",
    "ro.serialno": "RIG0001",
}

GETPROP = """#!/system/bin/sh
# Properties from /system/build.prop, printed as Android prints them.
file=/system/build.prop
if [ $# = 0 ]; then
    sed 's/^\\([^=]*\\)=\\(.*\\)/[\\1]: [\\2]/' $file
else
    value=$(sed -n "s/^$(echo "$1" | sed 's/\\./\\\\./g')=//p" $file)
    echo "${value:-${2:-}}"
fi
"""


def write(path, text, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.chmod(path, mode)


def make_etc(root, shell):
    etc = root / "etc"
    write(
        etc / "passwd",
        "root:x:0:0::/root:/bin/sh\nsshd:x:104:65534::/run/sshd:/bin/false\n"
        f"{USER}:x:{UID}:{UID}::/home/{USER}:{shell}\n",
    )
    write(etc / "group", f"root:x:0:\ntty:x:5:\nnogroup:x:65534:\n{USER}:x:{UID}:\n")
    write(etc / "shadow", f"root:*:19000:0:99999:7:::\n{USER}:*:19000:0:99999:7:::\n", 0o640)
    write(etc / "shells", "/bin/sh\n/bin/bash\n")
    write(etc / "nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n")
    write(etc / "hosts", "127.0.0.1 localhost\n")
    write(etc / "resolv.conf", "")


def make_home(home, public_key, uid):
    """A home whose owner may log in with the key."""
    ssh = home / ".ssh"
    write(ssh / "authorized_keys", public_key + "\n", 0o600)
    os.chmod(ssh, 0o700)
    os.chmod(home, 0o755)
    for path in (home, ssh, ssh / "authorized_keys"):
        os.chown(path, uid, uid)


def make_empty(root):
    for name in EMPTY:
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / f"home/{USER}").mkdir(parents=True)


def host(root):
    """A whole Debian: this machine's /usr. Returns the binds."""
    make_empty(root)
    make_etc(root, "/bin/bash")
    binds = [("/usr", "/usr", "ro")]
    (root / "usr").mkdir()
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        place = "/" + name
        if os.path.islink(place):
            (root / name).symlink_to(os.readlink(place))
        elif os.path.isdir(place):
            (root / name).mkdir()
            binds.append((place, place, "ro"))
    for name in ("ld.so.cache", "os-release", "debian_version"):
        if os.path.exists(f"/etc/{name}"):
            shutil.copyfile(f"/etc/{name}", root / "etc" / name)
    if os.path.isdir("/etc/alternatives"):
        (root / "etc/alternatives").mkdir()
        binds.append(("/etc/alternatives", "/etc/alternatives", "ro"))
    return binds


def busybox_of_machine():
    for path in ("/usr/bin/busybox", "/bin/busybox"):
        if os.path.exists(path):
            described = subprocess.run(["ldd", path], capture_output=True, text=True, check=False)
            if "not a dynamic executable" in described.stdout + described.stderr:
                return path
    raise RigError("no static busybox: install busybox-static")


def install_busybox(folder, busybox):
    """busybox and a link for each of its programs; the list comes from this machine's busybox of the same version."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(busybox, folder / "busybox")
    os.chmod(folder / "busybox", 0o755)
    for name in run([busybox_of_machine(), "--list"]).split():
        if name != "busybox":
            (folder / name).symlink_to("busybox")


def loader_and_libraries(program):
    """(loader, libraries) of a program of this machine."""
    loader = None
    libraries = []
    for line in run(["ldd", program]).splitlines():
        words = line.split()
        if "=>" in words and len(words) > 2 and words[2].startswith("/"):
            libraries.append(words[2])
        elif words and "/ld-linux" in words[0]:
            loader = words[0]
    if not loader:
        raise RigError(f"{program}: no loader found")
    return loader, libraries


def install_private(root, program):
    """A program of this machine with its own loader and libraries in a folder that no other program looks into, for
    roots that have none. Returns the words that start it."""
    place = root / PRIVATE
    (place / "lib").mkdir(parents=True, exist_ok=True)
    loader, libraries = loader_and_libraries(program)
    shutil.copyfile(loader, place / "ld.so")
    os.chmod(place / "ld.so", 0o755)
    for library in libraries:
        shutil.copyfile(library, place / "lib" / os.path.basename(library))
    name = os.path.basename(program)
    with open(program, "rb") as file:
        image = file.read()
    # The program starts itself again by its file, so the file must name the private loader.
    own = f"/{PRIVATE}/ld.so".encode()
    old = loader.encode() + b"\0"
    if old not in image or len(own) >= len(old):
        raise RigError(f"{program}: its loader's name is not where it is expected")
    with open(place / name, "wb") as file:
        file.write(image.replace(old, own.ljust(len(old), b"\0"), 1))
    os.chmod(place / name, 0o755)
    return [f"LD_LIBRARY_PATH=/{PRIVATE}/lib", f"/{PRIVATE}/{name}"]


def small(root, musl):
    """busybox and nothing else; with musl's loader where asked. Returns (binds, words that start dropbear)."""
    make_empty(root)
    make_etc(root, "/bin/sh")
    install_busybox(root / "bin", busybox_of_machine())
    if musl:
        loader = "/lib/ld-musl-x86_64.so.1"
        if not os.path.exists(loader):
            raise RigError("musl's loader is missing: install musl")
        (root / "lib").mkdir()
        shutil.copyfile(os.path.realpath(loader), root / loader[1:])
        os.chmod(root / loader[1:], 0o755)
        (root / "lib/libc.musl-x86_64.so.1").symlink_to("ld-musl-x86_64.so.1")
    return [], install_private(root, "/usr/sbin/dropbear")


def phone(root, adbd_folder):
    """What an Android shell sees, with Debian's adbd in a private folder. Returns (binds, words that start adbd)."""
    for name in ("proc", "sys", "dev", "data/local/tmp", "sdcard", "system/etc", "apex/rig", "storage"):
        (root / name).mkdir(parents=True)
    install_busybox(root / "system/bin", busybox_of_machine())
    write(root / "system/bin/getprop", GETPROP, 0o755)
    write(root / "system/build.prop", "".join(f"{key}={value}\n" for key, value in PHONE_PROPERTIES.items()))
    (root / "bin").symlink_to("system/bin")
    (root / "etc").symlink_to("system/etc")
    write(
        root / "etc/passwd",
        f"root:x:0:0::/:/system/bin/sh\nshell:x:{PHONE_UID}:{PHONE_UID}::/data/local/tmp:/system/bin/sh\n",
    )
    write(root / "etc/group", f"root:x:0:\nshell:x:{PHONE_UID}:\n")
    write(root / "etc/hosts", "127.0.0.1 localhost\n")
    libraries = "/apex/rig/usr/lib/x86_64-linux-gnu"
    return [(str(adbd_folder / "root"), "/apex/rig", "ro")], [
        "HOME=/data/local/tmp",
        "TMPDIR=/data/local/tmp",
        "SHELL=/system/bin/sh",
        "PATH=/system/bin:/vendor/bin",
        "ANDROID_DATA=/data",
        "ANDROID_ROOT=/system",
        "ADBD_PORT=5555",
        "/apex/rig/usr/lib64/ld-linux-x86-64.so.2",
        "--library-path",
        f"{libraries}:{libraries}/android",
        "/apex/rig/usr/lib/android-sdk/platform-tools/adbd",
    ]


ARM64_LIBRARIES = "lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu"
ARM64_USUAL = (
    "libc.so.6",
    "libm.so.6",
    "libdl.so.2",
    "libpthread.so.0",
    "librt.so.1",
    "libstdc++.so.6",
    "libgcc_s.so.1",
)


def arm64_libraries(packages, root, libc):
    """dropbear with a loader and libraries of its own; where wanted, Debian's libc and libstdc++ in their place."""
    private = root / PRIVATE
    (private / "lib").mkdir(parents=True)
    image = (packages / "usr/sbin/dropbear").read_bytes()
    old = b"/lib/ld-linux-aarch64.so.1\0"
    if old not in image:
        raise RigError("arm64 dropbear: its loader's name is not where it is expected")
    own = f"/{PRIVATE}/ld.so".encode()
    (private / "dropbear").write_bytes(image.replace(old, own.ljust(len(old), b"\0"), 1))
    os.chmod(private / "dropbear", 0o755)
    found = {}
    for folder in ARM64_LIBRARIES:
        for path in (packages / folder).glob("*.so*"):
            found[path.name] = path.resolve()
    for name in ("libc.so.6", "libcrypt.so.1", "libtomcrypt.so.1", "libtommath.so.1", "libgmp.so.10", "libz.so.1"):
        shutil.copyfile(found[name], private / "lib" / name)
    shutil.copyfile(found["ld-linux-aarch64.so.1"], private / "ld.so")
    os.chmod(private / "ld.so", 0o755)
    if libc == "none":
        return
    usual = root / "lib/aarch64-linux-gnu"
    usual.mkdir(parents=True)
    for name in ARM64_USUAL:
        shutil.copyfile(found[name], usual / name)
        os.chmod(usual / name, 0o755)
    shutil.copyfile(found["ld-linux-aarch64.so.1"], usual / "ld-linux-aarch64.so.1")
    os.chmod(usual / "ld-linux-aarch64.so.1", 0o755)
    (root / "lib/ld-linux-aarch64.so.1").symlink_to("aarch64-linux-gnu/ld-linux-aarch64.so.1")


def arm64(root, folder, libc):
    """busybox and dropbear of Debian's arm64. Returns the words that start dropbear. The user's shell says which
    processor is emulated: qemu's own choice has extensions that no board has."""
    make_empty(root)
    make_etc(root, f"/{PRIVATE}/sh")
    install_busybox(root / "bin", folder / "root/bin/busybox")
    arm64_libraries(folder / "root", root, libc)
    write(root / PRIVATE / "sh", '#!/bin/busybox sh\nexport QEMU_CPU=cortex-a76\nexec /bin/busybox sh "$@"\n', 0o755)
    write(root / "etc/shells", f"/bin/sh\n/{PRIVATE}/sh\n")
    return [f"LD_LIBRARY_PATH=/{PRIVATE}/lib", f"/{PRIVATE}/dropbear"]


def armhf(root, folder):
    """Debian's armhf with busybox. Returns the binds."""
    make_empty(root)
    make_etc(root, "/bin/sh")
    source = folder / "root"
    install_busybox(root / "bin", source / "bin/busybox")
    binds = []
    for name in ("usr", "lib"):
        (root / name).mkdir()
        binds.append((str(source / name), "/" + name, "ro"))
    return binds
