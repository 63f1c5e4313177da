"""The program in the bucket, for functions and machines to run: put there, compared, cleared away.

Others than those who deploy may be able to write to the bucket. So a package is always put there anew,
machines compare its digest before they run it, and what Lambda took is compared here.
"""

from base64 import b64decode
from collections.abc import Iterable

from clients.terminal.account import Account
from cloudformation.package import Package
from cloudformation.plan import PARTS, Stacks
from cloudformation.stack import stack_output
from models.errors import FlowtallyError

_CODE = "code/"


class StoredPackages:
    """The packages of a deployment.

    Args:
        account: where.
        stacks: those of the deployment.
    """

    def __init__(self, account: Account, stacks: Stacks) -> None:
        self._account = account
        self._stacks = stacks

    def put(self, packages: Iterable[Package]) -> None:
        """Puts packages where functions and machines fetch them, whatever is there."""
        s3, bucket = self._account.client("s3"), self._bucket
        for package in packages:
            s3.put_object(Bucket=bucket, Key=package.key, Body=package.content)

    def check_functions(self, package: Package) -> None:
        """Compares what each function runs with what it should.

        Raises:
            FlowtallyError: one runs something else.
        """
        functions = self._account.client("lambda")
        for name in self._stacks.resources("lambda", "AWS::Lambda::Function"):
            running = functions.get_function_configuration(FunctionName=name)["CodeSha256"]
            if b64decode(running).hex() != package.digest:
                raise FlowtallyError(
                    "it runs another program than the one that was built here",
                    where=f"function {name}",
                    remedy="Find out in CloudTrail who changed it, or wrote to code/ of the bucket. To make"
                    f" it anew, run `flowtally deploy{self._account.options} --compute none`, then deploy",
                )

    def remove_unused(self) -> None:
        """Leaves only the packages that a stack still names."""
        used = {f"{_CODE}{self._stacks.parameters(part).get('CodeDigest')}.zip" for part in PARTS}
        s3, bucket = self._account.client("s3"), self._bucket
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=_CODE):
            for entry in page.get("Contents", []):
                if entry["Key"] not in used:
                    s3.delete_object(Bucket=bucket, Key=entry["Key"])

    @property
    def _bucket(self) -> str:
        return stack_output(self._account.client("cloudformation"), self._account.stack, "Bucket")
