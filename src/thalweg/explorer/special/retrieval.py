"""Hopfield retrieval: draw or corrupt a pattern, watch it settle, its energy falling."""

from thalweg.explorer.special.subject import Choice, Dial, Subject

# The letters of the library's name, nine squares across and eleven down.
_LETTERS = {
    "T": "#########/#########/...###.../...###.../...###.../...###.../...###.../...###..."
    "/...###.../...###.../...###...",
    "H": "##.....##/##.....##/##.....##/##.....##/#########/#########/##.....##/##.....##"
    "/##.....##/##.....##/##.....##",
    "A": "....#..../...###.../..##.##../.##...##./##.....##/##.....##/#########/#########"
    "/##.....##/##.....##/##.....##",
    "L": "##......./##......./##......./##......./##......./##......./##......./##......."
    "/##......./#########/#########",
    "W": "##.....##/##.....##/##.....##/##.....##/##..#..##/##.###.##/##.###.##/####.####"
    "/###...###/###...###/##.....##",
    "E": "#########/#########/##......./##......./######.../######.../##......./##......."
    "/##......./#########/#########",
    "G": ".#######./#########/##......./##......./##......./##...####/##...####/##.....##"
    "/##.....##/#########/.#######.",
}


def patterns() -> dict[str, list[int]]:
    """The stored patterns by their names, rows of ±1 one after the other."""
    return {
        name: [1 if square == "#" else -1 for square in text.replace("/", "")]
        for name, text in _LETTERS.items()
    }


def subject() -> Subject:
    """Data of the page about retrieval, of `models.hopfield`."""
    found = patterns()
    rows = next(iter(_LETTERS.values())).split("/")
    return Subject(
        "hopfield-retrieval",
        "Retrieval in a Hopfield network",
        "A network of spins goes down its energy to a pattern that it has stored.",
        "The state of the network",
        "Draw on the state, or corrupt it, then let it settle: a spin that is against its field, "
        "its entry of Wx, turns, until there is none. Turning one at a time never raises "
        "E(x) = −½ xᵀWx. Keys: arrows move a frame, Space turns a spin, Enter settles.",
        "hopfield",
        (
            Dial("patterns", "patterns stored", 4, 1, len(found), 1, len(found), is_whole=True),
            Dial("noise", "share turned at the start", 0.2, 0.0, 0.5, least=0.0, most=1.0),
            Dial("seed", "seed", 0, 0, 50, least=0, most=1_000_000, is_whole=True),
        ),
        (
            Choice("cue", "begins from", "T", tuple((name, name) for name in found)),
            Choice(
                "rule",
                "stored by",
                "projection",
                (
                    ("projection", "the pseudo-inverse"),
                    ("storkey", "Storkey’s rule"),
                    ("hebb", "Hebb’s rule"),
                ),
            ),
            Choice(
                "update",
                "spins turn",
                "random",
                (
                    ("random", "one by one, at random"),
                    ("sequential", "one by one, in order"),
                    ("synchronous", "all at once"),
                ),
            ),
        ),
        {
            "columns": len(rows[0]),
            "rows": len(rows),
            "names": list(found),
            "patterns": list(found.values()),
        },
    )
