"""Lambda for demo, tests and benchmarks: the real template and package on the embedded engine."""

from clients.local_aws.engine import EmbeddedEngine
from cloudformation.deploy import deploy_stack
from cloudformation.package import Target, build_package
from cloudformation.stack import outputs
from cloudformation.templates import declared, template


def deploy_lambda(engine: EmbeddedEngine, storage: str, **settings: str) -> None:
    """Packages the functions for this computer, and deploys them beside a storage stack.

    Args:
        engine: with the storage deployed on it.
        storage: the name of that stack.
        settings: further parameters of the template.

    Raises:
        UsageError: this is a computer that Lambda does not know.
        FlowtallyError: the dependencies could not be fetched.
    """
    target = Target.here()
    package = build_package(target)
    cloudformation = engine.client("cloudformation")
    known = outputs(cloudformation, storage) | settings
    engine.client("s3").put_object(Bucket=known["Bucket"], Key=package.key, Body=package.content)
    known |= {
        "StorageStack": storage,
        "CodeDigest": package.digest,
        "Architecture": target.architecture,
        "Runtime": f"python{target.python}",
    }
    text = template("lambda")
    deploy_stack(cloudformation, f"{storage}-lambda", text, declared(text, known))
