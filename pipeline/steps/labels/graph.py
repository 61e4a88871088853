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


def component_numbers(links: Iterable[Link[Node]]) -> dict[Node, int]:
    """Number the connected components: the number of every node that has a link."""
    components = enumerate(connected_components(links))
    return {node: number for number, nodes in components for node in nodes}


def find_path(
    links: Sequence[Link[Node]], numbers: dict[Node, int], start: Node, goal: Node
) -> list[int]:
    """Find the rows of a shortest path, as `shortest_path`, only where there is one.

    numbers : the `component_numbers` of the links
    """
    joined = start in numbers and numbers[start] == numbers.get(goal)
    return shortest_path(links, start, goal) if joined else []


def shortest_path(links: Sequence[Link[Node]], start: Node, goal: Node) -> list[int]:
    """Find the rows of a shortest path of links between two nodes; empty if there is none."""
    neighbours: dict[Node, list[tuple[int, Node]]] = {}
    for row, a, b in links:
        neighbours.setdefault(a, []).append((row, b))
        neighbours.setdefault(b, []).append((row, a))
    rows: dict[Node, list[int]] = {start: []}
    queue = [start]
    for node in queue:
        for row, other in neighbours.get(node, []):
            if other not in rows:
                rows[other] = [*rows[node], row]
                queue.append(other)
    return rows.get(goal, [])
