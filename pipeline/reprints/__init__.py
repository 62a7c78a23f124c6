"""Reprints: which article a text was taken from, how similar the two are, and how much of it is its own.

    fingerprints   a text ─► the few hashes that find its copies, and the sketch that tells how much they share
    originals      an article and its candidates ─► its original, or none
    printings      a batch's documents ─► what is remembered of their texts

What is remembered of each text lies in the ledger (adapters/sql_printings.py), for all batches and processes.
"""
