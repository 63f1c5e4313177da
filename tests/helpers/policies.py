"""An engine that enforces policies, with everything deployed on it, and its policies to be taken apart."""

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import count
from typing import Any

from clients.local_aws.engine import EmbeddedEngine
from cloudformation.deploy import deploy_stack, deploy_storage
from cloudformation.package import Target
from cloudformation.stack import outputs
from cloudformation.templates import declared, template
from models.deployment import Deployment
from tests.helpers.packages import built

Policy = tuple[str, str]  # the kind of a policy, and its ARN, or role and name


class GuardedStack:
    """An engine that enforces policies, with everything deployed on it."""

    def __init__(self, engine: EmbeddedEngine) -> None:
        self.engine = engine
        self.worker: Any = None
        self.cloudformation = engine.client("cloudformation")
        deploy_storage(self.cloudformation, "flowtally")
        self.deployment = Deployment.from_stack(self.cloudformation, "flowtally")
        code = built(Target())
        engine.client("s3").put_object(Bucket=self.deployment.bucket, Key=code.key, Body=code.content)
        known = {"StorageStack": "flowtally", "CodeDigest": code.digest}
        self.key = code.key
        for part in ("lambda", "leases", "vm"):
            known |= outputs(self.cloudformation, "flowtally")
            given = declared(template(part), known)
            deploy_stack(self.cloudformation, f"flowtally-{part}", template(part), given)
            known |= outputs(self.cloudformation, f"flowtally-{part}")
        self.outputs = known
        self._days = count(1)

    def once(self, make: Callable[[], Any]) -> Any:
        """What is made, made once for a role: its connections cost more than its work."""
        if self.worker is None:
            self.worker = make()
        return self.worker

    def next_day(self) -> str:
        """A day that no file had yet, as flow files write it: each run brings a content of its own."""
        return f"{date(2022, 12, 1) + timedelta(days=next(self._days)):%d/%m/%Y}"

    def role(self, part: str, logical: str) -> str:
        """The name of a role."""
        described = self.cloudformation.describe_stack_resource(
            StackName=f"flowtally-{part}", LogicalResourceId=logical
        )
        name: str = described["StackResourceDetail"]["PhysicalResourceId"]
        return name

    def policies(self, role: str) -> Iterator[Policy]:
        """Those that are attached to a role, and those that are written into it."""
        iam = self.engine.client("iam")
        for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            yield "managed", attached["PolicyArn"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            yield role, name

    def document(self, policy: Policy) -> dict[str, Any]:
        """What a policy says."""
        iam, (kind, name) = self.engine.client("iam"), policy
        if kind != "managed":
            found = iam.get_role_policy(RoleName=kind, PolicyName=name)["PolicyDocument"]
        else:
            version = iam.get_policy(PolicyArn=name)["Policy"]["DefaultVersionId"]
            found = iam.get_policy_version(PolicyArn=name, VersionId=version)["PolicyVersion"]["Document"]
        document: dict[str, Any] = json.loads(found) if isinstance(found, str) else found
        return document

    def write(self, policy: Policy, document: dict[str, Any]) -> None:
        """Makes a policy say something else."""
        iam, (kind, name) = self.engine.client("iam"), policy
        if kind != "managed":
            iam.put_role_policy(RoleName=kind, PolicyName=name, PolicyDocument=json.dumps(document))
            return
        for version in iam.list_policy_versions(PolicyArn=name)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=name, VersionId=version["VersionId"])
        iam.create_policy_version(PolicyArn=name, PolicyDocument=json.dumps(document), SetAsDefault=True)

    @contextmanager
    def without(self, policy: Policy, statement: int, action: str) -> Iterator[None]:
        """The same policy less one action of one statement."""
        whole = self.document(policy)
        part = copy.deepcopy(whole)
        actions = actions_of(part["Statement"][statement])
        part["Statement"][statement]["Action"] = [each for each in actions if each != action]
        if not part["Statement"][statement]["Action"]:
            del part["Statement"][statement]
        if not part["Statement"]:
            part["Statement"] = [{"Effect": "Deny", "Action": "none:None", "Resource": "*"}]
        self.write(policy, part)
        try:
            yield
        finally:
            self.write(policy, whole)

    def put(self, key: str, content: bytes) -> None:
        """Uploads as somebody who may."""
        self.engine.client("s3").put_object(Bucket=self.deployment.bucket, Key=key, Body=content)


def actions_of(statement: dict[str, Any]) -> list[str]:
    actions = statement["Action"]
    return [actions] if isinstance(actions, str) else list(actions)
