"""Nothing is lost though everything is killed: benchmarks/chaos.py in small, on the stack that is there."""

import pytest

from examples.chaos import VICTIMS, Trial, run_trial
from examples.stack import Stack

#: Two of the victims a seed.
DEATHS = {1: VICTIMS[:2], 2: VICTIMS[2:4], 3: VICTIMS[4:]}


@pytest.mark.parametrize("seed", DEATHS)
def test_every_address_has_the_fate_that_the_web_s_script_says(stack: Stack, seed: int) -> None:
    stack.unpause("ingest")
    trial = Trial(seed=seed, urls=300, hosts=12, victims=DEATHS[seed], patience=900)
    sums = run_trial(stack, trial)
    assert sums.wrong == []
    assert sum(len(each.split("+")) for each in sums.killed) == len(DEATHS[seed])
    assert sum(sums.fates.values()) == 300
