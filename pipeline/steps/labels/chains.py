"""Chains of links: which nodes hang together, and by which links two of them do."""

from collections.abc import Hashable, Iterable

Link = tuple[int, Hashable, Hashable]  # the row that makes it, and the two nodes


def connected(links: Iterable[Link]) -> list[list[Hashable]]:
    """The nodes that hang together, in the order of their first link."""
    chain: dict[Hashable, list[Hashable]] = {}
    for _, a, b in links:
        first, second = chain.setdefault(a, [a]), chain.setdefault(b, [b])
        if first is not second:
            first += second
            chain.update(dict.fromkeys(second, first))
    return list({id(nodes): nodes for nodes in chain.values()}.values())


def path(links: list[Link], start: Hashable, goal: Hashable) -> list[int]:
    """The rows of a shortest chain of links between two nodes; empty where there is none."""
    rows = {start: []}
    queue = [start]
    for node in queue:
        for row, a, b in links:
            other = b if a == node else a if b == node else None
            if other is not None and other not in rows:
                rows[other] = [*rows[node], row]
                queue.append(other)
    return rows.get(goal, [])
