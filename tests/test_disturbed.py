"""Other work beside a race: it runs while the race does, and no longer."""

import subprocess
import sys

import psutil

from scripts._race import disturbed
from scripts._race.disturbed import busy_processors


def test_processors_are_busy_during_the_block_alone():
    before = psutil.Process().children()
    with busy_processors(2):
        own = [each for each in psutil.Process().children() if each not in before]
        assert len(own) == 2
        for each in own:
            assert each.status() in (psutil.STATUS_RUNNING, psutil.STATUS_SLEEPING)
    assert not any(each.is_running() for each in own)


def test_the_work_ends_when_the_race_is_killed():
    """Its input ends then, which it reads beside the work."""
    process = subprocess.Popen([sys.executable, "-c", disturbed._BUSY], stdin=subprocess.PIPE)
    process.stdin.close()
    assert process.wait(20) == 0
