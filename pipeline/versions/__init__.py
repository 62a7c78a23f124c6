"""Versions: what an article said before it was changed, and what the change was.

difference   two forms of a document ─► words added and removed, headline, date, names and quotations
editions     a document's versions ─► what a history shows of each
data/        how editors say in each language that a text was corrected
"""
