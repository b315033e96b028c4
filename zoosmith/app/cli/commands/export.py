"""Write an artifact in a form that other tools take: an image layout of OCI with ModelPack's media types.

`skopeo copy oci:DIR docker://REGISTRY/NAME:TAG` carries it to any container registry, and `zoosmith pull oci:DIR` takes
it from a copy.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from zoosmith.app.cli.commands._registry import NAMED, json_argument, registry_argument
from zoosmith.common.units import sized


def arguments(parser: argparse.ArgumentParser) -> None:
    """What, from where, into which folder."""
    parser.add_argument("name", help=NAMED)
    parser.add_argument("--oci", type=Path, required=True, metavar="DIR", help="a folder that is not there yet")
    registry_argument(parser)
    json_argument(parser, "the image that was written")


def main(given: argparse.Namespace) -> None:
    """Write it, and say where it is and how it is carried on."""
    from zoosmith.app.cli.commands._progress import Progress
    from zoosmith.app.cli.commands.bundle import beside, collected
    from zoosmith.common.text import show, show_json
    from zoosmith.publish import oci

    folder: Path = given.oci.absolute()
    progress = Progress()
    try:
        with beside(folder) as aside:
            found = collected(given, [given.name], aside, progress)
            own = next(each for each in found.contents if str(each) == found.asked[0])
            image = oci.export(found.contents, own, folder)
    finally:
        progress.close()
    if given.json:
        show_json({"version": str(own), "folder": str(folder), "digest": image.digest, "size": image.size})
        return
    show(f"{own} in {given.oci}, {sized(image.size)}, {image.digest}")
    show(f"  to a container registry: skopeo copy oci:{given.oci} docker://REGISTRY/{own.name}:v{own.number}")
