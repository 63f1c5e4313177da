"""What AWS does to a machine of `cloudformation/vm.yaml`: fills in its user data, runs it, waits for it.

The engine does it for real, but for two things. It has no Auto Scaling groups that wait for signals, so a
wait condition takes the place of the group; and it does not sit at 169.254.169.254 or behind AWS's names, so
`curl` and `aws` in the container are told where it is.
"""

import time
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from cloudformation.stack import delete, outputs
from cloudformation.templates import declared, template
from models.storage.aws_clients import client
from tests.helpers.waiting import eventually
from tests.systemd.container import PYTHON, Container

STACK = "flowtally-vm"
SCRIPT = "/var/lib/cloud/instance/scripts/part-001"  # where cloud-init puts it

_GROUP, _WAIT = "Type: AWS::AutoScaling::AutoScalingGroup", "Type: AWS::CloudFormation::WaitCondition"
_PATIENCE = 120  # seconds


def take_python_away(container: Container) -> None:
    """Leaves what an Amazon Linux begins with: no Python that will do, and only dnf to get one.

    This `dnf` gives back what was taken, as Python 3.13, and knows how to do nothing else.
    """
    container.run("mv", "/usr/bin/apt-get", "/usr/bin/not-apt-get")
    container.run("mv", f"/usr/lib/python{PYTHON}/ensurepip", "/usr/share/ensurepip")
    dnf = (
        '#!/bin/sh\ntest "$*" = "install -y --quiet python3.13" || exit 1\n'
        f"mv /usr/share/ensurepip /usr/lib/python{PYTHON}/\nln -s python{PYTHON} /usr/bin/python3.13\n"
    )
    container.write("/usr/local/bin/dnf", dnf, mode="755")


def launch(container: Container, endpoint_url: str, parameters: Mapping[str, str]) -> tuple[str, str]:
    """Makes the stack, runs the user data of its machine as cloud-init does, and removes the stack.

    Args:
        container: the machine.
        endpoint_url: of the engine.
        parameters: of the template, beside those that the outputs of the other stacks tell.

    Returns:
        What became of the stack, which waits for the machine, and what the script said.
    """
    _point_to_engine(container, endpoint_url)
    cloudformation = client("cloudformation")
    text = template("vm")
    assert text.count(_GROUP) == 1
    known: dict[str, str] = {"StorageStack": "flowtally"}
    known |= outputs(cloudformation, "flowtally") | outputs(cloudformation, "flowtally-leases")
    known = declared(text, {**known, **parameters})
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=text.replace(_GROUP, _WAIT),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in known.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    container.write(SCRIPT, _user_data(), mode="700")
    said = container.run("systemd-run", "--wait", "--pipe", "--quiet", SCRIPT, check=False)
    outcome = _outcome(cloudformation, said)
    delete(cloudformation, STACK)
    return outcome, said


def _point_to_engine(container: Container, endpoint_url: str) -> None:
    """Makes the container an EC2 instance as far as the engine can: metadata, role, endpoints."""
    address = endpoint_url.removeprefix("http://")
    container.write("/root/.curlrc", f'connect-to = "169.254.169.254:80:{address}"\n')
    container.write("/root/.aws/config", f"[default]\nec2_metadata_service_endpoint = {endpoint_url}/\n")
    aws = f'#!/bin/sh\nexec /usr/bin/aws --endpoint-url {endpoint_url} "$@"\n'
    container.write("/usr/local/bin/aws", aws, mode="755")
    container.write("/usr/local/bin/sleep", "#!/bin/sh\n", mode="755")  # the engine has metrics at once
    services = f"AWS_ENDPOINT_URL={endpoint_url}\nAWS_EC2_METADATA_SERVICE_ENDPOINT={endpoint_url}/\n"
    container.write("/etc/flowtally/secret.env", services)


def _user_data() -> str:
    """As CloudFormation filled it in."""
    ec2 = client("ec2")
    eventually(lambda: ec2.describe_launch_templates()["LaunchTemplates"], _PATIENCE)
    (template,) = ec2.describe_launch_templates()["LaunchTemplates"]
    versions = ec2.describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"])
    (version,) = versions["LaunchTemplateVersions"]
    return b64decode(version["LaunchTemplateData"]["UserData"]).decode()


def _outcome(cloudformation: Any, said: str) -> str:
    deadline = time.monotonic() + _PATIENCE
    while True:
        status: str = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            return status
        assert time.monotonic() < deadline, (
            f"the stack still waits, {status}, though the script has ended:\n{said}"
        )
        time.sleep(0.1)
