"""Which trials of a length a summary counts: all that were planned, or the fewer behind a length that failed."""


def is_kept(trial, count, depths):
    """Whether `trial` is one of `count` that lie over the depths as evenly as they can: evals/depths.h."""
    (turn, index), (turns, rest) = divmod(trial, depths), divmod(count, depths)
    if turn != turns:
        return turn < turns
    return (index + 1) * rest // depths > index * rest // depths


def of_length(asked, length):
    return asked["trials"].get(str(length), 0)


def trials(asked, line):
    """Numbers of the trials that a line of summary.csv, of all bands, states: answered or missing."""
    count = int(line.n + line.missing)
    return {trial for trial in range(of_length(asked, line.length)) if is_kept(trial, count, asked["depths"])}


def is_cut(asked, line):
    """Whether a line states fewer trials than were planned: it stands behind a length shown to fail."""
    return line.n + line.missing < of_length(asked, line.length)


def lines(run):
    """(protocol, method, length) -> the line of summary.csv, of all bands."""
    every = run.summary[run.summary["band"] == "all"]
    return {(line.protocol, line.method, line.length): line for line in every.itertuples()}
