"""The packages that are deployed, each built once a session: fetching the dependencies takes seconds."""

import io
import zipfile
from functools import cache

from cloudformation import package
from cloudformation.package import Package, Target


@cache
def built(target: Target) -> Package:
    """The package for Lambda."""
    return package.build_package(target)


@cache
def built_for_vms() -> Package:
    """The package for VMs."""
    return package.build_vm_package()


def planted(name: str, text: str) -> bytes:
    """A package of somebody else, of one file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, text)
    return content.getvalue()
