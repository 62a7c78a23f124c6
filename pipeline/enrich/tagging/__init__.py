"""Our own English tagger, on top of a spaCy model's: what it finds, and the evidence that it does not use.

    features.py   a text's tokens, and the spans of the model below ─► what is known of each token, by name
    lexicon.py    what a word is known for: its vector, how common it is as a given name or surname
    network.py    features, vectors ─► scores of labels; its weights are fitted by benchmarks/fit_tagger.py
    decoding.py   scores ─► the best sequence of labels ─► spans

A text is tagged as a whole: all mentions of a name in it vote.
"""
