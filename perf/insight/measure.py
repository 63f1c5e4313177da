"""Measures how well findings tell what happened: precision and recall on stories with their truth.

    python -m perf.insight.measure [--seeds 20] [--tuning] [--save]

A finding is right if there is a story of its kind about its pair or device within a day, and no other finding
told it. The thresholds were chosen on the seeds of `--tuning`, and are measured on others, never looked at.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import click

from clients.insight.detector import Detector
from clients.insight.findings import Finding
from perf.data.stories import KINDS, Month, Story, matches, tell
from perf.figures import Figures, versions
from perf.insight.baselines import BASELINES, Baseline, findings_of

SEEDS, MEASURING, TUNING = 20, 500, 1000
OURS = "flowtally"


@dataclass
class Score:
    """How many findings were right, wrong, and how many stories were missed, by kind."""

    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)

    def add(self, month: Month, findings: Sequence[Finding]) -> list[str]:
        """Counts what was found in a month; gives what was wrong in words."""
        left = list(month.stories)
        mistakes = []
        for finding in findings:
            story = next((s for s in left if matches(s, finding.kind, finding.subject, finding.day)), None)
            if story:
                left.remove(story)
                self.right[finding.kind] += 1
            else:
                self.wrong[finding.kind] += 1
                mistakes.append(f"wrong: {finding}")
        self.missed.update(story.kind for story in left)
        return mistakes + [f"missed: {_in_short(story)}" for story in left]

    def precision(self, *kinds: str) -> float:
        """The share of findings that are right."""
        return _share(sum(self.right[k] for k in kinds), sum(self.wrong[k] for k in kinds))

    def recall(self, *kinds: str) -> float:
        """The share of stories that are found."""
        return _share(sum(self.right[k] for k in kinds), sum(self.missed[k] for k in kinds))


def detect(month: Month) -> list[Finding]:
    """What flowtally finds in a month."""
    detector = Detector()
    for pair, history in month.histories.items():
        detector.take(pair, history)
    return detector.findings()


def measure(
    seeds: Sequence[int], *, baselines: Sequence[Baseline] = BASELINES, explain: bool = False
) -> dict[str, Score]:
    """The scores of flowtally and of the baselines, in the same run."""
    scores = {OURS: Score(), **{baseline.name: Score() for baseline in baselines}}
    for seed in seeds:
        month = tell(seed)
        mistakes = scores[OURS].add(month, detect(month))
        if explain:
            print(*(f"seed {seed}, {mistake}" for mistake in mistakes), sep="\n")
        for baseline in baselines:
            scores[baseline.name].add(month, findings_of(baseline, month.histories))
    return scores


def figures_of(scores: dict[str, Score], seeds: Sequence[int]) -> Figures:
    """Precision and recall of each kind and method."""
    ours = scores[OURS]
    rows = [
        [kind, str(ours.right[kind] + ours.missed[kind]), *(_cell(score, kind) for score in scores.values())]
        for kind in KINDS
    ]
    stories = sum(ours.right.values()) + sum(ours.missed.values())
    rows.append(["**all**", str(stories), *(f"**{_cell(score, *KINDS)}**" for score in scores.values())])
    return Figures(
        "insight",
        f"Precision / recall over {len(seeds)} months of 60 days",
        ["kind", "stories", *scores],
        rows,
        "python -m perf.insight.measure",
        versions("statsmodels"),
        remarks=[
            f"Seeds {seeds[0]} to {seeds[-1]}; the thresholds were chosen on seeds from {TUNING} on. "
            "A finding is right if it has a story's kind and pair or device, within a day, and is the first."
        ],
    )


def _cell(score: Score, *kinds: str) -> str:
    return f"{score.precision(*kinds):.3f} / {score.recall(*kinds):.3f}"


def _share(part: int, rest: int) -> float:
    return part / (part + rest) if part else 0.0


def _in_short(story: Story) -> str:
    return f"{story.kind} of {min(story.subjects)} on {story.day}, {story.size:.3g}"


@click.command()
@click.option("--seeds", default=SEEDS, show_default=True, help="How many months.")
@click.option("--tuning", is_flag=True, help="Use the seeds on which thresholds are chosen, and explain.")
@click.option("--explain", is_flag=True, help="Print every mistake.")
@click.option("--save", is_flag=True, help="Keep the figures for the docs.")
def main(seeds: int, tuning: bool, explain: bool, save: bool) -> None:
    """Measure precision and recall of findings on made-up months, beside three baselines."""
    first = TUNING if tuning else MEASURING
    chosen = range(first, first + seeds)
    figures = figures_of(measure(chosen, explain=tuning or explain), chosen)
    figures.show()
    if save:
        print(figures.save())


if __name__ == "__main__":
    main(prog_name="python -m perf.insight.measure")
