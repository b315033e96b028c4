"""OpenStack Swift with its S3 interface, in one process on the loopback: swift_server.py FOLDER KEY_ID SECRET.

Run by the Python that has Swift (Debian's python3-swift). Prints its port, and ends when its input does. Source:
Swift's administrator's guide, 2.30, on rings, s3api and tempauth.
"""

import sys
from pathlib import Path

import eventlet

eventlet.monkey_patch()

import eventlet.wsgi  # noqa: E402
from swift.common import utils  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402

BACKENDS = ("account", "container", "object")
PIPELINE = "catch_errors gatekeeper cache listing_formats s3api tempauth copy slo dlo versioned_writes proxy-server"


def write(folder: Path, name: str, sections: dict[str, dict[str, str]]) -> str:
    lines = [
        f"[{head}]\n" + "".join(f"{key} = {value}\n" for key, value in body.items()) for head, body in sections.items()
    ]
    (folder / name).write_text("\n".join(lines))
    return str(folder / name)


def ring(folder: Path, kind: str, port: int) -> None:
    """A ring of one device behind one port."""
    builder = RingBuilder(2, 1, 0)
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "d", "weight": 1.0,
                     "replication_ip": "127.0.0.1", "replication_port": port, "meta": ""})  # fmt: skip
    builder.rebalance()
    builder.get_ring().save(str(folder / f"{kind}.ring.gz"))


def main(folder: Path, key_id: str, secret: str) -> None:
    (folder / "devices" / "d").mkdir(parents=True)
    utils.SWIFT_CONF_FILE = write(folder, "swift.conf", {"swift-hash": {"swift_hash_path_suffix": "s"}})
    utils.validate_hash_conf()
    sockets = {kind: eventlet.listen(("127.0.0.1", 0)) for kind in (*BACKENDS, "proxy")}
    for kind in BACKENDS:
        ring(folder, kind, sockets[kind].getsockname()[1])
    from swift.common import storage_policy
    from swift.common.wsgi import SwiftHttpProtocol, loadapp

    storage_policy.reload_storage_policies()
    common = {"swift_dir": str(folder), "devices": str(folder / "devices"), "mount_check": "false"}
    files = {kind: {"DEFAULT": common, "app:main": {"use": f"egg:swift#{kind}"}} for kind in BACKENDS}
    filters = {
        f"filter:{name}": {"use": f"egg:swift#{'memcache' if name == 'cache' else name}"}
        for name in PIPELINE.split()[:-1]
    }
    filters["filter:s3api"] |= {"location": "us-east-1", "allow_multipart_uploads": "true"}
    account, _, user = key_id.partition(":")
    filters["filter:tempauth"] |= {f"user_{account}_{user}": f"{secret} .admin"}
    files["proxy"] = {
        "DEFAULT": common, "pipeline:main": {"pipeline": PIPELINE}, **filters,
        "app:proxy-server": {"use": "egg:swift#proxy", "account_autocreate": "true"},
    }  # fmt: skip
    quiet = (folder / "requests.log").open("w")
    for kind, sections in files.items():
        app = loadapp(write(folder, f"{kind}.conf", sections))
        eventlet.spawn(eventlet.wsgi.server, sockets[kind], app, quiet, protocol=SwiftHttpProtocol)
    print(sockets["proxy"].getsockname()[1], flush=True)
    eventlet.tpool.execute(sys.stdin.buffer.read)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
