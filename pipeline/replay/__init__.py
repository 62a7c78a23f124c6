"""Everything right of the archive, again: captures to documents in a rebuilt generation, without the network.

    begin_rebuild      rebuild      an empty generation beside the live one
    replay_interval    captures     captures of the interval ─► documents, extracted and annotated anew
    bring_over         rebuild      all other live documents, as they are: the generation can stand in for the live one
    compare_rebuild    comparison   what differs, field by field, from the live one
    promote_rebuild    promotion    what live runs wrote meanwhile, then the alias moves

The ledger is only read, but for the texts by which reprints are found: a replay changes what the index says of an
article, never how its URL ended. Which capture speaks for an article is the ledger's knowledge: the newest one whose
content was new. What the code of today no longer takes for an article is left out, and counted with its reason.
"""
