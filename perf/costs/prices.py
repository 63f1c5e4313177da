"""What AWS asks for, in US dollars, in one table: each price with its unit and its source.

    python -m perf.costs.prices        prints the table of docs/deploy.md; --save keeps it for them

AWS's own pages fill their prices in by script and cannot be quoted; so each price, but for
that of an alarm, was compared with lists that others published in 2026. Look there before you rely on one.
"""

from typing import NamedTuple

from clients.queries import stored
from perf.figures import Figures, options_of, publish

REGION = "us-east-1, on demand"
CHECKED = "November 2026"
MILLION = 1e6


class Price(NamedTuple):
    """A price, as AWS states it."""

    name: str
    dollars: float
    per: str
    source: str  # the page of AWS
    units: float = 1  # in what is named in `per`

    @property
    def each(self) -> float:
        """US dollars for one unit."""
        return self.dollars / self.units


_DYNAMODB = "aws.amazon.com/dynamodb/pricing/on-demand"
_S3 = "aws.amazon.com/s3/pricing"
_LAMBDA = "aws.amazon.com/lambda/pricing"
_CLOUDWATCH = "aws.amazon.com/cloudwatch/pricing"
_EC2 = "aws.amazon.com/ec2/pricing/on-demand"

WRITE = Price("DynamoDB write unit", 0.625, "million", _DYNAMODB, MILLION)
READ = Price("DynamoDB read unit", 0.125, "million", _DYNAMODB, MILLION)
STREAM_READ = Price("DynamoDB Streams read (Lambda's are free)", 0.02, "100,000", _DYNAMODB, 100_000)
TABLE_STORAGE = Price("DynamoDB storage", stored.TABLE_STORAGE, "GB and month", _DYNAMODB)
RECOVERY = Price("DynamoDB point-in-time recovery", stored.RECOVERY, "GB and month", _DYNAMODB)
S3_STORAGE = Price("S3 storage, class STANDARD", stored.OBJECT_STORAGE, "GB and month", _S3)
S3_PUT = Price("S3 PUT, COPY or LIST", 0.005, "1,000", _S3, 1000)
S3_GET = Price("S3 GET", 0.0004, "1,000", _S3, 1000)
SQS = Price("SQS request", 0.40, "million", "aws.amazon.com/sqs/pricing", MILLION)
LAMBDA_REQUEST = Price("Lambda request", 0.20, "million", _LAMBDA, MILLION)
LAMBDA_TIME = Price("Lambda duration, arm64", 0.0000133334, "GB-second", _LAMBDA)
LOGS = Price("CloudWatch logs", 0.50, "GB", _CLOUDWATCH)
ALARM = Price("CloudWatch alarm", 0.10, "metric and month", _CLOUDWATCH)
METRIC = Price("CloudWatch metric of one's own", 0.30, "metric and month", _CLOUDWATCH)
METRIC_CALL = Price("CloudWatch PutMetricData", 0.01, "1,000", _CLOUDWATCH, 1000)
DASHBOARD = Price("CloudWatch dashboard", 3.00, "month", _CLOUDWATCH)
MACHINE = Price("t4g.small", 0.0168, "hour", _EC2)
SURCHARGE = Price("T4g beyond its share of the processors", 0.04, "vCPU and hour", _EC2)
ADDRESS = Price("public IPv4 address", 0.005, "hour", "aws.amazon.com/vpc/pricing")
DISK = Price("EBS gp3", 0.08, "GB and month", "aws.amazon.com/ebs/pricing")

PRICES = [it for it in list(globals().values()) if isinstance(it, Price)]


def figures() -> Figures:
    """The table as the docs show it."""
    return Figures(
        name="prices",
        title=f"Prices in US$ ({REGION}), as of {CHECKED}",
        columns=["what", "price", "per", "source"],
        rows=[[it.name, f"{it.dollars:.10f}".rstrip("0"), it.per, it.source] for it in PRICES],
        command="python -m perf.costs.prices",
        environment={},
    )


if __name__ == "__main__":
    publish([figures()], save=options_of("perf.costs.prices", __doc__).parse_args().save)
