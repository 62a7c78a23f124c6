"""How alike other libraries find pairs of names: JSON lines in, one answer out, in the environment of the peers.

Run by entities_names.py as ``python name_peers.py``; it knows nothing of Newswire.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence

Pair = tuple[str, str]
Scorer = Callable[[str, str], float]


def nomenklatura(algorithm: str) -> Scorer:
    """Return a matcher of nomenklatura over two people who have nothing but a name."""
    from followthemoney import model  # noqa: PLC0415 - peers' environment alone has it
    from nomenklatura.matching import get_algorithm  # noqa: PLC0415

    matcher = get_algorithm(algorithm)
    settings = matcher.default_config()

    def score(one: str, other: str) -> float:
        people = []
        for key, name in (("one", one), ("other", other)):
            person = model.make_entity("Person")
            person.id = key
            person.add("name", name)
            people.append(person)
        return float(matcher.compare(*people, settings).score)

    return score


def rapidfuzz() -> Scorer:
    """Return the usual home-made way: words in order, transliterated, by edit distance."""
    from rapidfuzz.fuzz import token_sort_ratio  # noqa: PLC0415
    from rigour.text.translit import ascii_text  # noqa: PLC0415

    def score(one: str, other: str) -> float:
        return float(token_sort_ratio(ascii_text(one).lower(), ascii_text(other).lower())) / 100

    return score


PEERS: dict[str, Callable[[], Scorer]] = {
    "nomenklatura name-based": lambda: nomenklatura("name-based"),
    "nomenklatura logic-v1": lambda: nomenklatura("logic-v1"),
    "nomenklatura logic-v2": lambda: nomenklatura("logic-v2"),
    "rapidfuzz, transliterated": rapidfuzz,
}


def measure(load: Callable[[], Scorer], pairs: Sequence[Pair]) -> dict[str, object]:
    """Return the score of each pair and the CPU microseconds that one took, warm."""
    score = load()
    score(*pairs[0])  # what loads at first use
    started = time.process_time()
    scores = [score(*pair) for pair in pairs]
    return {"scores": scores, "microseconds": (time.process_time() - started) / len(pairs) * 1e6}


if __name__ == "__main__":
    asked = [tuple(json.loads(line)) for line in sys.stdin]
    print(json.dumps({name: measure(load, asked) for name, load in PEERS.items()}))
