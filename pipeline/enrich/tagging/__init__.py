"""Our own English tagger, on top of the vectors that a spaCy model gives each token in its context.

    features.py   a text's tokens ─► what is known of each, by name: the word, its neighbours, its run of capitals, its document
    lexicon.py    what a word is known for: its vector, how common it is as a given name or surname
    phrases.py    names of several words that news never explains
    network.py    features, vectors ─► scores of labels; its weights are fitted by benchmarks/fit_tagger.py
    decoding.py   scores ─► the best sequence of labels ─► spans

A text is tagged as a whole: all mentions of a word in it are evidence for each. The model's own step that finds names is not
used: measured, its labels added nothing to the vectors that it finds them from, and it costs half of the model's time.
"""
