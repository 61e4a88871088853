"""`tailprint leaderboard`."""

EXAMPLES = ["tailprint leaderboard"]


def main() -> None:
    """Print the local leaderboard and extend its history.

    One row per ensemble: held-out scores from its score card and, if the competition comes with a
    solution, public and private ones, by what submission.format is scored by; the gain in MAP@5
    over the ensemble's previous row on the same queries, and the parameters that changed. New rows
    are added to submissions/leaderboard.csv, and submissions/leaderboard.html shows them all.
    Nothing is fitted here.
    """
    from pipeline import params, paths
    from pipeline.leaderboard import history
    from pipeline.leaderboard.update import PAGE, update_leaderboard

    table = update_leaderboard(params.load())
    columns = ["ensemble", "held_out_map5", *history.CARD[1:], *history.HIDDEN]
    if (table["measure"] != "map5").any():
        columns[1:1] = history.OWN
    print(table[columns].to_string(index=False, na_rep="none"))
    print(f"\nsubmissions: {', '.join(str(paths.submission(name)) for name in table['ensemble'])}")
    print(f"history: {paths.LEADERBOARD}, {PAGE}")
