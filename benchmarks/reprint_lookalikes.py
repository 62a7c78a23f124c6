"""Reports made from templates, as weather services, agencies and exchanges send them: alike, but no reprints of each other."""

import random
from collections.abc import Iterator, Sequence

TOWNS = (
    "Aldermere",
    "Brackley",
    "Corran",
    "Dunvale",
    "Eastholm",
    "Farrow",
    "Glenside",
    "Harwick",
    "Inverley",
    "Keswold",
)
PEOPLE = ("Anna Reyes", "Tomas Lind", "Mireille Okafor", "Jon Pardew", "Leila Haddad", "Piotr Sand", "Ruth Calder")
FIRMS = ("Norvane", "Helix Freight", "Castellan Foods", "Oriel Energy", "Blue Fjord", "Tessera Bank", "Quantel Mills")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
SKIES = (
    "mostly dry with long sunny spells",
    "cloudy with outbreaks of rain",
    "bright at first, then showery",
    "foggy early on",
)
WINDS = ("light southerly", "fresh westerly", "strong north-westerly", "gentle easterly")

WEATHER = (
    "The weather in {town} will be {sky} on {day}, with highs of around {n} degrees.",
    "Overnight temperatures are expected to fall to {n} degrees in sheltered places.",
    "Winds will be {wind}, gusting up to {n} kilometres per hour along the coast.",
    "There is a {n} per cent chance of rain in the morning and a {m} per cent chance in the evening.",
    "In {town2} it will be {sky2}, and the mercury will reach {m} degrees by mid-afternoon.",
    "Sunrise is at {h}:{mm} and sunset at {h2}:{mm2}.",
    "The forecasters have issued {warning} for the area.",
    "On {day2} it will turn {sky2}, with temperatures between {n} and {m} degrees.",
    "The pollen count is {level} and the air quality is {level2} throughout the region.",
    "The outlook for the weekend is {sky}, with winds from the {side}.",
)
SPORTS = (
    "{town} beat {town2} {n}-{m} on {day} in front of {crowd} spectators.",
    "{person} opened the scoring in the {n}th minute after a pass from {person2}.",
    "{town2} equalised through {person3} just before half-time.",
    "The home side had {n} shots on goal to the visitors' {m}, and {m} corners to {n}.",
    "{person2} was shown a yellow card in the {m}th minute for a late tackle on {person}.",
    "Substitute {person4} made it {n}-{m} with {h} minutes to play.",
    "The result leaves {town} in {h}th place with {mm} points from {n} games.",
    "{town2} remain {level} and have won {n} of their last {m} away matches.",
    "{town} travel to {town3} next {day2}, while {town2} host {town4}.",
    "The referee added {n} minutes of stoppage time at the end of the match.",
)
MARKETS = (
    "{firm} on {day} reported a profit of {n}.{m} million for its {level} quarter.",
    "The {town}-based company said it had net income of {n} cents per share.",
    "Earnings, adjusted for one-time costs, were {m} cents per share.",
    "The results {verdict} the expectations of {n} analysts, who had forecast {m} cents on average.",
    "Revenue came to {n}.{mm} million in the period, {verdict2} forecasts of {m}.{mm2} million.",
    "For the full year, {firm} expects revenue in the range of {n} million to {m} million.",
    "Shares in {firm} have {moved} {n} per cent since the beginning of the year.",
    "In the final minutes of trading on {day}, they stood at {m}.{mm}, {moved2} {n} per cent in twelve months.",
    "Chief executive {person} said that demand in {town2} had been {level2}.",
    "The index of the {n} largest companies closed {moved} by {m}.{mm} points at {crowd}.",
)

TEMPLATES = {"weather": WEATHER, "sports": SPORTS, "markets": MARKETS}


def make_reports(templates: Sequence[str], count: int, *, seed: int) -> Iterator[str]:
    """Yield reports of one template, each with facts of its own; a report leaves two of the sentences out."""
    chance = random.Random(seed)
    for _ in range(count):
        left_out = set(chance.sample(range(1, len(templates)), 2))
        kept = [template for number, template in enumerate(templates) if number not in left_out]
        yield " ".join(template.format(**_facts(chance)) for template in kept)


def _facts(chance: random.Random) -> dict[str, object]:
    towns, people = chance.sample(TOWNS, 4), chance.sample(PEOPLE, 4)
    return {
        **dict(zip(("town", "town2", "town3", "town4"), towns, strict=True)),
        **dict(zip(("person", "person2", "person3", "person4"), people, strict=True)),
        "firm": chance.choice(FIRMS),
        **dict(zip(("day", "day2"), chance.sample(DAYS, 2), strict=True)),
        **dict(zip(("sky", "sky2"), chance.sample(SKIES, 2), strict=True)),
        "wind": chance.choice(WINDS),
        "warning": chance.choice(
            ("no warnings", "a yellow warning of wind", "a yellow warning of ice", "a flood alert")
        ),
        "side": chance.choice(("north", "south", "east", "west")),
        **dict(
            zip(("level", "level2"), chance.sample(("low", "moderate", "third", "high", "unbeaten"), 2), strict=True)
        ),
        "verdict": chance.choice(("met", "beat", "missed")),
        "verdict2": chance.choice(("above", "below", "in line with")),
        **dict(zip(("moved", "moved2"), chance.sample(("risen", "fallen", "up", "down"), 2), strict=True)),
        "crowd": chance.randint(1_000, 40_000),
        **{name: chance.randint(2, 40) for name in ("n", "m")},
        **{name: chance.randint(4, 19) for name in ("h", "h2")},
        **{name: chance.randint(10, 59) for name in ("mm", "mm2")},
    }
