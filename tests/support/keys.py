"""Keys that real openssl makes."""

from __future__ import annotations

import subprocess
from pathlib import Path


def key_pair(folder: Path, name: str, curve: str = "prime256v1", password: str = "") -> tuple[Path, Path]:
    """A key made by real openssl, as the documentation says."""
    private, public = folder / f"{name}.key", folder / f"{name}.pub"
    subprocess.run(["openssl", "ecparam", "-name", curve, "-genkey", "-noout", "-out", str(private)], check=True)
    subprocess.run(["openssl", "pkey", "-in", str(private), "-pubout", "-out", str(public)], check=True)
    if password:
        locked = folder / f"{name}.locked"
        encrypt = ["openssl", "pkcs8", "-topk8", "-in", str(private), "-passout", f"pass:{password}"]
        subprocess.run([*encrypt, "-out", str(locked)], check=True)
        return locked, public
    return private, public
