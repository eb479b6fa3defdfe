from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout

import numpy as np
import pytest

from core.io.encoding import store, to_stored
from core.runtime.errors import Cancelled, InputError
from core.runtime.progress import Progress
from core.runtime.threads import BackgroundWriter, Beside, Workers, run_cancellable, usable_cores, wait_for


class Impatient(Progress):
    stop = False

    def cancelled(self) -> bool:
        return self.stop


def test_results_come_in_the_order_of_the_items_whatever_the_threads():
    with Workers(3) as workers:
        assert workers.run(lambda n: n * n, range(50), Progress()) == [n * n for n in range(50)]
    assert usable_cores() >= 1


def test_the_next_result_is_made_while_the_one_before_is_used():
    begun = [threading.Event() for _ in range(4)]

    def work(number):
        begun[number].set()
        return number * number

    with Workers(1) as workers:
        found = []
        for result in workers.ahead(work, range(4), Progress()):
            found.append(result)
            following = len(found)
            assert following == 4 or begun[following].wait(20)
            assert not any(event.is_set() for event in begun[following + 1 :])
        assert found == [0, 1, 4, 9]
        assert list(workers.ahead(work, (), Progress())) == []
        with pytest.raises(IndexError):
            list(workers.ahead(work, [2, 7, 3], Progress()))


def test_what_a_piece_of_work_raises_reaches_the_caller_and_the_rest_is_given_up():
    seen = []

    def work(number):
        seen.append(number)
        if number == 2:
            raise MemoryError("too large")
        time.sleep(0.01)

    with pytest.raises(MemoryError, match="too large"), Workers(1) as workers:
        workers.run(work, range(500), Progress())
    assert len(seen) < 500


def test_a_cancel_does_not_wait_for_all_the_work():
    progress, begun = Impatient(), threading.Event()

    def work(_):
        begun.set()
        time.sleep(0.05)

    def stop():
        begun.wait()
        progress.stop = True

    threading.Thread(target=stop).start()
    started = time.monotonic()
    with pytest.raises(Cancelled), Workers(1) as workers:
        workers.run(work, range(1000), progress)
    assert time.monotonic() - started < 25  # all of it takes 50 s


def test_work_aside_leaves_no_thread_once_it_has_ended():
    before = set(threading.enumerate())
    for number in range(50):
        assert run_cancellable(lambda n=number: n, Progress()) == number
        assert set(threading.enumerate()) <= before

    def fail():
        raise ImportError("no such library")

    with pytest.raises(ImportError, match="no such library"):
        run_cancellable(fail, Progress())
    assert set(threading.enumerate()) <= before


def test_work_that_ends_between_two_looks_is_no_timeout():
    class Late(Future):
        def result(self, timeout=None):
            try:
                return super().result(timeout)
            except FutureTimeout:
                self.set_result("there")  # in the moment in which the wait ended without it
                raise

    class Looks(Progress):
        count = 0

        def cancelled(self) -> bool:
            self.count += 1
            if self.count > 1 and not late.done():
                late.set_result("there")
            return False

    late = Late()
    assert wait_for(late, Looks()) == "there"


def test_a_timeout_of_the_work_itself_comes_up():
    def fail():
        raise FutureTimeout("the server does not answer")

    with pytest.raises(FutureTimeout, match="does not answer"):
        run_cancellable(fail, Progress())


def test_a_cancel_does_not_wait_for_work_aside():
    progress, end = Impatient(), threading.Event()
    progress.stop = True
    with pytest.raises(Cancelled):
        run_cancellable(end.wait, progress)
    end.set()


def test_work_behind_is_done_in_order_and_never_far_behind():
    done, ahead = [], []
    with BackgroundWriter(Progress(), depth=2) as writer:
        for number in range(20):
            writer(lambda n=number: (time.sleep(0.001), done.append(n)))
            ahead.append(number - len(done))
    assert done == list(range(20))
    assert max(ahead) <= 3


def test_a_failure_behind_comes_up_at_the_end_at_the_latest():
    def fail():
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"), BackgroundWriter(Progress()) as writer:
        writer(fail)


def test_a_failure_in_front_waits_for_what_runs_behind():
    done, begun = [], threading.Event()

    def slow():
        begun.set()
        time.sleep(0.05)
        done.append(1)

    def front(writer):
        writer(slow)
        begun.wait()
        raise KeyError("front")

    with pytest.raises(KeyError), BackgroundWriter(Progress()) as writer:
        front(writer)
    assert done == [1]


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32"])
@pytest.mark.parametrize("nodata", [None, 0.0, 17.0])
def test_the_fast_way_stores_what_the_careful_way_does(dtype, nodata):
    rng = np.random.default_rng(0)
    values = (rng.normal(size=(5, 6, 40)) * 30000).astype(np.float32)
    values[0, 0, :4] = 0.2, 17.4, -0.5, 16.5
    expected = to_stored(values, np.ones(values.shape, bool), dtype, nodata)
    found = np.empty(values.shape, dtype)
    store(values.copy(), None, nodata, found)
    np.testing.assert_array_equal(found, expected)


def test_what_is_not_valid_is_stored_as_nodata():
    values = np.array([[[1.4, np.nan], [np.inf, 4.0]]], np.float32)
    found = np.empty(values.shape, np.int16)
    store(values, np.array([[[True, False], [False, False]]]), -9.0, found)
    np.testing.assert_array_equal(found, [[[1, -9], [-9, -9]]])


def test_a_valid_number_that_is_not_finite_is_refused():
    values = np.array([[[1.4, np.nan], [np.inf, 4.0]]], np.float32)
    with pytest.raises(InputError, match="not finite"):
        store(values, None, None, np.empty(values.shape, np.int16))


def test_work_beside_the_caller_is_waited_for_and_its_error_comes_early():
    begun, go_on = threading.Event(), threading.Event()

    def work():
        begun.set()
        assert go_on.wait(60)
        return 7

    with Beside(work, Progress()) as loading:
        assert begun.wait(60)
        loading.check()  # nothing has gone wrong
        go_on.set()
        assert loading.result() == 7

    def fail():
        raise InputError("It cannot be.")

    def go_on_until_it_is_known(loading):
        while True:
            loading.part(0.0, 0.5).check()

    with Beside(fail, Progress()) as loading, pytest.raises(InputError, match="cannot be"):
        go_on_until_it_is_known(loading)


def test_a_job_can_be_stopped_while_it_waits_for_work_beside_it():
    class Stopped(Progress):
        def cancelled(self):
            return True

    go_on = threading.Event()
    with Beside(lambda: go_on.wait(60), Stopped()) as loading:
        with pytest.raises(Cancelled):
            loading.result()
        go_on.set()
