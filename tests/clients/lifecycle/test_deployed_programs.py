"""What functions run is what `flowtally deploy` built, whoever else may write to the bucket."""

from base64 import b64decode
from collections.abc import Iterator

from clients.local_aws.engine import EmbeddedEngine
from cloudformation.package import Target
from models.deployment import Deployment
from tests.helpers.deployed import client, keys, upload
from tests.helpers.packages import built, planted
from tests.helpers.program import Run, done

HERE = Target.here()
FOR_HERE = ("--set", f"Architecture={HERE.architecture}", "--set", f"Runtime=python{HERE.python}")
PLANTED = planted("handlers/summarize.py", "def handler(event, context): ...")


def test_what_lies_in_the_bucket_already_is_not_what_runs(run_here: Run, place: EmbeddedEngine) -> None:
    """A program that somebody put where the package of the functions comes to lie is replaced by it."""
    done(run_here("deploy", "--yes", "--compute", "none"))
    deployment = Deployment.from_stack(place.client("cloudformation"), "flowtally")
    upload(deployment, built(HERE).key, PLANTED)
    done(run_here("deploy", "--yes", "--compute", "lambda", *FOR_HERE))
    (key,) = keys(deployment, "code/")
    assert client("s3").get_object(Bucket=deployment.bucket, Key=key)["Body"].read() == built(HERE).content
    assert set(running_programs()) == {built(HERE).digest}


def test_a_function_that_runs_another_program_is_told(run_here: Run, place: EmbeddedEngine) -> None:
    """Each deployment compares them with what it built, and says how to get rid of it; that does."""
    done(run_here("deploy", "--yes", *FOR_HERE))
    client("lambda").update_function_code(FunctionName="flowtally-consolidate", ZipFile=PLANTED)
    told = run_here("deploy", "--yes")
    assert told.returncode == 1
    assert "Error: function flowtally-consolidate: it runs another program" in told.stderr
    assert "run `flowtally deploy --compute none`, then deploy." in told.stderr
    done(run_here("deploy", "--yes", "--compute", "none"))
    done(run_here("deploy", "--yes", "--compute", "lambda", *FOR_HERE))
    assert set(running_programs()) == {built(HERE).digest}


def running_programs() -> Iterator[str]:
    """SHA-256 of what each function runs."""
    for function in client("lambda").list_functions()["Functions"]:
        yield b64decode(function["CodeSha256"]).hex()
