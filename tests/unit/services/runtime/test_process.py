"""What goes on beside a service's own work, and what becomes of the process when that ends."""

import asyncio

import pytest
from structlog.testing import capture_logs

from usecase_runtime.process import background, run_process
from usecase_runtime.settings import BadVariable, RuntimeSettings


async def for_ever() -> None:
    await asyncio.Event().wait()


async def failing() -> None:
    raise ValueError("the disk is full")


async def cancelled_by_nobody_of_ours() -> None:
    driver = asyncio.get_running_loop().create_future()
    driver.cancel()
    await driver


async def over_at_once() -> None:
    pass


@pytest.mark.parametrize("work", [failing, cancelled_by_nobody_of_ours])
async def test_a_process_that_lost_a_part_of_its_work_ends_and_says_why(work: object) -> None:
    stop = asyncio.Event()
    assert callable(work)

    async def run() -> None:
        async with background(stop, for_ever(), work()):
            await stop.wait()

    with capture_logs() as lines, pytest.raises(RuntimeError, match="work in the background failed") as ended:
        async with asyncio.timeout(5):
            await run()
    assert isinstance(ended.value.__cause__, ValueError | asyncio.CancelledError)
    assert [(line["log_level"], line["work"]) for line in lines] == [("error", work.__name__)]


async def test_work_ends_with_the_body_and_that_is_no_failure() -> None:
    stop = asyncio.Event()
    async with background(stop, for_ever(), for_ever()) as works:
        await asyncio.sleep(0)
        assert not any(work.done() for work in works)
    assert all(work.done() for work in works)
    assert not stop.is_set()


async def test_work_that_is_done_stops_nobody() -> None:
    stop = asyncio.Event()
    async with background(stop, over_at_once()) as (work,):
        await work
    assert not stop.is_set()


async def test_a_body_that_fails_ends_the_work_and_says_so_itself() -> None:
    with pytest.raises(OSError, match="port"):
        async with background(asyncio.Event(), for_ever()):
            raise OSError("the port is taken")


def test_a_variable_that_only_a_driver_understands_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    async def run(_settings: RuntimeSettings) -> None:
        raise BadVariable("MONGODB_URL", "the driver refuses it")

    with pytest.raises(SystemExit) as ended:
        run_process("test", RuntimeSettings, run)
    assert (ended.value.code, capsys.readouterr().err) == (2, "MONGODB_URL: the driver refuses it\n")
