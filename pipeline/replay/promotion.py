"""A rebuilt generation becomes the one that readers see, and nothing that was written to the old one is lost.

While the rebuild goes on, live runs go on writing to the live generation. What they wrote is brought over in rounds, each
of which only looks at what was written since the one before. The last round is short, and writers wait while it runs
(``SearchStore.hold_writers``): what they had sent is in it, and what they send after it goes to the new generation.
"""

from dataclasses import dataclass

from pipeline.errors import UsageError
from pipeline.flow import BATCH_SIZE
from pipeline.model.rebuild import Replayed
from pipeline.ports import StoreStatus
from pipeline.replay.parts import Parts
from pipeline.replay.rebuild import Progress, bring_over, keep_promotion, read_rebuild, silent

#: Rounds before writers are held; each is shorter than the one before, unless live runs write faster than we copy.
MAX_ROUNDS = 10
#: A generation that holds less than this share of the live documents is taken for a mistake.
LEAST_SHARE = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """What a promotion did."""

    #: None where nothing was live before, or the generation was live already.
    before: str | None
    #: What it brought over from the live generation.
    report: Replayed


def promote_rebuild(
    generation: str, *, parts: Parts, is_forced: bool = False, on_progress: Progress = silent
) -> Promotion:
    """Bring over what live runs wrote meanwhile, then make the generation live in one step.

    Raises UsageError where the generation lacks more than a tenth of the live documents, unless forced, and where the
    store refuses live documents that it should take over.
    """
    live = next((each for each in parts.store.status() if each.is_live), None)
    if live is None or live.generation == generation:
        parts.store.promote(generation)
        return Promotion(before=None, report=Replayed())
    marks = parts.store.marks()
    report = bring_over(generation, parts=parts, on_progress=on_progress)
    if not is_forced:
        _check(generation, live, report, parts)
    for _ in range(MAX_ROUNDS):
        since, marks = marks, parts.store.marks()
        round_ = bring_over(generation, parts=parts, since=since, on_progress=on_progress)
        report.add(round_)
        if round_.taken <= BATCH_SIZE:
            break
    if rebuild := read_rebuild(generation, parts):  # what was on its way then may have missed them
        parts.apply_decisions(rebuild.begun_at)
    with parts.store.hold_writers():
        report.add(bring_over(generation, parts=parts, since=marks, on_progress=on_progress))
        parts.store.promote(generation)
    keep_promotion(generation, parts)
    parts.correct_documents()
    return Promotion(before=live.generation, report=report)


def _check(generation: str, live: StoreStatus, report: Replayed, parts: Parts) -> None:
    """Compare with the live generation as it was before the first round: what was written since then is yet to come over."""
    if report.refused:
        raise UsageError(
            f"the search store refuses {report.refused} documents of {live.generation} that {generation} lacks; "
            "see the log, or promote without them by --force"
        )
    documents = next(each.documents for each in parts.store.status() if each.generation == generation)
    if documents < LEAST_SHARE * live.documents:
        raise UsageError(
            f"{generation} holds {documents} documents, the live {live.generation} {live.documents}: "
            f"newswire index compare {generation} says what is left out and why; promote it all the same with --force"
        )
