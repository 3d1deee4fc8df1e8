"""Results as tables: on the terminal, and in Markdown for the documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.table import Table

from tests.benchmarks.results import Measure, Result


def show(result: Result, console: Console) -> None:
    """Print a result."""
    console.print(f"\n[bold]{result.title}[/bold] {'(quick)' if result.quick else ''}\n{result.about}")
    for measure in result.measures:
        table = Table(title=measure.title, title_justify="left")
        for heading in _headings(measure):
            table.add_column(heading, justify="left" if heading == "" else "right")
        for row in _rows(measure):
            table.add_row(*row)
        console.print(table)
    for line in remarks(result):
        console.print(line)


def markdown(result: Result) -> str:
    """Return a result as a section of a document."""
    lines = [f"## {result.title}", "", result.about, "", _circumstances(result), ""]
    if any(measure.drawn for measure in result.measures):
        lines += [f"![{result.title}]({result.name}.svg)", ""]
    for measure in result.measures:
        headings = _headings(measure)
        lines += [f"**{measure.title}**", "", _line(headings), _line(["---", *["---:"] * (len(headings) - 1)])]
        lines += [*map(_line, _rows(measure)), ""]
    lines += [f"- {line}" for line in remarks(result)]
    return "\n".join(lines).rstrip() + "\n"


def remarks(result: Result) -> Iterator[str]:
    """Yield what has to be said beside the figures."""
    yield from result.remarks
    for name, reason in result.skipped.items():
        yield f"Skipped: {name}: {reason}"
    for name, reason in result.failed.items():
        yield f"Failed: {name}: {reason.splitlines()[0]}"


def _circumstances(result: Result) -> str:
    facts = result.environment
    rounds = max((len(values) for measure in result.measures for values in measure.values.values()), default=0)
    kind = "a quick run" if result.quick else "a full run"
    calm = f"others used {float(str(facts['used_by_others'])):.0%} of it just before"
    noise = f"**The machine was noisy** ({calm}): compare ratios only." if facts["noisy"] else f"Calm: {calm}."
    return (
        f"*{facts['measured_at']}, {kind}, {rounds} round{'s' if rounds != 1 else ''}; {facts['cores']} cores "
        f"({facts['processor']}), {facts['system']}, Python {facts['python']}.* {noise}"
    )


def _headings(measure: Measure) -> list[str]:
    headings = ["", f"median {measure.unit}".strip(), "lowest to highest"]
    return [*headings, f"ratio to {measure.reference}"] if measure.reference is not None else headings


def _rows(measure: Measure) -> Iterator[list[str]]:
    for subject, values in measure.values.items():
        row = [subject, _figure(measure.median(subject)), f"{_figure(min(values))} to {_figure(max(values))}"]
        ratio = measure.ratio(subject)
        if measure.reference is not None:
            row.append("-" if ratio is None else f"{ratio:.2f}")
        yield row


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
