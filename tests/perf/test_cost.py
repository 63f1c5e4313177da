"""The costs in the documentation are those that the script computes, and break-even is where it says."""

import re
from dataclasses import asdict

import pytest

from perf.comparison.run_costs import break_even, verdict, without_waiting
from perf.comparison.targets import Compute
from perf.costs import cost, prices
from perf.costs.cost import SIZES, Work, month, total
from perf.figures import Figures, load
from tests.helpers.alarms import alarms_of
from tests.helpers.project import ROOT


@pytest.mark.parametrize("computed", [cost.figures(), prices.figures()], ids=lambda it: it.name)
def test_the_documented_costs_are_the_computed_ones(computed: Figures) -> None:
    """What is kept in perf/results, from which docs/deploy.md is made, is what the script computes now."""
    assert asdict(load(computed.name)) == asdict(computed)
    assert computed.markdown() in (ROOT / "docs" / "deploy.md").read_text()


def test_a_bill_is_the_sum_of_its_lines() -> None:
    """Each size, on each compute, to the cent that rounding may take from a line."""
    rows = [[float(cell) for cell in row[1:]] for row in cost.figures().rows]
    *shared, functions, verification, all_on_lambda, on_vm, all_on_vm = rows
    for size in range(len(SIZES)):
        data = sum(row[size] for row in shared)
        assert all_on_lambda[size] == pytest.approx(data + functions[size] + verification[size], abs=0.04)
        assert all_on_vm[size] == pytest.approx(data + on_vm[size], abs=0.04)


def test_the_alarms_that_are_counted_are_those_of_the_templates() -> None:
    """And the metrics of our own that come all the time are those that only a reader tells."""
    assert len(alarms_of("storage", "lambda")) == cost.LAMBDA_ALARMS
    assert len(alarms_of("storage", "vm")) == cost.VM_ALARMS
    own = {it["MetricName"] for it in alarms_of("vm").values() if not it["Namespace"].startswith("AWS/")}
    assert len(own) == cost.VM_METRICS


def test_lambda_costs_least_until_there_is_much_work() -> None:
    """At each of the three sizes; the work itself costs the same on both."""
    for branches in SIZES.values():
        costs = month(branches)
        assert total(costs, costs.on_lambda) < total(costs, costs.on_vm)


@pytest.mark.parametrize("lambda_seconds", [7.0, 60.0, 2000.0])
def test_the_break_even_is_where_the_vm_stops_being_dearer(lambda_seconds: float) -> None:
    """Just below it Lambda is cheaper, at it the VM is not dearer."""
    work = Work(lambda_seconds=lambda_seconds, cpu_seconds=2.0)
    files = cost.break_even(work)
    assert files is not None
    below, at = cost.month(files * 0.999, work), cost.month(files * 1.001, work)
    assert below.on_lambda < below.on_vm
    assert at.on_lambda >= at.on_vm or at.machines > below.machines


def test_the_break_even_may_need_more_than_a_machine() -> None:
    """Where one machine is full just before it pays, the second must pay for both."""
    capacity = Work(cpu_seconds=2.0).files_per_machine
    price = (cost.VM_AT_REST - cost.LAMBDA_AT_REST - 0.02) / capacity  # of a file: 2 cents too little
    seconds = (price - Work(lambda_seconds=0).on_lambda - Work().verification) / (
        cost.MEMORY_GB * cost.LAMBDA_GB_SECOND
    )
    work = Work(lambda_seconds=seconds, cpu_seconds=2.0)
    full = cost.month(capacity / cost.DAYS, work)
    assert full.machines == 1
    assert full.on_lambda < full.on_vm
    files = cost.break_even(work)
    assert files is not None
    assert files * cost.DAYS > capacity
    assert cost.month(files, work).on_lambda == pytest.approx(cost.month(files, work).on_vm)


def test_there_may_be_no_break_even() -> None:
    """A machine that does less work than Lambda does for its price never pays, and the report says so."""
    work = Work(lambda_seconds=1.0, cpu_seconds=100.0)
    assert cost.break_even(work) is None
    assert verdict({"lambda": work, "vm": work}, 1e7).startswith("Lambda is cheaper at every load")


def test_a_busy_month_takes_several_machines() -> None:
    """A t4g.small may use a fifth of its two processors all the time."""
    work = Work(cpu_seconds=2.0)
    assert work.files_per_machine == pytest.approx(0.4 * 730 * 3600 / 2)
    assert cost.month(work.files_per_machine / cost.DAYS * 2.5, work).machines == 3
    assert cost.month(0, work).machines == 1


def test_break_even_compares_each_with_its_own_work() -> None:
    """Lambda's seconds and the machine's; the sentence also tells where it were without any waiting."""
    of_lambda, of_vm = Work(lambda_seconds=7, cpu_seconds=1), Work(lambda_seconds=0.1, cpu_seconds=0.5)
    work: dict[Compute, Work] = {"lambda": of_lambda, "vm": of_vm}
    files = break_even(work)
    assert files == cost.break_even(Work(lambda_seconds=7, cpu_seconds=0.5))
    least = break_even(without_waiting(work))
    assert files is not None
    assert least is not None
    assert least > files
    said = [int(number.replace(",", "")) for number in re.findall(r"about ([\d,]+)", verdict(work, 1e7))]
    assert said == [pytest.approx(files, rel=0.05), pytest.approx(least, rel=0.05)]
