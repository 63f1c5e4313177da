"""The packages that are deployed, each built once a session: fetching the dependencies takes seconds."""

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
