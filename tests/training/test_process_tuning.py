"""What a training process sets for itself, seen in processes of its own."""

import subprocess
import sys

import pytest
import torch

from rhm_sweeps.training.process_tuning import tune_process

FAULTS = """
import resource, sys
import torch
from rhm_sweeps.training.process_tuning import tune_process

def fill():
    return [torch.ones(2**20) for _ in range(8)]

if sys.argv[1] == "tuned":
    tune_process()
fill(), fill()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    fill()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before, torch.get_num_threads())
"""


def _faults_and_threads(kind):
    output = subprocess.run([sys.executable, "-c", FAULTS, kind], capture_output=True, text=True, check=True).stdout
    return [int(number) for number in output.split()]


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_freed_memory_is_kept_for_the_next_step():
    tuned, threads = _faults_and_threads("tuned")
    assert threads == 1
    assert 10 * tuned < _faults_and_threads("as it is")[0]


def test_it_may_be_called_twice():
    tune_process()
    tune_process()
    assert torch.get_num_threads() == 1
