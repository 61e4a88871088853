"""A graph of links between photographs or identities: its components and shortest paths."""

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)

Link = tuple[int, Node, Node]  # a row of data/review.csv and the two nodes that it links


def connected_components(links: Iterable[Link[Node]]) -> list[list[Node]]:
    """Find the connected components, each a list of nodes, in the order of their first link."""
    component: dict[Node, list[Node]] = {}
    for _, a, b in links:
        first, second = component.setdefault(a, [a]), component.setdefault(b, [b])
        if first is not second:
            first += second
            component.update(dict.fromkeys(second, first))
    return list({id(nodes): nodes for nodes in component.values()}.values())


def shortest_path(links: Sequence[Link[Node]], start: Node, goal: Node) -> list[int]:
    """Find the rows of a shortest path of links between two nodes; empty if there is none."""
    rows: dict[Node, list[int]] = {start: []}
    queue = [start]
    for node in queue:
        for row, a, b in links:
            other = b if a == node else a if b == node else None
            if other is not None and other not in rows:
                rows[other] = [*rows[node], row]
                queue.append(other)
    return rows.get(goal, [])
